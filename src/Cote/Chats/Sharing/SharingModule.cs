using Cote.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Chats;

static class SharingModule
{
    public static void AddSharing(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(SharingApi.Describe));
        services.AddSingleton<ShareStore>().AddSingleton<SharedAccess>().AddSingleton<SharedView>()
            .AddSingleton<SharedCopies>().AddSingleton<OpenShares>().AddSingleton<RunningCopies>()
            .AddSingleton<CopiesFrom>();
        services.AddHostedService<OpenShareLoop>();
    }

    public static void MapSharing(this IEndpointRouteBuilder routes)
    {
        var own = routes.MapGroup("").RequireAuthorization().WithTags("Sharing");
        own.MapPost("/chats/{chatId}/shares", CreateShare.Handle)
            .AllowsKeys(KeyScopes.Write).Takes<NewShare>("application/json").Produces<Share>()
            .WithSummary("A link to a chat for everybody who has it, shown once");
        own.MapGet("/shares/", ListShares.Handle).AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<Share>>()
            .WithSummary("The links that work, newest first, without their tokens");
        own.MapDelete("/shares/{shareId}", DeleteShare.Handle).AllowsKeys(KeyScopes.Write).Produces<SuccessBody>()
            .WithSummary("End a link, and the streams that it has opened");
        own.MapPost(SharedPaths.Api + "/{token}/fork", ForkShared.Handle)
            .AllowsKeys(KeyScopes.Read, KeyScopes.Write).RequireRateLimit(Limit.Switches)
            .Takes<SharedForkBody>("application/json").Produces<Chat>()
            .WithSummary("Copy what a link shows into a chat of one's own; with an id, safe to repeat");

        var open = routes.MapGroup("").WithTags("Sharing");
        open.MapGet(SharedPaths.Api + "/{token}", GetShared.Handle).Produces<SharedChat>()
            .WithSummary("What a link shows: title and messages");
        open.MapGet(SharedPaths.Api + "/{token}/media/{number}", GetSharedMedia.Handle)
            .Produces(200, contentType: "application/octet-stream")
            .WithSummary("A picture or a file of a message that a link shows");
    }
}
