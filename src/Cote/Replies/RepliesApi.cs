using System.Text.Json;
using Cote.Chats;
using Cote.Http;

namespace Cote.Replies;

/// <summary>What the OpenAPI document says of sending and stopping beyond the types.</summary>
static class RepliesApi
{
    public static void Describe(ApiDocument api)
    {
        api.Operation(nameof(SendMessage))
            .Note("Answers the user's message once it is on disk; the reply follows by itself. With "
                + "`Accept: text/event-stream` the answer is a stream of frames: the user's `message`, "
                + "`message.snapshot`, `message.delta`…, the reply's `message`; then it ends. Libraries may repeat "
                    + "the request by themselves: give it an `id`.")
            .Refuses(Problems.TooManyOpen, Problems.BudgetExceeded, Problems.PriceUnknown);
        OperationRules.Refuse(api.Operation(nameof(SendMessage)), 422, "media_not_found",
            "`media_urls` names no upload of yours");
        api.Operation(nameof(Regenerate))
            .Note("The id is that of a reply or of its question. Answers the new reply, queued or running; with "
                + "`Accept: text/event-stream` the answer is a stream of its frames. The path changes to it.")
            .Refuses(Problems.ReplyOpen, Problems.TooManyOpen, Problems.PathTooLong, Problems.BudgetExceeded,
                Problems.PriceUnknown);
        api.Operation("SwitchLeaf")
            .Note("The path through the message becomes active, down to the leaf that was left last below it, else the "
                + "newest.")
            .Refuses(Problems.PathTooLong);
        api.Operation(nameof(DeleteChats))
            .Note("Concerns the chats that are there, archived or not, at the moment of the request. Each has its "
                + "`chat.deleted`.")
            .Query("archived", "`true`: the archived chats; `false`: all others. It must be said",
                new() { ["type"] = "boolean" });
        api.Operation(nameof(ArchiveChats))
            .Note("Concerns the chats that are there at the moment of the request. Each has its `chat.updated`.");
        api.Operation(nameof(StopReplies))
            .Note("Answers when the replies have ended, at most 3 s later; all text that was shown stays.");
        api.Operation(nameof(AnswerToolCall))
            .Note("The first answer wins. After the last one that the reply waits for, it goes on.")
            .Refuses(Problems.ToolCallNotFound, Problems.AlreadyAnswered, Problems.ReplyEnded, Problems.Claimed);
        api.Operation(nameof(ClaimToolCall)).Note("A claim lapses after 60 s unless it is renewed or answered.")
            .Refuses(Problems.ToolCallNotFound, Problems.AlreadyAnswered, Problems.ReplyEnded, Problems.Claimed);
        api.Schema<ToolAnswerBody>().Note("approve", "Of a tool of the server: whether it may be executed")
            .Note("reason", "Why not; the model is told").Length("reason", 0, AnswerToolCall.LongestText)
            .Property("output", []).Note("output", "Of a client's tool: what it returned, JSON or a text")
            .Note("error", "Of a client's tool: why it failed").Length("error", 0, AnswerToolCall.LongestText)
            .Note("client_id", "The installation that answers").Length("client_id", 1, ClientTools.LongestClientId)
            .Example("""{"approve":true}""");
        // Any value has no type of its own: generators would make a class of it.
        api.Schemas.Remove(nameof(JsonElement));
        api.Schema<ClaimBody>().Length("client_id", 1, ClientTools.LongestClientId)
            .Example("""{"client_id":"phone-7f3a"}""");
        api.Schema<MessageBody>().Items("media_urls", SendMessage.MaxMedia, 2_048);
        api.Schema<StopResult>().Note("stopped", "How many replies this call ended");
    }
}
