using Cote.Tests.Harness;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace Cote.Tests.Dialects;

/// <summary>The routes of <c>/v1</c>, whose errors have OpenAI's form.</summary>
[Trait("Rows", "none")]
public sealed class GatewayRouteTests(SharedApp shared)
{
    [Fact]
    public async Task Each_needs_a_token_whatever_is_sent()
    {
        using var nobody = shared.App.Anonymous();
        using var liar = shared.App.Anonymous();
        liar.Token = "bad";
        var routes = shared.App.Endpoints
            .Where(x => x.RoutePattern.RawText!.StartsWith("/v1/", StringComparison.Ordinal)).ToList();

        routes.Count.ShouldBeGreaterThan(5);
        foreach (var route in routes)
        {
            route.Metadata.GetMetadata<IAuthorizeData>().ShouldNotBeNull(route.RoutePattern.RawText);
            var method = route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single();
            var path = System.Text.RegularExpressions.Regex.Replace(
                route.RoutePattern.RawText!, @"\{[^}]*\}", "x");
            foreach (var client in (CoteClient[])[nobody, liar])
            {
                var refused = await client.SendAsync(new(method), path, method == "GET" ? null : "{");
                refused.ShouldBeError(401, "invalid_api_key");
                refused.Header("WWW-Authenticate").ShouldBe("Bearer");
            }
        }
    }

    [Fact]
    public async Task What_is_too_large_and_what_is_too_much_has_the_form_too()
    {
        await using var app = await CoteApp.StartAsync(
            "--Cote:RateLimits:RequestsPerMinute=3", "Http:MaxHistoryBytes=2000000");
        using var ada = await app.RegisterAsync();

        // Who does not ask first may find the connection closed under what it sends.
        (await ada.SendAsync(HttpMethod.Post, "/v1/chat/completions", new string(' ', 3_000_000),
            x => x.Headers.ExpectContinue = true)).ShouldBeError(413, "too_large");
        await Patience.UntilAsync(async () => (await ada.GetAsync("/v1/models")).Status == 429, "the limit is reached");
        (await ada.GetAsync("/v1/models")).ShouldBeError(429, "rate_limit_exceeded", type: "requests");
        (await ada.GetAsync("/models")).ErrorCode.ShouldBe("rate_limited");
    }
}
