using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cote.Chats;

/// <summary>
/// A conversation of ChatGPT's <c>conversations.json</c>: a mapping of nodes, each with its parent and perhaps a
/// message. What the model thinks, what it asks of tools and what these answer are nodes too, among those of one reply.
/// </summary>
static partial class ChatGptExport
{
    const string Source = "chatgpt";

    public static ImportedChat? Read(JsonElement json, PartBounds bounds)
    {
        if (!json.Get("mapping").Is(JsonValueKind.Object))
            return null;
        var model = json.FirstText("default_model_slug");
        return new(Source, json.FirstText("conversation_id", "id") ?? "",
            [.. json.Get("mapping").Members().Select(x => ReadNode(x.Name, x.Value, model, bounds))])
        {
            Title = json.AsText("title") ?? "",
            CreatedAt = json.AsTime("create_time"),
            LeafId = json.AsText("current_node"),
            IsPinned = json.IsTrue("is_starred"),
            IsArchived = json.IsTrue("is_archived"),
        };
    }

    static ImportedMessage ReadNode(string id, JsonElement node, string? model, PartBounds bounds)
    {
        var (message, parent) = (node.Get("message"), node.AsText("parent"));
        if (!message.Is(JsonValueKind.Object))
            return new(id, parent, ImportedRole.System, "");
        var content = message.Get("content");
        var role = RoleOf(message, content);
        if (role is not (ImportedRole.User or ImportedRole.Assistant))
            return new(id, parent, role, "");
        var (isTool, isAside) = (IsTool(message), ChatGptParts.IsAside(message, content));
        // A tool that draws is how a reply shows pictures.
        var files = isAside ? [] : ReadFiles(message, content);
        // What a tool says of its pictures is meant for the model.
        var text = isTool || isAside ? "" : ReadText(content);
        var parts = new ImportedParts(bounds);
        if (role == ImportedRole.Assistant && !(isTool && files.Count > 0))
            ChatGptParts.Take(id, message, content, text, parts);
        return new(id, parent, role, text)
        {
            At = message.AsTime("create_time"),
            Model = role == ImportedRole.Assistant ? message.Get("metadata").FirstText("model_slug") ?? model : null,
            Files = files,
            Parts = parts.Items,
            EndsPart = isTool || content.AsText("content_type") == ChatGptParts.Recap,
        };
    }

    static ImportedRole RoleOf(JsonElement message, JsonElement content)
    {
        var type = content.AsText("content_type");
        if (message.Get("metadata").IsTrue("is_visually_hidden_from_conversation")
            || type is "user_editable_context" or "model_editable_context")
            return ImportedRole.System;
        return message.Get("author").AsText("role") switch
        {
            "user" => ImportedRole.User,
            "assistant" or "tool" => ImportedRole.Assistant,
            "system" or "developer" => ImportedRole.System,
            _ => ImportedRole.Unknown,
        };
    }

    static bool IsTool(JsonElement message) => message.Get("author").AsText("role") == "tool";

    static string ReadText(JsonElement content)
    {
        var text = ChatGptParts.TextOf(content);
        if (content.AsText("content_type") == "code" && text.Length > 0)
            text = $"```{CodeLanguage(content.AsText("language"))}\n{text}\n```";
        return Marks().Replace(text, "");
    }

    static string CodeLanguage(string? language) => language is null or "unknown" ? "" : language;

    // The same file may stand among the parts and among the attachments, which tell its name.
    static List<ImportedFile> ReadFiles(JsonElement message, JsonElement content)
    {
        var files = new List<ImportedFile>();
        foreach (var file in message.Get("metadata").Get("attachments").Items())
            Add(file.AsText("id"), file.FirstText("name") ?? "file");
        foreach (var part in content.Get("parts").Items())
        {
            var inner = part.Get("audio_asset_pointer"); // of a spoken message
            var pointer = part.AsText("asset_pointer") ?? inner.AsText("asset_pointer") ?? inner.AsText();
            if (pointer is not null)
                Add(pointer, IsAudio(part) ? "audio" : "image");
        }
        return files;

        void Add(string? pointer, string name)
        {
            var id = pointer is null ? null : IdIn(pointer);
            if (id is null || files.All(x => x.ArchiveId != id))
                files.Add(new(name, id));
        }
    }

    static bool IsAudio(JsonElement part) =>
        part.AsText("content_type")?.StartsWith("audio", StringComparison.Ordinal) == true;

    /// <summary>
    /// The id of a file in a pointer, or at the beginning of an entry's name; null where there is none.
    /// </summary>
    public static string? IdIn(string text) => FileId().Match(text) is { Success: true } match ? match.Value : null;

    [GeneratedRegex("file[-_][A-Za-z0-9]{8,80}")]
    private static partial Regex FileId();

    // What ChatGPT's pages replace by links of their own: letters of a private range around words for the page alone.
    [GeneratedRegex("\uE200[^\uE200\uE201]{0,2000}\uE201")]
    private static partial Regex Marks();
}
