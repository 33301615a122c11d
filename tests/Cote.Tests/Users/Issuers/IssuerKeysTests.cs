using Cote.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Cote.Tests.Users;

/// <summary>What an issuer's keys are worth while they change, and while the issuer is away.</summary>
[Trait("Rows", "none")]
public sealed class IssuerKeysTests : IAsyncLifetime
{
    IssuerApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await IssuerApp.StartAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_new_key_is_fetched_when_it_is_first_seen_and_at_most_once_a_minute()
    {
        (await StatusAsync("ada")).ShouldBe(200);
        _app.Home.Fetches.ShouldBe(1);
        var old = _app.TokenOf("bob");
        _app.Home.Rotate();

        (await StatusAsync("ada")).ShouldBe(401);
        _app.Home.Fetches.ShouldBe(1);
        _app.Time.Shift += TimeSpan.FromSeconds(61);
        (await StatusAsync("ada")).ShouldBe(200);
        _app.Home.Fetches.ShouldBe(2);
        (await StatusOfAsync(old)).ShouldBe(401);
        _app.Home.Fetches.ShouldBe(2);
    }

    [Fact]
    public async Task Whoever_asks_for_keys_that_are_not_there_all_share_one_fetch_a_minute()
    {
        var tokens = Enumerable.Range(0, 20).Select(x => _app.Home.Sign(
            _app.Home.Claims("ada"), head: h => h["kid"] = $"unknown {x}")).Append(_app.TokenOf("ada"));

        var statuses = await Task.WhenAll(tokens.Select(StatusOfAsync));

        statuses.Count(x => x == 401).ShouldBe(20);
        statuses[^1].ShouldBe(200);
        _app.Home.Fetches.ShouldBe(1);
        _app.Other.Fetches.ShouldBe(0);
    }

    [Fact]
    public async Task While_an_issuer_is_away_known_keys_go_on_for_a_day_and_unknown_ones_are_a_503()
    {
        (await StatusAsync("ada")).ShouldBe(200);
        _app.Home.IsAway = true;
        var strange = _app.Home.Sign(_app.Home.Claims("ada"), head: x => x["kid"] = "unknown");
        _app.Time.Shift += TimeSpan.FromSeconds(61);

        using var stranger = _app.With(strange);
        var refused = await stranger.GetAsync("/users/me");
        refused.ShouldBeProblem(
            503, "unavailable", "The issuer of this token cannot be reached; try again shortly");
        int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(1, 60);
        await using (var socket = await stranger.ConnectAsync(awaitReady: false))
            (await socket.Closed).ShouldBe(1011);
        (await _app.ExchangeAsync(_app.Home.Sign(_app.Home.Claims("a", "app"), head: x => x["kid"] = "unknown")))
            .Status.ShouldBe(503);
        _app.Home.Fetches.ShouldBe(2);
        (await StatusAsync("bob")).ShouldBe(200);

        _app.Time.Shift = TimeSpan.FromHours(23);
        (await StatusAsync("cleo")).ShouldBe(200);
        _app.Time.Shift = TimeSpan.FromHours(25);
        (await StatusAsync("dora")).ShouldBe(503);

        _app.Home.IsAway = false;
        (await StatusAsync("dora")).ShouldBe(503);
        _app.Time.Shift += TimeSpan.FromSeconds(61);
        (await StatusAsync("dora")).ShouldBe(200);
    }

    [Fact]
    public async Task A_key_that_its_issuer_takes_back_is_forgotten_within_the_hour()
    {
        (await StatusAsync("ada")).ShouldBe(200);
        var old = _app.Home.Sign(Shifted("bob", TimeSpan.FromMinutes(61)));
        _app.Home.Rotate();

        (await StatusOfAsync(_app.Home.Sign(_app.Home.Claims("x")))).ShouldBe(401);
        _app.Time.Shift = TimeSpan.FromMinutes(61);

        (await StatusOfAsync(old)).ShouldBe(401);
    }

    [Theory]
    [InlineData("stalls")]
    [InlineData("stalls in the middle")]
    [InlineData("is huge")]
    [InlineData("leads elsewhere")]
    [InlineData("names another issuer")]
    [InlineData("names no issuer")]
    [InlineData("names keys that are not http")]
    [InlineData("names keys in the file system")]
    [InlineData("is a list")]
    [InlineData("is no JSON")]
    [InlineData("is JSON of other kinds")]
    [InlineData("has keys that are a number")]
    [InlineData("breaks off")]
    public async Task A_document_that_is_not_one_is_a_503_soon(string kind)
    {
        _app.Home.Discover = http => AnswerAsync(http, kind);

        (await StatusAsync("ada")).ShouldBe(503);
        _app.Home.Fetches.ShouldBe(1);
        _app.Other.Fetches.ShouldBe(0);
        _app.App.Logs.ShouldContain(x => x.Contains("Issuer home cannot be asked for its keys"));

        _app.Home.Discover = null;
        _app.Time.Shift += TimeSpan.FromSeconds(61);
        (await StatusAsync("ada")).ShouldBe(200);
    }

    async Task AnswerAsync(HttpContext http, string kind)
    {
        var document = _app.Home.Document;
        switch (kind)
        {
            case "stalls":
                _app.Time.EndWaits();
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
                break;
            case "stalls in the middle":
                await http.Response.WriteAsync("{", http.RequestAborted);
                await http.Response.Body.FlushAsync();
                _app.Time.EndWaits();
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
                break;
            case "is huge":
                document["x"] = new string('x', 2_000_000);
                await FakeIssuer.Json(http, document);
                break;
            case "leads elsewhere":
                http.Response.Redirect(_app.Other.Url + "/.well-known/openid-configuration");
                break;
            case "names another issuer":
                document["issuer"] = _app.Other.Url;
                await FakeIssuer.Json(http, document);
                break;
            case "names no issuer":
                document.Remove("issuer");
                await FakeIssuer.Json(http, document);
                break;
            case "names keys that are not http":
                document["jwks_uri"] = "http://issuer.example/keys";
                await FakeIssuer.Json(http, document);
                break;
            case "names keys in the file system":
                document["jwks_uri"] = "file:///etc/passwd";
                await FakeIssuer.Json(http, document);
                break;
            case "has keys that are a number":
                document["jwks_uri"] = 7;
                await FakeIssuer.Json(http, document);
                break;
            case "breaks off":
                http.Response.ContentLength = 100;
                await http.Response.WriteAsync("{", http.RequestAborted);
                http.Abort();
                break;
            default:
                await http.Response.WriteAsync(kind switch
                {
                    "is a list" => "[]",
                    "is no JSON" => "<html>",
                    _ => """{"issuer":[7],"jwks_uri":{},"token_endpoint":null}""",
                }, http.RequestAborted);
                break;
        }
    }

    System.Text.Json.Nodes.JsonObject Shifted(string subject, TimeSpan by) =>
        _app.Home.Claims(subject, issuedIn: (long)by.TotalSeconds);

    // With a token that is made now, by the clock of the server.
    Task<int> StatusAsync(string subject) =>
        StatusOfAsync(_app.Home.Sign(Shifted(subject, _app.Time.Shift)));

    async Task<int> StatusOfAsync(string token)
    {
        using var client = _app.With(token);
        return (await client.GetAsync("/users/me")).Status;
    }
}
