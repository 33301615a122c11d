using System.Text.RegularExpressions;
using Cote.Http;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace Cote.Tests.Http;

/// <summary>What a key needs for each route: the routes, their description, the page and real requests agree.</summary>
public sealed partial class KeyTableTests(SharedApp shared)
{
    const string Never = "no key";
    const string Any = "any key";
    const string Ids = "0190a0b0-0000-7000-8000-000000000001";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task The_page_says_of_every_route_what_its_description_says()
    {
        using var nobody = _app.Anonymous();
        var described = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in (await nobody.GetAsync("/openapi.json")).Ok().Json.GetProperty("paths").EnumerateObject())
            foreach (var operation in path.Value.EnumerateObject().Where(x => x.Name != "parameters"))
            {
                var isOpen = operation.Value.GetProperty("security").GetArrayLength() == 0;
                if (operation.Value.TryGetProperty("x-key-scopes", out var scopes))
                    described[$"{operation.Name.ToUpperInvariant()} {path.Name}"] =
                        NeedOf([.. scopes.EnumerateArray().Select(x => x.GetString()!)]);
                else if (operation.Value.TryGetProperty("x-key-scopes-by-body", out scopes))
                    described[$"{operation.Name.ToUpperInvariant()} {path.Name}"] =
                        string.Join(" or ", scopes.EnumerateArray().Select(x => x.GetString()!));
                else if (!isOpen)
                    described[$"{operation.Name.ToUpperInvariant()} {path.Name}"] = Never;
            }

        described.Count.ShouldBeGreaterThan(50);
        Page().ShouldBe(described);
    }

    [Fact]
    public async Task A_key_passes_with_what_the_page_says_and_not_with_all_else()
    {
        using var ada = await _app.RegisterAsync();
        string[] all = [KeyScopes.Read, KeyScopes.Write, KeyScopes.Approve, KeyScopes.V1];
        var keys = new Dictionary<string, string>();
        foreach (var scopes in all.Select(x => all.Except([x])).Append(all).Concat(all.Select(x => new[] { x }))
            .Append([KeyScopes.Read, KeyScopes.Write]).Select(x => x.ToArray()))
            keys[string.Join(' ', scopes)] = (await ada.CreateKeyAsync(scopes)).Key;
        var page = Page();
        var asked = 0;

        foreach (var endpoint in _app.Endpoints.Where(x => page.ContainsKey(NameOf(x))))
        {
            var need = page[NameOf(endpoint)];
            if (endpoint.Metadata.GetMetadata<KeyAccess>() is { HandlerChecks: true })
                continue; // what it finds decides: tests of their own
            foreach (var (scopes, key) in keys)
            {
                using var robot = _app.Anonymous();
                robot.Token = key;
                var answer = await robot.SendAsync(
                    new(NameOf(endpoint).Split(' ')[0]), PathOf(endpoint), "{}");
                var passes = need == Any || need != Never
                    && need.Split(" and ").All(scopes.Split(' ').Contains);
                (answer.Status == 403).ShouldBe(!passes, $"{NameOf(endpoint)} with {scopes}: {answer.Text}");
                if (!passes && answer.Text.Length > 0 && !PathOf(endpoint).StartsWith("/v1/"))
                    answer.ErrorCode.ShouldBe("insufficient_scope");
                asked++;
            }
        }

        asked.ShouldBeGreaterThan(400);
        (await ada.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public void A_route_says_by_itself_what_is_checked()
    {
        foreach (var endpoint in _app.Endpoints)
            if (endpoint.Metadata.GetMetadata<KeyAccess>() is { } access)
                access.Scopes.Except(KeyScopes.All).ShouldBeEmpty(endpoint.DisplayName);
        _app.Endpoints.Count(x => x.Metadata.GetMetadata<KeyAccess>() is { HandlerChecks: true }).ShouldBe(2);
    }

    [Fact]
    public async Task A_login_does_not_look_at_the_header()
    {
        using var ada = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("v1");
        var form = new FormUrlEncodedContent([new("username", ada.Username), new("password", ada.Password)]);

        (await robot.SendAsync(HttpMethod.Post, "/token", change: x => x.Content = form)).Ok();
        (await robot.GetAsync("/limits")).Ok();
        (await robot.GetAsync("/health/ready")).Ok();
    }

    // Rows of docs/api.md: | `read` and `write` | `GET /a`, `POST /b` |
    static SortedDictionary<string, string> Page()
    {
        var text = File.ReadAllText(Repository.Path("docs/api.md"));
        var table = text[text.IndexOf("| A key needs |", StringComparison.Ordinal)..];
        var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in table.Split('\n').Skip(2).TakeWhile(x => x.StartsWith('|')))
            foreach (Match route in Route().Matches(row.Split('|')[2]))
                rows.Add(route.Groups[1].Value, row.Split('|')[1].Trim().Replace("`", ""));
        return rows;
    }

    static string NeedOf(string[] scopes) => scopes.Length == 0 ? Any : string.Join(" and ", scopes);

    static string NameOf(RouteEndpoint endpoint) =>
        $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Single()} "
        + Parameter().Replace("/" + endpoint.RoutePattern.RawText!.Replace("{**", "{").Trim('/'),
            x => "{" + System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(x.Groups[1].Value) + "}");

    static string PathOf(RouteEndpoint endpoint) =>
        Parameter().Replace(endpoint.RoutePattern.RawText!.Replace("{**", "{"), Ids) + "?wait=0";

    [GeneratedRegex("`([A-Z]+ /[^`]*)`")]
    private static partial Regex Route();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();
}
