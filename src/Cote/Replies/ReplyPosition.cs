using Cote.Chats;

namespace Cote.Replies;

/// <summary>How far a reply has come, or a reader of it.</summary>
/// <param name="Attempt">The attempt that text and parts belong to.</param>
/// <param name="Length">UTF-16 units of its text.</param>
/// <param name="Rev">The revision of its parts.</param>
/// <param name="Thought">UTF-16 units of its last part, where that is a thought.</param>
readonly record struct ReplyPosition(long Attempt, int Length, long Rev = 0, int Thought = 0)
{
    /// <summary>The position of a reader that knows nothing of a reply.</summary>
    public static readonly ReplyPosition None = new(-1, -1);

    /// <summary>
    /// True where this one replaces or continues the other: of a later attempt, or farther in the same one.
    /// </summary>
    public bool IsNewerThan(ReplyPosition other) => Attempt > other.Attempt
        || (Attempt == other.Attempt && (Length > other.Length || Rev > other.Rev
            || (Rev == other.Rev && Thought > other.Thought)));
}

/// <summary>The text and the parts of a reply at one moment, and the attempt that made them.</summary>
readonly record struct ReplyText(long Attempt, string Content, ReplyParts Parts)
{
    /// <summary>Nothing.</summary>
    public static readonly ReplyText None = new(0, "", ReplyParts.None);

    public ReplyPosition Position => new(
        Attempt, Content.Length, Parts.Rev,
        Parts.Items is [.., { Part: ReasoningPart thought }] ? thought.Text?.Length ?? 0 : 0);

    /// <summary>What its rows hold once it is written.</summary>
    public SavedParts Saved => SavedParts.Of(Attempt, Parts);

    /// <summary>Whether there is nothing of it yet.</summary>
    public bool IsEmpty => Content.Length == 0 && Parts.Rev == 0;

    /// <summary>The newer of two texts of one reply; this one where they are equal.</summary>
    public ReplyText NewerOf(ReplyText? other) =>
        other is { } text && text.Position.IsNewerThan(Position) ? text : this;
}
