using Cote.Chats;
using Cote.Http;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Delivery;

static class DeliveryModule
{
    public static void AddDelivery(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(DeliveryApi.Describe));
        services.AddSingleton<SeenCursors>();
        services.AddSingleton<EventRenderer>().AddSingleton<Hub>().AddSingleton<Subscriptions>();
        services.AddSingleton<ReplyStream>()
            .AddSingleton<LongPoll>().AddSingleton<SocketCommands>().AddSingleton<LargeSyncs>();
        services.AddSingleton<SharedStreams>();
        services.AddHostedService<HeartbeatLoop>();
        services.AddHostedService<ShownLoop>();
        services.AddHostedService<FollowerLoop>();
        services.AddHostedService<RemoteReplyLoop>();
    }

    public static void MapDelivery(this IEndpointRouteBuilder routes)
    {
        var live = routes.MapGroup("").WithTags("Live");
        live.MapGet("/ws", SocketEndpoint.Handle).ChecksKeys(KeyScopes.Read).Produces(101)
            .WithSummary("A WebSocket that delivers everything of the user's, live");
        live.MapGet("/events", EventsEndpoint.Handle)
            .AllowsKeys(KeyScopes.Read).RequireAuthorization().WithMetadata(new AllowsQueryToken())
            .Produces<Polled>(200, "application/json", "text/event-stream")
            .WithSummary("The same frames as server-sent events, or, without that Accept, by long-poll");
        live.MapGet("/sync", GetSync.Handle).AllowsKeys(KeyScopes.Read).RequireAuthorization().Produces<Synced>()
            .WithSummary("All chats and open replies of one moment, to begin again from");
        routes.MapGet(SharedPaths.Api + "/{token}/events", SharedEvents.Handle).WithTags("Sharing")
            .Produces<string>(200, "text/event-stream")
            .WithSummary("What changes in the chat of a live link, as server-sent events");
        var messages = routes.MapGroup("/chats/{chatId}/messages").RequireAuthorization().WithTags("Messages");
        messages.MapPost("/", SendMessageEndpoint.Handle).AllowsKeys(KeyScopes.Write).RequireRateLimit(Limit.Messages)
            .Takes<MessageBody>("application/json").Produces<Message>()
            .WithSummary(
                "Send a message; the reply follows by itself, on this connection with Accept: text/event-stream");
        messages.MapPost("/{messageId}/regenerate", RegenerateEndpoint.Handle)
            .AllowsKeys(KeyScopes.Write).RequireRateLimit(Limit.Messages)
            .Takes<RegenerateBody>("application/json").Produces<Message>()
            .WithSummary("Make another reply to a question; the path changes to it");
        messages.MapGet("/{messageId}/stream", ReplyStream.Handle)
            .AllowsKeys(KeyScopes.Read).WithMetadata(new AllowsQueryToken())
            .Produces<string>(200, "text/event-stream")
            .WithSummary("Follow a reply to its end as server-sent events");
    }
}

/// <summary>What a long-poll answers.</summary>
sealed record Polled(IReadOnlyList<object> Events, string Cursor);

/// <summary>What <c>GET /sync</c> answers.</summary>
sealed record Synced(string Cursor, IReadOnlyList<Chat> Chats, IReadOnlyList<RunningReply> Running);

/// <summary>An open reply with its text so far.</summary>
sealed record RunningReply(
    string ChatId, string MessageId, string ReplyToId, long Seq, string Model, long Attempt, string Content,
    string? ParentId, bool? OnPath, Siblings? Siblings, long? Rev, IReadOnlyList<Part>? Parts, Generation Generation);
