using Cote.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Cote.Users;

static class UsersModule
{
    public static void AddUsers(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(UsersApi.Describe));
        services.AddSingleton<UserStore>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<ApiKeyStore>().AddSingleton<ApiKeys>().AddSingleton<TicketStore>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<Es256Keys>();
        services.AddSingleton(x => x.GetRequiredService<SigningKeys>().Derived);
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<Audit>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<RefreshSession>();
        services.AddIssuers();
        services.AddSingleton<Revocations>();
        services.AddSingleton<MailStore>().AddSingleton<Mailer>().AddSingleton(new MailTemplates());
        services.AddSingleton(MailPace.Default).AddSingleton(new MailTrust(null));
        services.AddSingleton<MailLoop>().AddHostedService(x => x.GetRequiredService<MailLoop>());
        services.AddHostedService<RevocationLoop>();
        services.AddHostedService<SessionMaintenanceLoop>();
        // The core alone: AddAuthentication would add data protection too, whose keys nothing here needs.
        services.AddAuthenticationCore(x =>
        {
            x.AddScheme<BearerHandler>(BearerHandler.SchemeName, null);
            x.DefaultScheme = BearerHandler.SchemeName;
        });
        services.AddTransient<BearerHandler>().AddWebEncoders();
        services.AddAuthorization();
        // The gate does for routes of Cote what the endpoint would look for.
        services.Configure<RouteOptions>(x => x.SuppressCheckForUnhandledSecurityMetadata = true);
    }

    /// <summary>Who asks, and what may be asked: it comes after routing.</summary>
    public static void UseUsers(this WebApplication app)
    {
        var rules = app.Services.GetRequiredService<IOptions<AuthorizationOptions>>().Value;
        if (rules.FallbackPolicy is not null || rules.DefaultPolicy is not
            { AuthenticationSchemes: [], Requirements: [DenyAnonymousAuthorizationRequirement] })
            throw new StartupException(
                "A default or fallback policy would not hold for Cote's own routes: name the policy on your routes.");
        app.Use(next =>
        {
            // A host's own routes, and paths that have none.
            var others = ((IApplicationBuilder)app).New();
            others.UseAuthentication();
            others.Use((http, rest) => app.Services.GetRequiredService<RateLimits>().RefuseRequest(http) is { } problem
                ? ApiResults.Of(problem).ExecuteAsync(http) : rest(http));
            others.Use(KeyGate.CheckAsync);
            others.UseAuthorization();
            others.Run(next);
            var ways = new Gate.Ways(next, others.Build());
            return ActivatorUtilities.CreateInstance<Gate>(app.Services, ways).InvokeAsync;
        });
        // Without these marks the builder puts the framework's own in front of everything.
        foreach (var mark in (string[])["__AuthenticationMiddlewareSet", "__AuthorizationMiddlewareSet"])
            ((IApplicationBuilder)app).Properties[mark] = true;
    }

    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/token", LogIn.Handle).RequireRateLimit(Limit.Login)
            .Takes<LoginForm>("application/x-www-form-urlencoded", "multipart/form-data").Produces<TokenPair>()
            .WithTags("Users").WithSummary("Log in by password, or refresh a session");
        routes.MapGet("/.well-known/jwks.json", GetKeys.Handle).Produces<KeySet>()
            .WithTags("Users").WithSummary("The public keys of access tokens, for other services");
        routes.MapIssuers();
        routes.MapPost("/users/", Register.Handle).RequireRateLimit(Limit.RegistrationAttempt)
            .Takes<NewUser>("application/json").Produces<User>()
            .WithTags("Users").WithSummary("Create an account");
        routes.MapGet("/users/me", GetMe.Handle).RequireAuthorization().AllowsKeys().Produces<User>()
            .WithTags("Users").WithSummary("Who am I?");
        routes.MapPatch("/users/me", UpdateMe.Handle).RequireAuthorization()
            .Takes<UserPatch>("application/json").Produces<User>()
            .WithTags("Users").WithSummary("A new name, address or password; a new password ends the other sessions");
        routes.MapPost("/users/me/verify-email", VerifyEmail.Handle).RequireAuthorization()
            .RequireRateLimit(Limit.Login).Takes<EmailCode>("application/json").Produces<SuccessBody>()
            .WithTags("Users").WithSummary("Mail a code to the user's address; with the code, it is verified");
        routes.MapPost("/password/forgot", ForgotPassword.Handle).RequireRateLimit(Limit.Login)
            .WithMetadata(new RefusesKeys()).Takes<ForgottenPassword>("application/json").Produces<SuccessBody>()
            .WithTags("Users").WithSummary("Mail a code for a new password, where the address has an account");
        routes.MapPost("/password/reset", ResetPassword.Handle).RequireRateLimit(Limit.Login)
            .WithMetadata(new RefusesKeys()).Takes<NewPassword>("application/json").Produces<PasswordWasReset>()
            .WithTags("Users").WithSummary("Set a new password by the code of a mail; every session ends");
        routes.MapGet("/sessions/", ListSessions.Handle).RequireAuthorization().Produces<IReadOnlyList<SessionInfo>>()
            .WithTags("Sessions").WithSummary("The devices on which the user is logged in");
        routes.MapDelete("/sessions/{sessionId}", RevokeSession.Handle).RequireAuthorization().Produces<SuccessBody>()
            .WithTags("Sessions").WithSummary("Log one device out");
        routes.MapPost("/logout", LogOut.Handle).RequireAuthorization().Produces<SuccessBody>()
            .WithTags("Sessions").WithSummary("End this session");
        routes.MapPost("/logout/all", LogOutAll.Handle).RequireAuthorization().Produces<SuccessBody>()
            .WithTags("Sessions").WithSummary("End every session of the user, this one too");
        routes.MapPost("/api-keys/", CreateApiKey.Handle).RequireAuthorization()
            .Takes<NewApiKey>("application/json").Produces<ApiKey>()
            .WithTags("Keys").WithSummary("A key for a program, shown once");
        routes.MapGet("/api-keys/", ListApiKeys.Handle).RequireAuthorization().Produces<IReadOnlyList<ApiKey>>()
            .WithTags("Keys").WithSummary("The user's keys, newest first");
        routes.MapDelete("/api-keys/{keyId}", DeleteApiKey.Handle).RequireAuthorization().Produces<SuccessBody>()
            .WithTags("Keys").WithSummary("End a key, with the sockets and streams that it has opened");
        routes.MapPost("/ws/ticket", CreateTicket.Handle).RequireAuthorization().AllowsKeys(KeyScopes.Read)
            .Produces<SocketTicket>().WithTags("Live").WithSummary("A single-use ticket for a socket's URL");
    }
}
