using Cote.Http;
using Cote.Models;

namespace Cote.Chats;

/// <summary>What the OpenAPI document says of chats and messages beyond their types.</summary>
static class ChatsApi
{
    static readonly string[] Types = ["text", "image", "audio", "video", "file", "code"];
    static readonly string[] Importances = ["low", "normal", "high"];

    public static void Describe(ApiDocument api)
    {
        DescribeChats(api);
        DescribeMessages(api);
        DescribeSearch(api);
        api.Operation(nameof(ListChats))
            .Query("before", "From the `Link` of the page before", OperationRules.Integer(0));
        api.Operation(nameof(ListMessages))
            .Note("Without `after` a page holds the newest messages, ascending, and `Link` leads to the older ones; "
                + "with `after` it holds those that follow, and `Link` leads forward.")
            .Query("before", "Only messages with a smaller `seq`", OperationRules.Integer(0))
            .Query("after", "Only messages with a greater `seq`; not together with `before`",
                OperationRules.Integer(0));
    }

    static void DescribeChats(ApiDocument api)
    {
        api.Schema<Chat>()
            .Note("last_message_time", "When the message was sent or ended that did so last; without one `created_at`")
            .Note("last_message_content", "The first 500 UTF-16 units of that message")
            .Note("last_seq", "The highest `seq` in the chat")
            .Note("changed", "The number of the user's event that last changed anything in it")
            .Note("model", "An id of `GET /models`; null is the default").Note("system_prompt", "Null is the default")
            .Note("temperature", "Null is the default").Note("max_tokens", "Of a reply; null is the default")
            .Length("last_message_content", 0, Chat.LongestExcerpt);
        api.Schema<NewChat>().Length("title", 0, Chat.LongestTitle)
            .Note("id", "A UUID of yours: with it the request is safe to repeat")
            .Example("""{"title":"First chat"}""");
        api.Schema<ChatPatch>().Note("Only the fields that are named change; null goes back to the default.")
            .Length("title", 0, Chat.LongestTitle)
            .Length("model", 0, 200)
            .Note("model", "An id of `GET /models`, or a provider's name alone for its first model")
            .Length("system_prompt", 0, UpdateChat.LongestSystemPrompt)
            .Range("temperature", 0, 2).Range("max_tokens", 1, 10_000_000)
            .Example("""{"title":"Doves","is_pinned":true}""");
        api.Schema<CatalogueModel>().Format("id", null).Note("id", "`provider/model`")
            .Note("default", "Answers in chats that choose no model");
    }

    static void DescribeSearch(ApiDocument api)
    {
        api.Operation(nameof(SearchChats))
            .Note("Words are compared without regard to case, marks and width; all must occur, the last one as a "
                + "beginning. What is in quotes occurs as it stands. Chinese, Japanese, Korean and Thai are found by "
                + "their letters. A page may hold fewer than `limit` and still have a `next`. While the index catches "
                + "up, answers carry `Cote-Search-Complete: false`.")
            .NeedsQuery("q", "What is looked for", new()
            {
                ["type"] = "string",
                ["minLength"] = 1,
                ["maxLength"] = SearchChats.LongestQuery,
            })
            .Query("chat_id", "Only in this chat")
            .Query("sender", "Only messages of `user` or `ai`")
            .Query("limit", "The most hits of a page; 20 where absent", OperationRules.Integer(1, SearchChats.MostHits))
            .Query("before", "From the `Link` of the page before", OperationRules.Integer(0))
            .AnswersHeaders(200, SearchChats.Complete);
        api.Schema<SearchHit>().Note("A text that was found; where a title was, there is no message.")
            .OneOf("sender", Senders.User, Senders.Ai)
            .Note("timestamp", "Of the message; of a title, when the chat was created")
            .Note("on_path", "`false` for a message beside the active path; else absent")
            .Note("snippet", "A piece of the text of up to 300 UTF-16 units").Length("snippet", 1, Snippet.Longest)
            .Note("ranges", "What was found in `snippet`: `[start, end]` in UTF-16 units, ascending");
    }

    static void DescribeMessages(ApiDocument api)
    {
        var longest = api.Get<MessagesOptions>().MaxContentLength;
        api.Schema<Message>().OneOf("type", Types).OneOf("importance_level", Importances)
            .OneOf("sender", Senders.User, Senders.Ai).OneOf("status", Statuses.Sent, Statuses.Delivered, Statuses.Read)
            .Note("seq", "Its place in the chat").Note("content", "Of a reply: the text so far")
            .Note("timestamp", "When it was sent; of a reply, when it was first listed")
            .Note("status", "Only moves forward")
            .Note("media_urls", "Signed; they work without a token for a day or two")
            .Note("reply_to_id", "Of a reply: its question. Of a user's message: what the user answers to")
            .Note("reply_id", "Of a user's message: the reply to it");
        api.Schema<MessageBody>().OneOf("type", Types).OneOf("importance_level", Importances)
            .Length("content", 0, longest).Note("content", "May be empty only with `media_urls`")
            .Note("type", "`text` where absent. image, audio, video and file need `media_urls`")
            .Note("media_urls", "Uploads of yours")
            .Note("reply_to_id", "A message of the same chat")
            .Note("importance_level", "`normal` where absent. What is low leaves the prompt first")
            .Note("id", "A UUID of yours: with it the request is safe to repeat")
            .Example("""{"content":"How do doves find their way home?"}""");
        api.Schema<Generation>().Note("How a reply comes about. On a user's message it has `error` alone.")
            .Note("finish_reason", "`stop`, `length`, `content_filter`, `tool_calls` or the provider's own word")
            .OneOf("state", States.Queued, States.Running, States.Completed, States.Stopped, States.Failed,
                States.Interrupted)
            .Note("attempt", "The attempt that the text belongs to").Note("model", "`provider/model`");
        api.Schema<GenerationError>()
            .Note("code", "`rate_limited`, `timeout`, `truncated`, `bad_upstream`, `unauthorized`, "
            + "`context_too_long`, `filtered`, `empty`, `too_long`, `unsupported_media`; later versions add others");
        api.Schema<Usage>().Note("What the provider counted, in tokens.");
    }
}
