using Cote.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

public sealed partial class ApiKeyTests(SharedApp shared)
{
    const string Unknown = "/api-keys/0190a0b0-0000-7000-8000-000000000007";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_key_is_shown_once_works_as_a_token_does_and_is_listed_without_itself()
    {
        using var ada = await _app.RegisterAsync();

        var made = (await ada.PostAsync(
            "/api-keys", new { name = "backup", scopes = new[] { "write", "read", "read" }, expires_in = 3600 })).Ok();
        var listed = (await ada.GetAsync("/api-keys/")).Ok();

        made.Json.Fields().ShouldBe(["id", "name", "scopes", "created_at", "last_used_at", "expires_at", "key"]);
        made["key"].ShouldStartWith($"cote_{made["id"].Replace("-", "")}_");
        made.Json.GetProperty("scopes").ToString().ShouldBe("""["read","write"]""");
        (made.Json.GetProperty("expires_at").GetDateTimeOffset() - made.Json.GetProperty("created_at")
            .GetDateTimeOffset()).ShouldBe(TimeSpan.FromHours(1));
        listed.Json.GetArrayLength().ShouldBe(1);
        listed.Json[0].Fields().ShouldBe(
            ["id", "name", "scopes", "created_at", "last_used_at", "expires_at"]);
        listed.Json[0].GetProperty("last_used_at").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        using var robot = _app.Anonymous();
        robot.Token = made["key"];
        (await robot.GetAsync("/users/me")).Ok()["id"].ShouldBe(ada.Id);
        var chat = await robot.CreateChatAsync("by a robot");
        (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe("by a robot");
        (await ada.GetAsync("/api-keys/")).Ok().Json[0].GetProperty("last_used_at").ValueKind
            .ShouldBe(System.Text.Json.JsonValueKind.String);
    }

    [Theory]
    [InlineData("{}", "body.name missing")]
    [InlineData("""{"name":" ","scopes":["read"]}""", "body.name string_too_short")]
    [InlineData("""{"name":7,"scopes":["read"]}""", "body.name string_type")]
    [InlineData("""{"name":"a","scopes":[]}""", "body.scopes value_error")]
    [InlineData("""{"name":"a","scopes":null}""", "body.scopes value_error")]
    [InlineData("""{"name":"a","scopes":["read","all"]}""", "body.scopes value_error")]
    [InlineData("""{"name":"a","scopes":"read"}""", "body.scopes list_type")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_in":59}""", "body.expires_in greater_than_equal")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_in":400000000}""", "body.expires_in less_than_equal")]
    [InlineData("""{"name":"a","scopes":["read"],"expires_in":"1h"}""", "body.expires_in int_type")]
    public async Task What_is_no_key_is_refused_and_nothing_is_made(string body, string wrong)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.PostAsync("/api-keys/", body)).ShouldBeWrong(wrong);
        (await ada.PostAsync("/api-keys/", new { name = new string('x', 101), scopes = new[] { "read" } }))
            .ShouldBeWrong("body.name string_too_long");
        (await ada.GetAsync("/api-keys/")).Ok().Json.GetArrayLength().ShouldBe(0);
        (await ada.PostAsync("/api-keys/", new { name = new string('x', 100), scopes = new[] { "read" } })).Ok();
    }

    [Fact]
    public async Task The_servers_metrics_are_for_keys_of_admins()
    {
        using var ada = await _app.RegisterAsync();
        (await ada.PostAsync("/api-keys/", new { name = "m", scopes = new[] { "metrics" } })).ErrorCode
            .ShouldBe("admin_only");

        var name = "root" + Guid.CreateVersion7().ToString("N")[..20];
        var code = await CoteCommands.RunAsync(["create-user", name, name + "@example.com", "--admin", .. _app.Place],
            new StringReader("correct horse battery"), TextWriter.Null, TextWriter.Null);

        code.ShouldBe(0);
        using var root = _app.Anonymous();
        root.Token = (await root.FormAsync("/token", ("username", name), ("password", "correct horse battery")))
            .Ok()["access_token"];
        using var robot = await root.WithKeyAsync("metrics", "read");
        (await robot.GetAsync("/users/me")).Ok();
        (await robot.GetAsync("/admin/users")).ErrorCode.ShouldBe("insufficient_scope");
    }

    [Fact]
    public async Task Anothers_key_is_as_one_that_does_not_exist_and_a_deleted_one_too()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var (id, key) = await ada.CreateKeyAsync("read");
        using var robot = _app.Anonymous();
        robot.Token = key;

        (await eve.GetAsync("/api-keys/")).Ok().Json.GetArrayLength().ShouldBe(0);
        foreach (var path in new[] { $"/api-keys/{id}", Unknown, "/api-keys/nonsense" })
            (await eve.DeleteAsync(path)).ShouldBeProblem(404, "key_not_found", "API key not found");
        (await robot.GetAsync("/chats/")).Ok();
        (await ada.DeleteAsync($"/api-keys/{id.ToUpperInvariant()}")).Ok();
        (await robot.GetAsync("/chats/")).ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
        (await ada.DeleteAsync($"/api-keys/{id}")).ErrorCode.ShouldBe("key_not_found");
        (await ada.GetAsync("/api-keys/")).Ok().Json.GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_looks_like_a_key_and_is_none_lets_nobody_in()
    {
        using var ada = await _app.RegisterAsync();
        var (_, key) = await ada.CreateKeyAsync("read");
        using var robot = _app.Anonymous();
        robot.Token = key;
        (await robot.GetAsync("/users/me")).Ok();
        var other = key[^2] == 'A' ? 'B' : 'A';

        foreach (var wrong in new[]
        {
            key[..^1], key + "A", key[..^2] + other + key[^1], "cote_", key.ToUpperInvariant(),
            "cote_" + new string('0', 76), key.Replace("cote_", "cote-"),
        })
        {
            robot.Token = wrong;
            (await robot.GetAsync("/users/me")).ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
        }
    }

    [Fact]
    public async Task A_key_ends_by_itself_with_its_sockets_and_is_not_listed_any_more()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        var made = (await ada.PostAsync(
            "/api-keys/", new { name = "a", scopes = new[] { "read" }, expires_in = 3600 })).Ok();
        using var robot = app.Anonymous();
        robot.Token = made["key"];
        await using var socket = await robot.ConnectByProtocolAsync();
        using var other = await ada.WithKeyAsync("read");
        (await robot.GetAsync("/chats/")).Ok();

        time.Shift = TimeSpan.FromSeconds(3601);

        (await robot.GetAsync("/chats/")).Status.ShouldBe(401);
        (await socket.Closed).ShouldBe(4011);
        (await other.GetAsync("/chats/")).Ok();
        (await ada.GetAsync("/api-keys/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_user_has_so_many_keys_and_no_more_however_many_are_asked_for_at_once()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var most = (int)(await nobody.GetAsync("/limits")).Ok().Json.GetProperty("api_keys").Number("per_user");

        var made = await Task.WhenAll(Enumerable.Range(0, most + 5).Select(
            _ => ada.PostAsync("/api-keys/", new { name = "a", scopes = new[] { "read" } })));

        made.Count(x => x.Status == 200).ShouldBe(most);
        made.Where(x => x.Status != 200).ShouldAllBe(x => x.Status == 403 && x.ErrorCode == "too_many_keys");
        (await ada.DeleteAsync($"/api-keys/{made.First(x => x.Status == 200)["id"]}")).Ok();
        await ada.CreateKeyAsync("read");
        (await ada.PostAsync("/api-keys/", new { name = "a", scopes = new[] { "read" } })).ErrorCode
            .ShouldBe("too_many_keys");
    }

    [Fact]
    public async Task Who_makes_and_deletes_keys_all_day_has_to_wait()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var most = (int)(await nobody.GetAsync("/limits")).Ok().Json.GetProperty("api_keys").Number("per_day");
        for (var made = 0; made < most; made += 40)
        {
            var keys = await Task.WhenAll(
                Enumerable.Range(0, Math.Min(40, most - made)).Select(_ => ada.CreateKeyAsync("read")));
            await Task.WhenAll(keys.Select(x => ada.DeleteAsync($"/api-keys/{x.Id}")));
        }

        var late = await ada.PostAsync("/api-keys/", new { name = "a", scopes = new[] { "read" } });

        late.ErrorCode.ShouldBe("rate_limited");
        late.Header("Retry-After").ShouldBe("3600");
        (await ada.GetAsync("/api-keys/")).Ok().Json.GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task When_it_was_used_last_survives_a_restart()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read");
        (await robot.GetAsync("/users/me")).Ok();
        var seen = (await ada.GetAsync("/api-keys/")).Ok().Json[0].Text("last_used_at");

        await app.RestartAsync();
        using var again = app.Anonymous();
        again.Token = ada.Token;

        (await again.GetAsync("/api-keys/")).Ok().Json[0].Text("last_used_at").ShouldBe(seen);
    }

    [Fact]
    public async Task A_server_of_ones_own_opens_its_routes_to_keys_or_they_are_closed()
    {
        await using var app = await CoteApp.StartAsync(x => x.Map(routes =>
        {
            routes.MapGet("/closed", (CurrentUser user) => user.Id).RequireAuthorization();
            routes.MapGet("/reads", (CurrentUser user) => user.Id).RequireAuthorization().AllowsKeys(KeyScopes.Read);
            routes.MapGet("/both", (CurrentUser user) => user.Id).RequireAuthorization()
                .AllowsKeys(KeyScopes.Read, KeyScopes.Write);
            routes.MapGet("/open", (CurrentUser? user) => user?.Id ?? "nobody");
            routes.MapGet("/asks", (CurrentUser user) => user.Allows(KeyScopes.Write)).RequireAuthorization()
                .AllowsKeys();
        }));
        using var ada = await app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read");
        using var both = await ada.WithKeyAsync("read", "write");

        foreach (var path in new[] { "/closed", "/reads", "/both", "/open" })
            (await ada.GetAsync(path)).Ok().Text.ShouldBe(ada.Id);
        foreach (var path in new[] { "/closed", "/both" })
            (await robot.GetAsync(path)).ShouldBeProblem(403, "insufficient_scope", "This API key may not do this");
        (await robot.GetAsync("/reads")).Ok().Text.ShouldBe(ada.Id);
        (await robot.GetAsync("/open")).Ok().Text.ShouldBe("nobody");
        (await both.GetAsync("/both")).Ok().Text.ShouldBe(ada.Id);
        (await both.GetAsync("/closed")).ErrorCode.ShouldBe("insufficient_scope");
        foreach (var (who, may) in new[] { (ada, "true"), (both, "true"), (robot, "false") })
            (await who.GetAsync("/asks")).Ok().Text.ShouldBe(may);
    }
}
