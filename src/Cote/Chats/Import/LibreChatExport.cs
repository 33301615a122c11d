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

    public static ImportedChat? Read(JsonElement json)
    {
        var options = json.Get("options");
        return new(Source, json.IdText("conversationId") ?? "", [.. Messages(json).Select(ReadMessage)])
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

    static ImportedMessage ReadMessage((JsonElement Json, string Id, string? Parent) message)
    {
        var (json, id, parent) = message;
        var parts = string.Join("\n\n",
            json.Get("content").Items().Select(TextOf).Where(x => !string.IsNullOrWhiteSpace(x)));
        return new(id, parent, RoleOf(json), WithoutThinking(parts.Length > 0 ? parts : json.AsText("text") ?? ""))
        {
            At = json.AsTime("createdAt"),
            Model = json.FirstText("model"),
            Files = [.. json.Get("files").Items().Concat(json.Get("attachments").Items())
                .Select(x => new ImportedFile(x.FirstText("filename", "name") ?? "file"))],
        };
    }

    static string? TextOf(JsonElement part) =>
        part.AsText("type") == "text" ? part.AsText("text") ?? part.Get("text").AsText("value") : null;

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
    static string WithoutThinking(string text)
    {
        if (!text.StartsWith(Thinking, StringComparison.Ordinal))
            return text;
        var end = text.IndexOf(ThinkingEnd, Thinking.Length, StringComparison.Ordinal);
        return end < 0 ? "" : text[(end + ThinkingEnd.Length)..].TrimStart();
    }
}
