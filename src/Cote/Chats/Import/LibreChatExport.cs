using System.Text;
using System.Text.Json;

namespace Cote.Chats;

/// <summary>
/// A conversation of LibreChat's exports: a list of messages with their parents, or, where it was exported
/// <c>recursive</c>, each message inside the one before, as deep as the chat is long.
/// </summary>
static class LibreChatExport
{
    const string Source = "librechat";
    const string Children = "children";
    const string Thinking = ":::thinking";
    const string ThinkingEnd = ":::";
    const string Between = "\n\n";

    public static ImportedChat? Read(JsonElement json, PartBounds bounds)
    {
        var options = json.Get("options");
        return new(Source, json.IdText("conversationId") ?? "",
            [.. Messages(json).Select(x => ReadMessage(x, bounds))])
        {
            Title = json.FirstText("title") ?? options.AsText("title") ?? "",
            CreatedAt = json.AsTime("createdAt"),
            SystemPrompt = options.FirstText("promptPrefix", "system", "instructions"),
            Temperature = options.AsNumber("temperature") is >= 0 and <= 2 and var temperature ? temperature : null,
        };
    }

    /// <summary>Whether a message is deeper than so many levels by itself.</summary>
    public static bool IsTooDeep(JsonElement json, int levels) =>
        json.Members().Any(x => x.Name is not ("messages" or "messagesTree") && x.Value.IsDeeper(levels - 1))
        || Messages(json).Any(x => x.Json.IsDeeper(levels, but: Children));

    // Without recursion: a chat may be ten thousand messages deep. In the order of the file.
    static IEnumerable<(JsonElement Json, string Id, string? Parent)> Messages(JsonElement json)
    {
        var left = new Stack<(JsonElement Json, string? Parent)>();
        Push(json.Get("messagesTree").Is(JsonValueKind.Array) ? json.Get("messagesTree") : json.Get("messages"), null);
        for (var place = 0; left.TryPop(out var next); place++)
        {
            var id = next.Json.IdText("messageId") ?? $"#{place}";
            yield return (next.Json, id, next.Parent ?? next.Json.IdText("parentMessageId"));
            Push(next.Json.Get(Children), id);
        }

        void Push(JsonElement list, string? parent)
        {
            foreach (var message in list.Items().Reverse())
                left.Push((message, parent));
        }
    }

    static ImportedMessage ReadMessage(
        (JsonElement Json, string Id, string? Parent) message, PartBounds bounds)
    {
        var (json, id, parent) = message;
        var (role, parts) = (RoleOf(json), new ImportedParts(bounds));
        var text = ReadText(json, parts);
        return new(id, parent, role, text)
        {
            Parts = role == ImportedRole.Assistant ? parts.Items : [],
            At = json.AsTime("createdAt"),
            Model = json.FirstText("model"),
            Files = [.. json.Get("files").Items().Concat(json.Get("attachments").Items())
                .Select(x => new ImportedFile(x.FirstText("filename", "name") ?? "file"))],
        };
    }

    static string ReadText(JsonElement json, ImportedParts parts)
    {
        var joined = new StringBuilder();
        var items = new List<(int Start, int End, JsonElement Item)>();
        foreach (var item in json.Get("content").Items())
        {
            var said = item.AsText("type") == "text" ? TextOf(item, "text") : null;
            if (string.IsNullOrWhiteSpace(said))
                said = "";
            else if (joined.Length > 0)
                joined.Append(Between);
            items.Add((joined.Length, joined.Append(said).Length, item));
        }
        var isText = joined.Length == 0;
        var whole = isText ? json.AsText("text") ?? "" : joined.ToString();
        var text = WithoutThinking(whole, parts);
        var cut = whole.Length - text.Length;
        foreach (var (start, end, item) in items)
        {
            parts.AddText(text, start - cut, end - cut);
            Add(parts, item);
        }
        if (isText)
            parts.AddText(text, 0, text.Length);
        return text;
    }

    static void Add(ImportedParts parts, JsonElement item)
    {
        if (item.AsText("type") == "think")
        {
            if (TextOf(item, "think") is { } thought)
                parts.AddThought(thought, null);
        }
        else if (item.AsText("type") == "tool_call" && item.Get("tool_call") is var call)
        {
            var function = call.Get("function"); // how assistants write it
            parts.AddCall(call.AsText("id"), call.AsText("name") ?? function.AsText("name"),
                PartBounds.InputOf(call.Get("args").Or(function.Get("arguments"))),
                PartBounds.OutputOf(call.Get("output").Or(function.Get("output"))));
        }
    }

    // A text, or an object that holds it.
    static string? TextOf(JsonElement item, string name) => item.AsText(name) ?? item.Get(name).AsText("value");

    static ImportedRole RoleOf(JsonElement json)
    {
        if (!json.Is(JsonValueKind.Object))
            return ImportedRole.System;
        var sender = json.AsText("sender") ?? json.AsText("role");
        return json.Get("isCreatedByUser").ValueKind switch
        {
            JsonValueKind.True => ImportedRole.User,
            JsonValueKind.False => ImportedRole.Assistant,
            _ when string.Equals(sender, "user", StringComparison.OrdinalIgnoreCase) => ImportedRole.User,
            _ when string.Equals(sender, "system", StringComparison.OrdinalIgnoreCase) => ImportedRole.System,
            _ when string.Equals(sender, "assistant", StringComparison.OrdinalIgnoreCase) => ImportedRole.Assistant,
            _ => ImportedRole.Unknown,
        };
    }

    // Reasoning stood in the text once, before the answer.
    static string WithoutThinking(string text, ImportedParts parts)
    {
        if (!text.StartsWith(Thinking, StringComparison.Ordinal))
            return text;
        var end = text.IndexOf(ThinkingEnd, Thinking.Length, StringComparison.Ordinal);
        parts.AddThought(text[Thinking.Length..(end < 0 ? text.Length : end)], null);
        return end < 0 ? "" : text[(end + ThinkingEnd.Length)..].TrimStart();
    }
}
