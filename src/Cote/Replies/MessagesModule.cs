using Cote.Chats;
using Cote.Delivery;
using Cote.Http;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Replies;

static class MessagesModule
{
    public static void AddMessages(this IServiceCollection services)
    {
        services.AddSingleton<MessageStore>();
        services.AddSingleton(ReplyLease.Default);
        services.AddSingleton<ReplyStore>();
        services.AddSingleton<EventRenderer>();
        services.AddSingleton<ReplyStream>();
        services.AddSingleton<ReadLog>(x => x.GetRequiredService<EventRenderer>().ReadAsync);
        services.AddSingleton<ReadOpenReplies>(x => async (userId, ct) =>
            [.. (await x.GetRequiredService<ReplyStore>().ListOpenAsync(userId, null, ct)).Select(y => y.ToOpenReply())]);
        services.AddSingleton<Subscriptions>();
        services.AddSingleton<PurgeDeletedLoop>();
        services.AddHostedService(x => x.GetRequiredService<PurgeDeletedLoop>());
        services.AddHostedService<ReceiptLoop>();
        services.AddHostedService<RemoteReplies>();
    }

    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        var chats = routes.MapGroup("/chats/{chatId}").RequireAuthorization().WithTags("Messages");
        chats.MapGet("/messages/", ListMessages.Handle).Produces<IReadOnlyList<Message>>()
            .WithSummary("The newest page of messages, ascending; or those after a seq");
        chats.MapPost("/messages/", SendMessage.Handle).RequireRateLimit(Limit.Messages)
            .Takes<MessageBody>("application/json").Produces<Message>()
            .WithSummary("Send a message; the reply follows by itself, on this connection with Accept: text/event-stream");
        chats.MapGet("/messages/{messageId}", GetMessage.Handle).Produces<Message>()
            .WithSummary("One message, also one that is not listed yet");
        chats.MapDelete("/messages/{messageId}", DeleteMessage.Handle).Produces<SuccessBody>()
            .WithSummary("Delete a message; a question takes its reply with it");
        chats.MapPut("/messages/{messageId}/read", MarkRead.Handle).Produces<SuccessBody>()
            .WithSummary("The client has shown this reply");
        chats.MapGet("/messages/{messageId}/stream", ReplyStream.Handle).WithMetadata(new AllowsQueryToken())
            .Produces<string>(200, "text/event-stream")
            .WithSummary("Follow a reply to its end as server-sent events");
        chats.MapPost("/stop", Stop.Handle).Produces<StopResult>()
            .WithSummary("Stop the running reply and those that wait");
        chats.MapDelete("", DeleteChat.Handle).Produces<SuccessBody>().WithTags("Chats")
            .WithSummary("Delete a chat with all that is in it");
    }
}

/// <summary>What <c>stop</c> answers. <paramref name="Stopped"/> counts the replies that this call ended.</summary>
sealed record StopResult(bool Success, int Stopped);
