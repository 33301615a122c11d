using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Events;
using Cote.Http;

namespace Cote.Delivery;

/// <summary>The schemas of all frames: a union that is told apart by <c>type</c>.</summary>
static class FrameSchemas
{
    public const string Frame = "Frame";
    public const string PolledFrame = "PolledFrame";

    public static JsonObject Cursor() => new() { ["type"] = "string", ["pattern"] = "^[0-9a-z]{1,32}-[0-9]{1,19}$" };

    public static void Add(ApiDocument api)
    {
        var union = api.Schema(Frame)
            .Note("One frame of a socket or a stream. Later versions add types: ignore others.").Json;
        (union["oneOf"], union["discriminator"]) = (new JsonArray(), new JsonObject { ["propertyName"] = "type" });
        // No `oneOf`, of which NSwag writes what does not compile, and no discriminator, whose classes it does not
        // find.
        api.Schema(PolledFrame)
            .Note("One frame of a long-poll. Later versions add types: ignore others.").Json["anyOf"] = new JsonArray();

        AddFrame(api, EventTypes.Message, ApiDocument.Ref<Message>(), "A message, whole: an upsert by `id`",
            isDurable: true);
        AddFrame(api, EventTypes.MessageStatus, Data(api, "StatusChange",
            ("chat_id", Id()), ("message_id", Id()),
                ("status", Choice(Statuses.Sent, Statuses.Delivered, Statuses.Read))),
            "A new status, where no `message` says it", isDurable: true);
        AddFrame(api, EventTypes.MessageDeleted, Data(api, "DeletedMessage", ("chat_id", Id()), ("message_id", Id())),
            "A message was deleted", isDurable: true);
        AddFrame(api, EventTypes.MessageFeedback, Data(api, "FeedbackChange",
            ("chat_id", Id()), ("message_id", Id()), ("feedback", NullOr(ApiDocument.Ref<Feedback>()))),
            "What the user thinks of a reply; null: nothing any more", isDurable: true);
        AddFrame(api, EventTypes.MessageWaiting, Data(api, "WaitingReply",
            ("chat_id", Id()), ("message_id", Id()), ("calls", new()
            {
                ["type"] = "array",
                ["items"] = Data(api, "WaitingCall", ("call_id", Text()), ("name", Text()), ("source", Text())),
            })),
            "A reply waits for the answers to these calls; none: it goes on or has ended", isDurable: true);
        api.Schema("WaitingCall").Property("client_id", Text())
            .Note("client_id", "Of a client's call: the installation that sent the tool");
        AddFrame(api, EventTypes.ChatCreated, ApiDocument.Ref<Chat>(), "A new chat", isDurable: true);
        AddFrame(api, EventTypes.ChatUpdated, ApiDocument.Ref<Chat>(), "A chat whose own fields changed",
            isDurable: true);
        AddFrame(api, EventTypes.ChatDeleted, Data(api, "DeletedChat", ("chat_id", Id())), "A chat was deleted",
            isDurable: true);
        AddFrame(api, EventTypes.ChatPath, Data(api, "ChangedPath",
            ("chat_id", Id()), ("leaf_id", OrNull(Id())), ("after_seq", OperationRules.Integer(0)),
                ("last_message_content", Text())),
            "Another path is active: drop what is above `after_seq`, fetch what follows it", isDurable: true);
        AddFrame(api, EventTypes.Ready, Data(api, "Ready",
            ("cursor", Cursor()), ("heartbeat_ms", OperationRules.Integer(0)), ("user_id", Id())),
            "The first frame of a connection: where it starts");
        AddFrame(api, EventTypes.Reset, Data(api, "Reset",
            ("reason", Choice("epoch", "trimmed", "ahead", "too_far")), ("cursor", Cursor())),
            "Events are missing: call `GET /sync`; the connection goes on from this cursor");
        AddReplies(api);
        AddFrame(api, EventTypes.Typing, Data(api, "Typing",
            ("chat_id", Id()), ("sender", Choice(Senders.User, Senders.Ai)),
                ("is_typing", new JsonObject { ["type"] = "boolean" })),
            "Somebody types; it lapses after 8 s");
        AddFrame(api, EventTypes.Ping, Data(api, "Empty"), "After 25 s of silence; needs no answer");
        AddFrame(api, EventTypes.Pong, ApiDocument.Ref("Empty"), "The answer to a client's `ping`");
        AddFrame(api, EventTypes.Error, Data(api, "FrameError", ("code", Text()), ("detail", Text())),
            "What was wrong with a frame of the client's; not on a stream");
    }

