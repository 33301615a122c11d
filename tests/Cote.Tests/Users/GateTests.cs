using System.Net;
using Cote.Tests.Harness;
using Cote.Users;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

[Trait("Rows", "none")]
public sealed class GateTests : IDisposable
{
    readonly string _data = Directory.CreateTempSubdirectory("cote-test-").FullName;

    [Fact]
    public async Task What_a_host_adds_sees_requests_for_routes_of_Cote_but_no_stranger_where_a_user_is_asked_for()
    {
        await using var app = Create();
        app.Use((http, next) =>
        {
            http.Response.StatusCode = StatusCodes.Status418ImATeapot;
            return http.Request.Path == "/health/ready" ? next(http) : Task.CompletedTask;
        });
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        (await http.GetAsync("/health/live")).StatusCode.ShouldBe((HttpStatusCode)418);
        (await http.GetAsync("/health/ready")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetAsync("/users/me")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_method_of_Cote_that_a_host_maps_is_under_the_rules_of_the_host()
    {
        Delegate ofCote = GetMe.Handle;
        await using var app = await CoteApp.StartAsync(add =>
        {
            add.Services.AddAuthorizationBuilder().AddPolicy("nobody", x => x.RequireAssertion(_ => false));
            add.Map(routes => routes.MapGet("/nobody", ofCote).RequireAuthorization("nobody"));
            add.Map(routes => routes.MapGet("/somebody", ofCote).RequireAuthorization());
        });
        var ada = await app.RegisterAsync();

        (await ada.GetAsync("/somebody")).Code.ShouldBe(HttpStatusCode.OK);
        (await ada.GetAsync("/nobody")).Code.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public void A_policy_for_all_routes_that_would_not_hold_for_those_of_Cote_stops_the_start()
    {
        var asked = new AuthorizationPolicyBuilder().RequireClaim("sid").Build();

        foreach (var set in (Action<AuthorizationBuilder>[])[
            x => x.SetDefaultPolicy(asked), x => x.SetFallbackPolicy(asked)])
            Should.Throw<StartupException>(() => Create(add => set(add.Services.AddAuthorizationBuilder())))
                .Message.ShouldContain("name the policy on your routes");
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    WebApplication Create(Action<CoteBuilder>? add = null) =>
        CoteHost.Create([$"--Cote:Data:Directory={_data}", "--urls=http://127.0.0.1:0"], add);
}
