using Cote.Data;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Users;

static class UsersModule
{
    public static void AddUsers(this IServiceCollection services)
    {
        services.AddSingleton<UserStore>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<Passwords>();
        services.AddSingleton(x => new AccessTokens(
            x.GetRequiredService<AuthOptions>(),
            SigningKey.Load(x.GetRequiredService<AuthOptions>(), x.GetRequiredService<DataOptions>()),
            x.GetRequiredService<SessionStore>(),
            x.GetRequiredService<Clock>()));
        // The core alone: the whole of it would bring data protection along, whose keys nothing here needs.
        services.AddAuthenticationCore(x =>
        {
            x.AddScheme<BearerHandler>(BearerHandler.SchemeName, null);
            x.DefaultScheme = BearerHandler.SchemeName;
        });
        services.AddTransient<BearerHandler>().AddWebEncoders();
        services.AddAuthorization();
    }

    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/token", LogIn.Handle).Limited(Limit.Login)
            .Takes<LoginForm>("application/x-www-form-urlencoded", "multipart/form-data").Produces<TokenPair>()
            .WithTags("Users").WithSummary("Log in by password, or refresh a session");
        routes.MapPost("/users/", Register.Handle).Limited(Limit.Registration)
            .Takes<NewUser>("application/json").Produces<User>()
            .WithTags("Users").WithSummary("Create an account");
        routes.MapGet("/users/me", GetMe.Handle).RequireAuthorization().Produces<User>()
            .WithTags("Users").WithSummary("Who am I?");
        routes.MapPost("/ws/ticket", CreateTicket.Handle).RequireAuthorization().Produces<SocketTicket>()
            .WithTags("Live").WithSummary("A single-use ticket for a socket's URL");
    }
}
