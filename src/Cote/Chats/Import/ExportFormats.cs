using System.Text.Json;

namespace Cote.Chats;

/// <summary>A chat that was read, or why there is none.</summary>
readonly record struct ReadChat(ImportedChat? Chat, string? Reason);

/// <summary>
/// The formats of exports. Each item is recognised by itself, by the members that only its product writes, so a file
/// may hold chats of several.
/// </summary>
static class ExportFormats
{
    /// <summary>Reads an item of a file.</summary>
    /// <param name="item">The item.</param>
    /// <param name="header">What a file of Cote's said before it.</param>
    /// <param name="bounds">What is taken of the parts of replies.</param>
    public static ReadChat Read(JsonItem item, ExportHeader header, PartBounds bounds)
    {
        if (item.Json.IsEmpty)
            return new(null, SkipReasons.Unreadable);
        if (item.Depth > LooseExport.Reading.MaxDepth)
            return new(null, SkipReasons.TooDeep);
        try
        {
            using var document = JsonDocument.Parse(item.Json, LooseExport.Reading);
            return Read(document.RootElement, item, header, bounds);
        }
        catch (JsonException)
        {
            return new(null, SkipReasons.Unreadable);
        }
    }

    static ReadChat Read(JsonElement json, JsonItem item, ExportHeader header, PartBounds bounds)
    {
        if (FormatOf(json) is not { } format)
            return new(null, SkipReasons.NotAChat);
        if (IsTooDeep(json, item.Depth, format))
            return new(null, SkipReasons.TooDeep);
        var chat = format switch
        {
            Format.ChatGpt => ChatGptExport.Read(json, bounds),
            Format.OpenWebUI => OpenWebUIExport.Read(json, bounds),
            Format.LibreChat => LibreChatExport.Read(json, bounds),
            _ => CoteExport.Read(json, header, bounds),
        };
        // What the product did not name is named by what it holds, so that the same file is the same chat.
        return chat is null ? new(null, SkipReasons.Unreadable)
            : new(chat.SourceId.Length > 0 ? chat : chat with { SourceId = NamedIds.OfContent(item.Json.Span) }, null);
    }

    /// <summary>Whether an item is a chat of a known product.</summary>
    public static bool IsKnown(JsonItem item)
    {
        if (item.Json.IsEmpty || item.Depth > LooseExport.Reading.MaxDepth)
            return false;
        try
        {
            using var document = JsonDocument.Parse(item.Json, LooseExport.Reading);
            return FormatOf(document.RootElement) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    enum Format { Cote, ChatGpt, OpenWebUI, LibreChat }

    static Format? FormatOf(JsonElement json)
    {
        if (!json.Get("mapping").Is(JsonValueKind.Undefined))
            return Format.ChatGpt;
        if (json.Get("chat").Is(JsonValueKind.Object))
            return json.Get("messages").Is(JsonValueKind.Array) ? Format.Cote : Format.OpenWebUI;
        if (json.Get("history").Is(JsonValueKind.Object))
            return Format.OpenWebUI;
        return !json.Get("conversationId").Is(JsonValueKind.Undefined)
            && (json.Get("messages").Is(JsonValueKind.Array) || json.Get("messagesTree").Is(JsonValueKind.Array))
            ? Format.LibreChat : null;
    }

    // In LibreChat's recursive form each message lies inside the one before: there the levels of a message count.
    static bool IsTooDeep(JsonElement json, int depth, Format format) =>
        depth > ImportLimits.Levels
        && (format != Format.LibreChat || LibreChatExport.IsTooDeep(json, ImportLimits.Levels));
}
