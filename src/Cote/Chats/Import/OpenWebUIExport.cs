using System.Text.Json;

namespace Cote.Chats;

/// <summary>
/// A chat of Open WebUI's exports: the row with its <c>chat</c>, or that alone, as older versions wrote it. The tree is
/// <c>history</c>; <c>messages</c> is its shown path, and all there is in the oldest files.
/// </summary>
static class OpenWebUIExport
{
    const string Source = "open-webui";

    public static ImportedChat? Read(JsonElement json, PartBounds bounds)
    {
        var chat = json.Get("chat").Is(JsonValueKind.Object) ? json.Get("chat") : json;
        var (history, list) = (chat.Get("history"), chat.Get("messages"));
        var isTree = history.Get("messages").Is(JsonValueKind.Object);
        if (!isTree && !list.Is(JsonValueKind.Array))
            return null;
        return new(Source, json.IdText("id") ?? chat.IdText("id") ?? "",
            isTree ? [.. history.Get("messages").Members().Select(x => ReadMessage(x.Name, x.Value, null, bounds))]
                : ReadList(list, bounds))
        {
            Title = json.FirstText("title") ?? chat.AsText("title") ?? "",
            CreatedAt = json.AsTime("created_at") ?? chat.AsTime("timestamp"),
            SystemPrompt = chat.FirstText("system") ?? chat.Get("params").FirstText("system"),
            LeafId = history.IdText("currentId"),
            IsPinned = json.IsTrue("pinned"),
            IsArchived = json.IsTrue("archived"),
        };
    }

    static List<ImportedMessage> ReadList(JsonElement list, PartBounds bounds)
    {
        var messages = new List<ImportedMessage>();
        foreach (var (place, json) in list.Items().Index())
            messages.Add(ReadMessage(
                json.IdText("id") ?? $"#{place}", json, messages is [.., var last] ? last.Id : null, bounds));
        return messages;
    }

    static ImportedMessage ReadMessage(string id, JsonElement json, string? before, PartBounds bounds)
    {
        var content = json.Get("content");
        var text = content.AsText() ?? string.Join("\n\n",
            content.Items().Select(x => x.AsText("text")).Where(x => !string.IsNullOrWhiteSpace(x)));
        var (role, parts) = (RoleOf(json), new ImportedParts(bounds));
        text = OpenWebUIDetails.Take(text, parts);
        if (role == ImportedRole.Assistant)
        {
            if (parts.IsPlain)
                text = OpenWebUIOutput.Take(json.Get("output"), text, parts);
            // Older versions call them citations.
            OpenWebUIOutput.TakeSources(json.Get("sources").Or(json.Get("citations")), parts);
        }
        return new(id, json.IdText("parentId") ?? before, role, text)
        {
            Parts = role == ImportedRole.Assistant ? parts.Items : [],
            At = json.AsTime("timestamp"),
            Model = json.FirstText("model"),
            Files = [.. json.Get("files").Items().Select(ReadFile),
                .. content.Items().Select(x => x.Get("image_url").AsText("url")).OfType<string>().Select(FromUrl)],
        };
    }

    static ImportedRole RoleOf(JsonElement json) => json.AsText("role") switch
    {
        "user" => ImportedRole.User,
        "assistant" => ImportedRole.Assistant,
        "system" => ImportedRole.System,
        "tool" => ImportedRole.Tool,
        null when !json.Is(JsonValueKind.Object) => ImportedRole.System,
        _ => ImportedRole.Unknown,
    };

    static ImportedFile ReadFile(JsonElement json)
    {
        var name = json.FirstText("name") ?? json.Get("file").FirstText("filename", "name");
        return json.AsText("url") is { } url && FromUrl(url) is { Data: not null } inline
            ? inline with { Name = name ?? inline.Name } : new(name ?? "image");
    }

    static ImportedFile FromUrl(string url) =>
        new("image", Data: url.StartsWith("data:", StringComparison.OrdinalIgnoreCase) ? url : null);
}
