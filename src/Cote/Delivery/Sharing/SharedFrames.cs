using System.Text.Json.Nodes;
using Cote.Chats;
using Cote.Events;
using Cote.Http;

namespace Cote.Delivery;

/// <summary>The schemas of the frames that viewers of a share get.</summary>
static class SharedFrames
{
    public const string Frame = "SharedFrame";

    public static void Add(ApiDocument api)
    {
        var union = api.Schema(Frame)
            .Note("One frame of a share's stream. Later versions add types: ignore others.").Json;
        (union["oneOf"], union["discriminator"]) = (new JsonArray(), new JsonObject { ["propertyName"] = "type" });
        Add(api, EventTypes.Message, "SharedMessageFrame", ApiDocument.Ref<SharedMessage>(),
            "A message, whole: an upsert by `place`.");
        Add(api, EventTypes.Snapshot, "SharedSnapshotFrame", Data(api, "SharedSnapshot",
            ("place", OperationRules.Integer(1)), ("sender", Choice(Senders.Ai)),
            ("attempt", OperationRules.Integer(0)), ("content", Text())),
            "The text of a reply so far: replaces what the viewer holds.");
        api.Schema("SharedSnapshot").Property("parts", SharingApi.ListOfParts());
        Add(api, EventTypes.Delta, "SharedDeltaFrame", Data(api, "SharedDelta",
            ("place", OperationRules.Integer(1)), ("attempt", OperationRules.Integer(0)),
            ("offset", OperationRules.Integer(0)), ("text", Text())),
            "More text of a reply, at an offset in UTF-16 units.");
        Add(api, EventTypes.Reset, "SharedResetFrame", Data(api, "SharedReset",
            ("reason", Choice("start", "path", "title"))),
            "Fetch `GET /shared/{token}` again; the stream goes on.");
    }

    static void Add(ApiDocument api, string type, string name, JsonObject data, string description)
    {
        api.Schema(name).Note(description).Required("type", "data")
            .Property("type", Choice(type)).Property("data", data).Json["type"] = "object";
        var union = api.Schema(Frame).Json;
        union["oneOf"]!.AsArray().Add(ApiDocument.Ref(name));
        union["discriminator"]!.AsObject().Part("mapping")[type] = "#/components/schemas/" + name;
    }

    static JsonObject Data(ApiDocument api, string name, params (string Name, JsonObject Schema)[] properties)
    {
        var schema = api.Schema(name).Required([.. properties.Select(x => x.Name)]);
        schema.Json["type"] = "object";
        foreach (var (field, property) in properties)
            schema.Property(field, property);
        return ApiDocument.Ref(name);
    }

    static JsonObject Text() => new() { ["type"] = "string" };

    static JsonObject Choice(params string[] values) =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(x => (JsonNode)x)]) };
}