    static void AddReplies(ApiDocument api)
    {
        AddFrame(api, EventTypes.Snapshot, Data(api, "Snapshot",
            ("chat_id", Id()), ("message_id", Id()), ("reply_to_id", Id()), ("seq", OperationRules.Integer(1)),
            ("model", Text()), ("attempt", OperationRules.Integer(0)), ("content", Text()),
            ("parent_id", OrNull(Id()))),
            "The text of a reply so far: replaces what the client holds");
        api.Schema("Snapshot").Property("rev", OperationRules.Integer(1)).Property("parts", PartSchema.ListOfParts())
            .Note("rev", "The revision of `parts`; both are absent where the reply is plain text")
            .Property("on_path", new JsonObject { ["type"] = "boolean" })
            .Property("siblings", ApiDocument.Ref<Siblings>());
        AddFrame(api, EventTypes.Delta, Data(api, "Delta",
            ("chat_id", Id()), ("message_id", Id()), ("attempt", OperationRules.Integer(0)),
            ("offset", OperationRules.Integer(0)), ("text", Text())),
            "More text of a reply, at an offset in UTF-16 units");
        AddFrame(api, EventTypes.Part, Data(api, "ChangedPart",
            ("chat_id", Id()), ("message_id", Id()), ("attempt", OperationRules.Integer(0)),
            ("index", OperationRules.Integer(0)), ("rev", OperationRules.Integer(1)),
            ("part", ApiDocument.Ref(PartSchema.Name))),
            "A part of a reply, whole: replaces the one at `index`, or is added behind the last");
        AddFrame(api, EventTypes.PartDelta, Data(api, "PartDelta",
            ("chat_id", Id()), ("message_id", Id()), ("attempt", OperationRules.Integer(0)),
            ("index", OperationRules.Integer(0)), ("offset", OperationRules.Integer(0)), ("text", Text())),
            "More text of a thought, at an offset in UTF-16 units");
    }

    static void AddFrame(ApiDocument api, string type, JsonObject data, string description, bool isDurable = false)
    {
        var name = string.Concat(type.Split('.').Select(x => char.ToUpperInvariant(x[0]) + x[1..])) + "Frame";
        var frame = api.Schema(name).Note(description + ".").Required("type", "data")
            .Property("type", Choice(type)).Property("data", data);
        frame.Json["type"] = "object";
        if (isDurable)
            frame.Property("cursor", Cursor()).Note("cursor", "Of a durable event");
        if (isDurable || type is EventTypes.Reset or EventTypes.Snapshot)
            api.Schema(PolledFrame).Json["anyOf"]!.AsArray().Add(ApiDocument.Ref(name));
        var union = api.Schema(Frame).Json;
        union["oneOf"]!.AsArray().Add(ApiDocument.Ref(name));
        union["discriminator"]!.AsObject().Part("mapping")[type] = "#/components/schemas/" + name;
    }

    static JsonObject Data(ApiDocument api, string name, params (string Name, JsonObject Schema)[] properties)
    {
        var schema = api.Schema(name);
        schema.Json["type"] = "object";
        schema.Json.Part("properties");
        foreach (var (field, property) in properties)
            schema.Property(field, property);
        if (properties.Length > 0)
            schema.Required([.. properties.Select(x => x.Name)]);
        return ApiDocument.Ref(name);
    }

    static JsonObject Id() => new() { ["type"] = "string", ["format"] = "uuid" };

    static JsonObject OrNull(JsonObject schema)
    {
        schema["type"] = new JsonArray("string", "null");
        return schema;
    }

    static JsonObject Text() => new() { ["type"] = "string" };

    static JsonObject NullOr(JsonObject schema) =>
        new() { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "null" }, schema) };

    static JsonObject Choice(params string[] values) =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(x => (JsonNode)x)]) };
}
