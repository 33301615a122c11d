namespace Cote.Client;

/// <summary>What a device keeps of a user's chats, with the position in the event log that it was true at.</summary>
/// <param name="Version">The form of it: <see cref="Form"/>, or it is of no use.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Cursor">The position.</param>
/// <param name="Chats">All chats, in any order.</param>
/// <param name="Paths">By chat: the messages of its path above a place.</param>
/// <param name="Open">The open replies.</param>
/// <param name="Wants">What was still to be fetched.</param>
sealed record StoredState(
    int Version, string? UserId, string? Cursor, IReadOnlyList<Chat> Chats,
    IReadOnlyDictionary<string, StoredPath> Paths, IReadOnlyList<Message> Open, IReadOnlyList<Want> Wants)
{
    /// <summary>The form that this version writes.</summary>
    public const int Form = 2;
}

/// <summary>The messages of a chat above a place.</summary>
sealed record StoredPath(long Floor, IReadOnlyList<Message> Items);
