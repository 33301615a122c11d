using System.Text.Json.Nodes;
using Cote.Http;

namespace Cote.Chats;

/// <summary>
/// The schema of a part: one object with the fields of all kinds, since later versions add kinds, and generators of
/// clients read a union each in its own way.
/// </summary>
static class PartSchema
{
    public const string Name = "Part";

    /// <summary>What the parameter <c>parts</c> says.</summary>
    public const string View = "How much of the parts of replies: `none`, `light` (where absent: thoughts by their length "
        + "alone) or `all`";

    public static void Add(ApiDocument api)
    {
        foreach (var kind in api.Schemas.Select(x => x.Key).Where(IsKind).ToList())
            api.Schemas.Remove(kind);
        api.Schemas[Name] = new JsonObject { ["type"] = "object" };
        api.Schema(Name)
            .Note("A part of a reply, told apart by `type`; docs/api.md says which fields each has. Later versions add "
                + "types and fields: ignore others.")
            .Required("type").Property("type", Text())
            .Note("type", "`text`, `reasoning`, `tool`, `source`, `file`, `step`…")
            .Property("start", Count()).Property("end", Count())
            .Note("start", "Of `text` and `source`: where it begins in `content`, in UTF-16 units")
            .Note("end", "Where that ends")
            .Property("text", Text()).Note("text", "Of `reasoning`: the thought; absent in the light view")
            .Property("ms", Count()).Note("ms", "How long it took, in milliseconds; absent while it lasts")
            .Property("length", Count()).Note("length", "Of `reasoning`: the UTF-16 units that the model sent")
            .Property("truncated", new JsonObject { ["type"] = "boolean" })
            .Note("truncated", "True where less is kept or shown")
            .Property("title", Text()).Property("url", Text()).Property("media_id", Text()).Property("snippet", Text())
            .Property("source", Text()).Note("source", "Of `tool`: `server`, `client` or `mcp:<server>`")
            .Property("client_id", Text()).Note("client_id", "Of a client's call: the installation that sent the tool")
            .Property("state", Text()).Note("state", "Of `tool`: `proposed`, `waiting`, `approved`, `running`, `done`, "
                + "`failed`, `denied` or `unknown`")
            .Property("input", new JsonObject()).Note("input", "Of `tool`: its arguments")
            .Property("output", new JsonObject()).Note("output", "Of `tool`: what it returned, JSON or a text")
            .Property("content_type", Text()).Property("name", Text()).Property("call_id", Text())
            .Property("error", new JsonObject())
            .Note("error", "Of `file`: why it could not be kept, such as `quota`; of `tool`: `{code, detail}`");
        api.Schema<Message>().Property("parts", ListOfParts())
            .Note("parts", "What a reply is made of beside its text; absent where it is plain text");
    }

    public static JsonObject ListOfParts() => new() { ["type"] = "array", ["items"] = ApiDocument.Ref(Name) };

    static bool IsKind(string schema) => schema == Name || schema.StartsWith(Name, StringComparison.Ordinal)
        && schema.EndsWith(Name, StringComparison.Ordinal);

    static JsonObject Text() => new() { ["type"] = "string" };

    static JsonObject Count() => new() { ["type"] = "integer", ["minimum"] = 0 };
}
