using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Http;
using Cote.Replies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Dialects.UIStream;

static class UIStreamRoutes
{
    public static void AddUIStream(this IServiceCollection services) => services
        .AddSingleton(new ApiPart(Describe))
        .AddSingleton<UIChat>().AddSingleton<UIAnswers>().AddSingleton<UIFiles>().AddSingleton<UIReplyStream>();

    public static void MapUIStream(this IEndpointRouteBuilder routes)
    {
        var chat = routes.MapGroup("/api/chat").RequireAuthorization().WithTags("AI SDK")
            .AllowsKeys(KeyScopes.Read, KeyScopes.Write);
        chat.MapPost("", SendUIMessage.Handle).RequireRateLimit(Limit.Messages)
            .Takes<UIChatBody>("application/json").Produces<string>(200, "text/event-stream")
            .WithSummary("A turn of useChat: the reply as a UI message stream");
        chat.MapGet("/{id}/stream", ResumeUIStream.Handle).Produces<string>(200, "text/event-stream").Produces(204)
            .WithSummary("The open reply of a chat as a UI message stream, from its beginning");
        chat.MapPost("/{id}/stop", StopUIChat.Handle).Produces<StopResult>()
            .WithSummary("Stop the open replies of a chat");
    }

    static void Describe(ApiDocument api)
    {
        api.Schema<UIMessageBody>().Format("id", null).OneOf("role", "user", "assistant", "system")
            .Property("parts", new()
            {
                ["type"] = "array",
                ["items"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = true },
            });
        api.Operation(nameof(SendUIMessage))
            .Note("What `useChat` of the AI SDK sends. Of `messages` only the last one is read: a user's message, or "
                + "answers to calls that wait in a reply. An id that is no UUID stands for UUIDv5(user, id). The "
                + "answer is the UI message stream, version 1.")
            .Refuses(Problems.MessageNotFound, Problems.ReplyOpen, Problems.ReplyEnded, Problems.Claimed,
                Problems.IdConflict, Problems.Gone, Problems.TooManyOpen, Problems.PathTooLong,
                Problems.BudgetExceeded, Problems.PriceUnknown, Problems.UnsupportedMediaType, Problems.TooManyPixels,
                Problems.QuotaExceeded);
        api.Operation(nameof(ResumeUIStream)).Note("204 where nothing of the chat is open, or there is no such chat.");
        api.Operation(nameof(StopUIChat)).Refuses(Problems.ChatNotFound)
            .Note("Answers when the replies have ended, at most 3 s later; closing a stream stops nothing.");
        api.Schema<UIChatBody>().Note("id", "The chat; one that is not there is made, with a title of its own")
            .Length("id", 1, UIChatRequest.LongestId).Format("id", null)
            .OneOf("trigger", "submit-message", "regenerate-message")
            .Note("messageId", "The message that is edited, or that another reply is wanted to")
            .Length("messageId", 1, UIChatRequest.LongestId)
            .Note("client_tools", "Tools that the client executes").Note("client_id", "The installation")
            .Length("client_id", 1, ClientTools.LongestClientId)
            .Note("stop", "Whether open replies of the chat are stopped first")
            .Example("""
                {"id":"Xb3k9","trigger":"submit-message","messages":[{"id":"m1","role":"user","parts":
                [{"type":"text","text":"Hello"}]}]}
                """);
    }
}
