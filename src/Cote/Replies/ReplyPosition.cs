namespace Cote.Replies;

/// <summary>How far the text of a reply has come: the attempt that made it, and its length in UTF-16 units.</summary>
readonly record struct TextPosition(long Attempt, int Length)
{
    /// <summary>The position of a reader that knows nothing of a reply.</summary>
    public static readonly TextPosition None = new(-1, -1);

    /// <summary>
    /// True where this text replaces or continues the other: of a later attempt, or longer in the same one.
    /// </summary>
    public bool IsNewerThan(TextPosition other) =>
        Attempt > other.Attempt || (Attempt == other.Attempt && Length > other.Length);
}

/// <summary>The text of a reply, and the attempt that made it.</summary>
readonly record struct ReplyText(long Attempt, string Content)
{
    public TextPosition Position => new(Attempt, Content.Length);

    /// <summary>The newer of two texts of one reply; this one where they are equal.</summary>
    public ReplyText NewerOf(ReplyText? other) =>
        other is { } text && text.Position.IsNewerThan(Position) ? text : this;
}
