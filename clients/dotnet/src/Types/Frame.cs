using System.Text.Json;

namespace Cote.Client;

/// <summary>What the server sends: docs/realtime.md, frames.</summary>
sealed record Frame(string Type, JsonElement Data, string? Cursor = null);

/// <summary>The answer of <c>GET /sync</c>.</summary>
sealed record SyncAnswer(string Cursor, IReadOnlyList<Chat> Chats, IReadOnlyList<Snapshot> Running);

/// <summary>The answer of a long-poll.</summary>
sealed record PollAnswer(IReadOnlyList<Frame> Events, string Cursor);

/// <summary>The data of <c>message.snapshot</c>, and what <c>running</c> of a sync holds.</summary>
sealed record Snapshot(
    string ChatId, string MessageId, string? ReplyToId, long Seq, string? Model, long Attempt, string? Content,
    string? ParentId, IReadOnlyList<Part>? Parts = null, long? Rev = null, bool? OnPath = null,
    Siblings? Siblings = null, Generation? Generation = null, string? State = null);

/// <summary>The data of <c>message.delta</c> and <c>message.part.delta</c>.</summary>
sealed record Delta(string ChatId, string MessageId, long Attempt, int Offset, string Text, int Index = 0);

/// <summary>The data of <c>message.part</c>.</summary>
sealed record PartChange(string ChatId, string MessageId, long Attempt, int Index, long Rev, Part Part);

/// <summary>The data of the small durable frames; each has some of the fields.</summary>
sealed record Change(
    string ChatId, string? MessageId = null, string? Status = null, string? LeafId = null, long AfterSeq = 0,
    string? LastMessageContent = null, Feedback? Feedback = null, IReadOnlyList<JsonElement>? Calls = null,
    string? Sender = null, bool IsTyping = false);

/// <summary>The data of <c>ready</c>.</summary>
sealed record Ready(string Cursor, int HeartbeatMs, string? UserId = null);
