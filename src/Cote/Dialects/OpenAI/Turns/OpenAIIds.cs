using System.Globalization;

namespace Cote.Dialects.OpenAI;

/// <summary>One response: a reply, or the stretch of it between two waits, from 0.</summary>
readonly record struct ResponseKey(string ReplyId, int Index);

/// <summary>One piece of a message: the message, and the place of its part; null for a whole message of the user's.
/// </summary>
readonly record struct ItemKey(string MessageId, int? Part);

/// <summary>Cote's ids as OpenAI's clients see them. They name rows, so they are the same after any restart.</summary>
static class OpenAIIds
{
    public const string Call = "call_";
    public const string Approval = "mcpr_";

    /// <summary><c>resp_</c> and the reply; of a later stretch with its number, from 2.</summary>
    public static string OfResponse(string replyId, int index) => index == 0 ? $"resp_{replyId}"
        : string.Create(CultureInfo.InvariantCulture, $"resp_{replyId}_{index + 1}");

    public static ResponseKey? ResponseIn(string? id)
    {
        if (After("resp_", id) is not { } rest)
            return null;
        var number = 1;
        if (rest.Length > 36 && (rest[36] != '_' || !int.TryParse(rest.AsSpan(37), NumberStyles.None,
            CultureInfo.InvariantCulture, out number) || number < 2))
            return null;
        return rest.Length >= 36 && Ids.Parse(rest[..36]) is { } reply ? new(reply, number - 1) : null;
    }

    public static string OfConversation(string chatId) => $"conv_{chatId}";

    /// <summary>The chat of a conversation's id, or of a chat's own.</summary>
    public static string? ChatIn(string? id) => Ids.Parse(After("conv_", id) ?? id);

    /// <summary>The id of a message of the user's.</summary>
    public static string OfQuestion(string messageId) => $"msg_{messageId}";

    /// <summary>The id of an item that is a part of a reply.</summary>
    public static string OfItem(string prefix, string replyId, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{replyId}_{part}");

    /// <summary>The id of a call, unique in all chats: a client sends its output back with it.</summary>
    public static string OfCall(string replyId, string callId) => $"{Call}{replyId}_{callId}";

    /// <summary>The reply and its own id of a call.</summary>
    public static (string ReplyId, string CallId)? CallIn(string? id) =>
        After(Call, id) is { Length: > 37 } rest && rest[36] == '_' && Ids.Parse(rest[..36]) is { } reply
            ? (reply, rest[37..]) : null;

    /// <summary>What an item's id names.</summary>
    public static ItemKey? ItemIn(string? id)
    {
        if (id is null || id.IndexOf('_', StringComparison.Ordinal) is not (> 0 and var at))
            return null;
        var rest = id[(at + 1)..];
        if (rest.Length < 36 || Ids.Parse(rest[..36]) is not { } message)
            return null;
        if (rest.Length == 36)
            return new(message, null);
        return rest[36] == '_' && int.TryParse(
            rest.AsSpan(37), NumberStyles.None, CultureInfo.InvariantCulture, out var part) ? new(message, part) : null;
    }

    static string? After(string prefix, string? id) =>
        id?.StartsWith(prefix, StringComparison.Ordinal) == true ? id[prefix.Length..] : null;
}
