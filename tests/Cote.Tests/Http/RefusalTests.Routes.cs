using System.Net.Sockets;
using System.Security.Claims;
using System.Text;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Http;

public sealed partial class RefusalTests
{
    [Theory]
    [InlineData("GET /chats/%00 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    public async Task What_the_HTTP_server_refuses_itself_is_a_400_without_a_body(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_app.Url.Host, _app.Url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());

        var answer = await reader.ReadToEndAsync().InTimeAsync();

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("Content-Length: 0");
        answer.ShouldContain("Connection: close");
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/chats/x/y")]
    [InlineData("/users/you")]
    [InlineData("/chats//")]
    [InlineData("/health")]
    public async Task A_route_that_does_not_exist_is_a_404(string path)
    {
        using var nobody = _app.Anonymous();

        (await nobody.GetAsync(path)).ShouldBeProblem(404, "not_found", "Not Found");
    }

    [Theory]
    [InlineData("PUT", "/chats/")]
    [InlineData("GET", "/token")]
    [InlineData("PUT", "/users/me")]
    [InlineData("POST", "/")]
    [InlineData("PATCH", "/chats/0190a0b0-0000-7000-8000-000000000000/messages/")]
    public async Task A_method_that_a_route_does_not_have_is_a_405_and_names_those_it_has(string method, string path)
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(new(method), path);

        reply.ShouldBeProblem(405, "method_not_allowed", "Method Not Allowed");
        reply.Header("Allow").ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_500_shows_nothing_of_what_broke_and_the_log_everything()
    {
        await using var app = await CoteApp.StartAsync(x => x.Map(routes =>
            routes.MapGet("/broken", void () => throw new InvalidOperationException("secret internals"))));
        using var nobody = app.Anonymous();

        var reply = await nobody.GetAsync("/broken");

        reply.ShouldBeProblem(500, "internal_error", "Internal Server Error");
        app.Logs.ShouldContain(x => x.Contains("secret internals") && x.Contains(reply.Header("X-Request-Id")!));
    }

    [Fact]
    public async Task A_route_of_ones_own_knows_who_asks()
    {
        await using var app = await CoteApp.StartAsync(x => x.Map(routes =>
            routes.MapGet("/mine", (CurrentUser user) => user.Id).RequireAuthorization()));
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();

        (await ada.GetAsync("/mine")).Text.ShouldBe(ada.Id);
        (await nobody.GetAsync("/mine")).ShouldBeAnonymous();
    }

    [Fact]
    public async Task A_route_of_ones_own_has_claims_policies_and_services_of_its_request()
    {
        await using var app = await CoteApp.StartAsync(x =>
        {
            x.Services.AddScoped<OfRequest>();
            x.Services.AddAuthorizationBuilder().AddPolicy("nobody", policy => policy.RequireRole("nobody"));
            x.Map(routes =>
            {
                routes.MapGet("/claims", (ClaimsPrincipal user, OfRequest mine, HttpContext http) =>
                    $"{user.Identity!.Name} {mine == http.RequestServices.GetService<OfRequest>()} {mine.Id}")
                    .RequireAuthorization();
                routes.MapGet("/closed", () => "open").RequireAuthorization("nobody");
            });
        });
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();

        var first = (await ada.GetAsync("/claims")).Text;
        var second = (await ada.GetAsync("/claims")).Text;

        first.ShouldStartWith($"{ada.Id} True ");
        second.ShouldStartWith($"{ada.Id} True ");
        second.ShouldNotBe(first);
        (await ada.GetAsync("/closed")).Status.ShouldBe(403);
        (await nobody.GetAsync("/closed")).ShouldBeAnonymous();
    }

    sealed class OfRequest
    {
        public Guid Id { get; } = Guid.CreateVersion7();
    }

    [Fact]
    public async Task Every_answer_has_a_request_id_of_its_own_and_the_headers_that_keep_browsers_in_check()
    {
        using var ada = await _app.RegisterAsync();
        var seen = new HashSet<string>();
        foreach (var path in new[] { "/", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/chats/", "/nothing",
            "/health/live", "/chats/7" })
        {
            var reply = await ada.GetAsync(path);
            seen.Add(reply.Header("X-Request-Id")!).ShouldBeTrue(path);
            reply.Header("X-Content-Type-Options").ShouldBe("nosniff");
            reply.Header("Referrer-Policy").ShouldBe("no-referrer");
            reply.Header("X-Frame-Options").ShouldBe("DENY");
            reply.Header("Content-Security-Policy")!.ShouldContain("default-src 'none'");
            reply.Header("Server").ShouldBeNull();
        }
        (await ada.GetAsync("/chats/")).Header("Cache-Control").ShouldBe("no-store");
    }
}
