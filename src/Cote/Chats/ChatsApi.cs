using Cote.Http;
using Cote.Models;
using Cote.Tools;

namespace Cote.Chats;

/// <summary>What the OpenAPI document says of chats and messages beyond their types.</summary>
static class ChatsApi
{
    static readonly string[] Types = ["text", "image", "audio", "video", "file", "code"];
    static readonly string[] Efforts = ["none", "low", "medium", "high"];
    static readonly string[] Importances = ["low", "normal", "high"];

    public static void Describe(ApiDocument api)
    {
        DescribeChats(api);
        PartSchema.Add(api);
        DescribeMessages(api);
        DescribeSearch(api);
        api.Operation(nameof(ListChats))
            .Query("before", "From the `Link` of the page before", new() { ["type"] = "integer", ["format"] = "int64" })
            .Query("archived", "`true`: the archived chats; without it those that are not archived",
                new() { ["type"] = "boolean" });
        api.Operation(nameof(GetMessage)).Query("parts", PartSchema.View);
        api.Operation(nameof(ListSiblings)).Query("parts", PartSchema.View);
        api.Operation(nameof(ListMessages))
            .Note("Without `after` a page holds the newest messages, ascending, and `Link` leads to the older ones; "
                + "with `after` it holds those that follow, and `Link` leads forward.")
            .Query("parts", PartSchema.View)
            .Query("branches", "`all` lists the whole tree; without it the active path is listed")
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
            .Note("activity", "Where it stands among the chats, the highest first: the number of the event that last "
                + "moved it; of an imported one below 0")
            .Note("leaf_id", "The last message of the active path, an open reply too; null in an empty chat")
            .Note("model", "An id of `GET /models`; null is the default").Note("system_prompt", "Null is the default")
            .Note("temperature", "Null is the default").Note("max_tokens", "Of a reply; null is the default")
            .Note("reasoning_effort", "How much the model thinks: `none`, `low`, `medium` or `high`; null is its own "
                + "measure")
            .Note("tools", "The tools that models may call, by name, or `<server>__*`; null is every tool")
            .OneOf("title_source", TitleSources.User, TitleSources.Auto)
            .Note("title_source", "Who made the title: a person, or Cote")
            .Note("temporary", "It goes by itself some time after its last message")
            .Length("last_message_content", 0, Chat.LongestExcerpt);
        Settings(api.Schema<NewChat>())
            .Note("title", "Required, but with `auto_title`")
            .Note("auto_title", "In place of `title`: Cote makes it of the first question")
            .Note("id", "A UUID of yours: with it the request is safe to repeat")
            .Note("temporary", "In no search and no export; it goes by itself")
            .Example("""{"title":"First chat"}""");
        Settings(api.Schema<ChatPatch>()).Note("Only the fields that are named change; null goes back to the default.")
            .Note("title", "Null: Cote makes it")
            .Example("""{"title":"Doves","is_pinned":true}""");
        api.Schema<ForkBody>().Length("title", 0, Chat.LongestTitle)
            .Note("message_id", "The last message that is copied; without it, the last of the active path")
            .Note("id", "A UUID of yours: with it the request is safe to repeat")
            .Example("{}");
        api.Operation(nameof(ForkChat)).Refuses(Problems.PathTooLong);
        api.Schema<CatalogueModel>().Format("id", null).Note("id", "`provider/model`")
            .Note("default", "Answers in chats that choose no model")
            .Note("context_tokens", "The window in tokens: prompt and reply together fit in it")
            .Note("vision", "Sees images").Note("audio", "Hears audio").Note("tools", "Calls tools");
    }

