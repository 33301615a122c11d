using Cote.Tests.Harness;

namespace Cote.Tests.Http;

public sealed class CorsTests(SharedApp shared)
{
    [Fact]
    public async Task An_origin_that_is_configured_may_call_and_read_what_it_needs()
    {
        await using var app = await CoteApp.StartAsync("Http:CorsOrigins=https://app.example, https://two.example");
        using var ada = await app.RegisterAsync();

        foreach (var origin in new[] { "https://app.example", "https://TWO.example" })
        {
            foreach (var path in new[] { "/chats/", "/nothing", "/chats/7" })
            {
                var reply = await ada.SendAsync(HttpMethod.Get, path, change: x => x.Headers.Add("Origin", origin));
                reply.Header("Access-Control-Allow-Origin").ShouldBe(origin);
                reply.Header("Access-Control-Expose-Headers")!.Split(',').Order().ShouldBe(
                [
                    "Cote-Search-Complete",
                    "Idempotent-Replayed", "Link", "Location", "Retry-After", "Tus-Extension", "Tus-Max-Size",
                        "Tus-Resumable", "Tus-Version",
                    "Upload-Expires", "Upload-Length", "Upload-Media-Url", "Upload-Metadata", "Upload-Offset",
                        "X-Request-Id", "x-should-retry",
                ]);
            }
            var preflight = await PreflightAsync(ada, origin);
            preflight.Status.ShouldBe(204);
            preflight.Header("Access-Control-Allow-Origin").ShouldBe(origin);
            preflight.Header("Access-Control-Allow-Methods")!.ShouldContain("PATCH");
            preflight.Header("Access-Control-Allow-Headers")!.ShouldContain("authorization");
            preflight.Header("X-Request-Id").ShouldNotBeNull();
        }
        foreach (var origin in new[] { "https://evil.example", "http://app.example", "https://app.example.evil",
            "http://localhost:3000", "null" })
        {
            (await ada.SendAsync(HttpMethod.Get, "/chats/", change: x => x.Headers.Add("Origin", origin)))
                .Header("Access-Control-Allow-Origin").ShouldBeNull();
            (await PreflightAsync(ada, origin)).Header("Access-Control-Allow-Origin").ShouldBeNull();
        }
    }

    [Fact]
    public async Task Without_configuration_no_origin_may()
    {
        using var nobody = shared.App.Anonymous();

        foreach (var origin in new[] { "https://app.example", "http://localhost:3000" })
            (await nobody.SendAsync(HttpMethod.Get, "/", change: x => x.Headers.Add("Origin", origin)))
                .Header("Access-Control-Allow-Origin").ShouldBeNull();
    }

    [Fact]
    public async Task The_first_preflight_that_is_refused_says_which_setting_to_use()
    {
        await using var app = await CoteApp.StartAsync();
        using var nobody = app.Anonymous();
        await nobody.SendAsync(HttpMethod.Options, "/chats");
        app.Logs.ShouldNotContain(x => x.Contains("CorsOrigins"));

        await PreflightAsync(nobody, "https://app.example");
        await PreflightAsync(nobody, "https://two.example");

        var line = app.Logs.Where(x => x.Contains("CorsOrigins")).ShouldHaveSingleItem();
        line.ShouldContain("https://app.example");
        line.ShouldContain("Cote__Http__CorsOrigins");
    }

    [Fact]
    public async Task In_development_every_localhost_may()
    {
        await using var app = await CoteApp.StartAsync("--environment=Development");
        using var nobody = app.Anonymous();

        foreach (var origin in new[] { "http://localhost:3000", "https://localhost", "http://127.0.0.1:5173",
            "http://[::1]:8080" })
            (await PreflightAsync(nobody, origin)).Header("Access-Control-Allow-Origin").ShouldBe(origin);
        (await PreflightAsync(nobody, "http://localhost.evil.example")).Header("Access-Control-Allow-Origin")
            .ShouldBeNull();
    }

    [Fact]
    public async Task A_star_lets_everyone_and_an_error_too_can_be_read()
    {
        await using var app = await CoteApp.StartAsync("Http:CorsOrigins=*");
        using var nobody = app.Anonymous();

        var reply = await nobody.SendAsync(
            HttpMethod.Get, "/chats/", change: x => x.Headers.Add("Origin", "https://any.example"));

        reply.ShouldBeAnonymous();
        reply.Header("Access-Control-Allow-Origin").ShouldBeOneOf("*", "https://any.example");
    }

    static Task<Reply> PreflightAsync(CoteClient client, string origin) =>
        client.SendAsync(HttpMethod.Options, "/chats/", change: x =>
    {
        x.Headers.Add("Origin", origin);
        x.Headers.Add("Access-Control-Request-Method", "PATCH");
        x.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
    });
}
