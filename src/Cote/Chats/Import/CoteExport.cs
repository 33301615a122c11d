using System.Text.Json;
using Cote.Media;
using Cote.Primitives;
using Cote.Tools;

namespace Cote.Chats;

/// <summary>A chat of Cote's own exports, of an account or of one chat.</summary>
static class CoteExport
{
    const string Source = "cote";
    static readonly string[] Types = ["text", "image", "audio", "video", "file", "code"];
    static readonly string[] Importances = ["low", "normal", "high"];

    public static ImportedChat? Read(JsonElement json, ExportHeader header, PartBounds bounds)
    {
        var chat = json.Get("chat");
        var isTree = json.Get("messages").Items().Any(x => !x.Get("parent_id").Is(JsonValueKind.Undefined));
        var messages = new List<ImportedMessage>();
        foreach (var (place, message) in json.Get("messages").Items().Index())
        {
            // Before chats were trees each message followed the one before.
            var before = isTree ? message.AsText("parent_id") : messages is [.., var last] ? last.Id : null;
            messages.Add(ReadMessage(message.IdText("id") ?? $"#{place}", before, message, header, bounds));
        }
        return new(Source, chat.IdText("id") ?? "", messages)
        {
            OwnerId = header.UserId,
            Title = chat.AsText("title") ?? "",
            CreatedAt = chat.AsTime("created_at"),
            SystemPrompt = chat.FirstText("system_prompt"),
            Model = chat.FirstText("model"),
            Temperature = chat.AsNumber("temperature") is >= 0 and <= 2 and var temperature ? temperature : null,
            MaxTokens = chat.AsNumber("max_tokens") is >= 1 and <= 10_000_000 and var most ? (int)most : null,
            ReasoningEffort = chat.AsText("reasoning_effort") is { } effort && ChatFields.Efforts.Contains(effort)
                ? effort : null,
            Tools = chat.Get("tools").Is(JsonValueKind.Array) ? ToolsOf(chat.Get("tools")) : null,
            IsPinned = chat.IsTrue("is_pinned"),
            IsArchived = chat.IsTrue("is_archived"),
            LeafId = chat.AsText("leaf_id"),
        };
    }

    static ImportedMessage ReadMessage(
        string id, string? parent, JsonElement json, ExportHeader header, PartBounds bounds)
    {
        var generation = ReadGeneration(json.Get("generation"));
        var role = json.AsText("sender") switch
        {
            Senders.User => ImportedRole.User,
            Senders.Ai => ImportedRole.Assistant,
            _ => ImportedRole.Unknown,
        };
        return new(id, parent, role, json.AsText("content") ?? "")
        {
            At = json.AsTime("timestamp"),
            Model = generation?.Model,
            Type = Choice(json.AsText("type"), Types, "text"),
            Importance = Choice(json.AsText("importance_level"), Importances, "normal"),
            ReplyToId = role == ImportedRole.User ? json.AsText("reply_to_id") : null,
            Generation = generation,
            Feedback = role == ImportedRole.Assistant ? ReadFeedback(json.Get("feedback")) : null,
            Parts = role == ImportedRole.Assistant ? ReadParts(json.Get("parts"), bounds) : [],
            KeepsEmpty = role == ImportedRole.Assistant && generation?.State is not null,
            Files = [.. json.Get("media_urls").Items().Select(x => x.AsText()).OfType<string>()
                .Select(x => FileOf(x, header))],
        };
    }

    // One that this server does not have is offered to nobody.
    static IReadOnlyList<string> ToolsOf(JsonElement json) =>
    [
        .. json.Items().Select(x => x.AsText()).OfType<string>().Where(x => x.Length is > 0 and <= ToolNames.MaxLength)
            .Distinct().Take(ChatFields.MostTools),
    ];

    static Feedback? ReadFeedback(JsonElement json) => json.AsNumber("rating") is (1 or -1) and var rating
        ? new((long)rating, json.AsText("text") is { } text ? Excerpt.Of(text, Feedback.LongestText) : null) : null;

    // A kind that a later version writes is left out, and so is a part that is not as Cote writes it.
    static List<Part> ReadParts(JsonElement json, PartBounds bounds)
    {
        var parts = new List<Part>();
        foreach (var part in json.Items().Take(PartBounds.MostParts))
            try
            {
                if (part.Deserialize(WireJson.Part) is { } read && bounds.Keep(read) is { } kept)
                    parts.Add(kept);
            }
            catch (Exception error) when (error is JsonException or NotSupportedException or InvalidOperationException)
            {
            }
        return parts;
    }

    static Generation? ReadGeneration(JsonElement json)
    {
        if (!json.Is(JsonValueKind.Object))
            return null;
        // A reply that was still being made when it was exported is not made any further.
        var state = json.AsText("state") is { } given
            ? Choice(given, [States.Completed, States.Stopped, States.Failed], States.Interrupted) : null;
        var usage = json.Get("usage");
        return new(state, 1, json.FirstText("model"), json.FirstText("finish_reason"),
            json.Get("error").FirstText("code") is { } code
                ? new(code, json.Get("error").AsText("detail") ?? "") : null,
            usage.AsNumber("input_tokens") is { } input && usage.AsNumber("output_tokens") is { } output
                ? new((long)input, (long)output) : null);
    }

    static ImportedFile FileOf(string url, ExportHeader header)
    {
        var id = MediaLinks.IdOf(url);
        return new(id is null ? "file" : header.NameOf(id) ?? id, MediaId: id);
    }

    static string Choice(string? given, string[] choices, string other) => choices.Contains(given) ? given! : other;
}
