using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Users;

static class IssuersModule
{
    public static void AddIssuers(this IServiceCollection services)
    {
        services.AddSingleton<Issuers>();
        services.AddSingleton<IssuerTokenReader>();
        services.AddSingleton<IdentityStore>();
        services.AddSingleton<FirstSight>();
        services.AddSingleton<IssuerTokens>();
        services.AddSingleton<IssuerSessions>();
        services.AddSingleton<ExchangeToken>();
        services.AddSingleton<BrowserLoginStore>();
        services.AddSingleton<CodeFlow>();
        services.AddSingleton<EndBrowserLogin>();
        services.AddSingleton<RedeemCode>();
        services.AddSingleton<Grants>();
    }

    public static void MapIssuers(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/users/me/identities", ListIdentities.Handle).RequireAuthorization()
            .Produces<IReadOnlyList<Identity>>()
            .WithTags("Users").WithSummary("What I log in by at issuers");
        routes.MapPost("/users/me/identities", LinkIdentity.Handle).RequireAuthorization()
            .Takes<NewIdentity>("application/json").Produces<Identity>()
            .WithTags("Users").WithSummary("Log in by this identity too");
        routes.MapGet("/auth/{issuer}", BeginBrowserLogin.Handle).RequireRateLimit(Limit.Login)
            .WithMetadata(new RefusesKeys()).Produces(StatusCodes.Status302Found)
            .WithTags("Users").WithSummary("Log in at an issuer in a browser, for a native app");
        routes.MapGet("/auth/{issuer}/callback", EndBrowserLogin.Handle)
            .WithMetadata(new RefusesKeys()).Produces(StatusCodes.Status302Found)
            .WithTags("Users").WithSummary("Where an issuer sends the browser back to");
    }
}