    static ApiSchema Settings(ApiSchema schema) => schema
        .Length("title", 0, Chat.LongestTitle)
        .Length("model", 0, 200)
        .Note("model", "An id of `GET /models`, or a provider's name alone for its first model")
        .Length("system_prompt", 0, ChatFields.LongestSystemPrompt)
        .Range("temperature", 0, 2).Range("max_tokens", 1, 10_000_000)
        .OneOf("reasoning_effort", Efforts)
        .Items("tools", ChatFields.MostTools, ToolNames.MaxLength)
        .Note("tools", "Names of `GET /tools`, or `<server>__*` for all of an MCP server; null is every tool");

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
            .Note("media", "The same uploads with what is known of them")
            .Note("reply_to_id", "Of a reply: its question. Of a user's message: what the user answers to")
            .Note("reply_id", "Of a user's message: the first reply to it")
            .Note("parent_id", "The message before it on its path; null at the beginning")
            .Note("on_path", "False beside the active path; absent on it")
            .Note("siblings", "Its place among the versions of it; absent where it is alone");
        api.Schema<Siblings>()
            .Note("The place of a message among those with the same parent and the same sender, by `seq`.")
            .Note("index", "From 1").Note("count", "At least 2")
            .Note("previous", "Null at the first").Note("next", "Null at the last");
        DescribeBodies(api, longest);
        api.Schema<Generation>().Note("How a reply comes about. On a user's message it has `error` alone.")
            .Note("finish_reason", "`stop`, `length`, `content_filter`, `tool_calls` or the provider's own word")
            .OneOf("state", States.Queued, States.Running, States.Completed, States.Stopped, States.Failed,
                States.Interrupted, States.Waiting)
            .Note("attempt", "The attempt that the text belongs to").Note("model", "`provider/model`");
        api.Schema<GenerationError>()
            .Note("code", "`rate_limited`, `timeout`, `truncated`, `bad_upstream`, `unauthorized`, "
            + "`context_too_long`, `filtered`, `empty`, `too_long`, `unsupported_media`, `budget_exceeded`; later versions add others");
        api.Schema<Feedback>().Note("What the user thinks of a reply.").Range("rating", -1, 1)
            .Note("rating", "1 or -1").Length("text", 0, Feedback.LongestText);
        api.Schema<FeedbackBody>().Range("rating", -1, 1).Note("rating", "1 or -1; null takes the feedback back")
            .Length("text", 0, Feedback.LongestText).Example("""{"rating":1}""");
        api.Schema<Usage>().Note("What the model calls of the reply have used, in tokens.")
            .Note("cached_input_tokens", "What of the input came from a cache, where the provider says")
            .Note("reasoning_tokens", "What of the output was thought, where the provider says")
            .Note("cost_usd", "Absent where the price of the model is unknown")
            .Note("estimated", "True where a provider did not count all of it; else absent");
    }

    static void DescribeBodies(ApiDocument api, int longest)
    {
        api.Schema<MessageBody>().OneOf("type", Types).OneOf("importance_level", Importances)
            .Length("content", 0, longest).Note("content", "May be empty only with `media_urls`")
            .Note("type", "`text` where absent. image, audio, video and file need `media_urls`")
            .Note("media_urls", "Uploads of yours")
            .Note("reply_to_id", "A message of the same chat")
            .Note("importance_level", "`normal` where absent. What is low leaves the prompt first")
            .Note("id", "A UUID of yours: with it the request is safe to repeat")
            .Note("parent_id", "The message that it follows; without it the last one of the active path")
            .Note("version_of", "A user's message that it is a version of: it gets its parent; not together with "
                + "`parent_id`")
            .Note("stop", "Ends the open replies of the chat first")
            .Note("client_tools", "Tools that the client executes itself: at most 32, 64 KB")
            .Note("client_id", "The installation that brings `client_tools`").Length("client_id", 1, 64)
            .Example("""{"content":"How do doves find their way home?"}""");
        api.Schema<ClientTool>().Property("parameters", new() { ["type"] = "object" })
            .Pattern("name", "^[A-Za-z0-9_-]{1,64}$")
            .Note("parameters", "The JSON schema of its arguments");
        api.Schema<RegenerateBody>()
            .Note("id", "The id of the new reply: with it the request is safe to repeat")
            .Note("model", "An id of `GET /models`; without it the chat's").Length("model", 0, 200)
            .Note("temperature", "Without it the chat's").Range("temperature", 0, 2)
            .OneOf("reasoning_effort", Efforts).Note("reasoning_effort", "Without it the chat's")
            .Note("max_tokens", "Without it the chat's").Range("max_tokens", 1, 10_000_000)
            .Note("continue", "Of a stopped or failed reply with text: the new one goes on after it")
            .Note("stop", "Ends the open replies of the chat first")
            .Example("""{"temperature":1}""");
        api.Schema<LeafBody>().Note("message_id", "The path through this message becomes active, down to where it was "
            + "left last")
            .Example("""{"message_id":"0199c2b4-6f6c-7d10-8d0c-6a1c2a3b4c5d"}""");
    }
}
