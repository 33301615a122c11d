namespace Cote.Client;

/// <summary>What a device keeps of a user's chats, with the position in the event log that it was true at.</summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="Cursor">The position.</param>
/// <param name="Chats">Oldest activity first.</param>
/// <param name="Paths">By chat: the messages of its path above a place.</param>
/// <param name="Open">The open replies.</param>
sealed record StoredState(
    string? UserId, string? Cursor, IReadOnlyList<Chat> Chats, IReadOnlyDictionary<string, StoredPath> Paths,
    IReadOnlyList<Message> Open);

/// <summary>The messages of a chat above a place.</summary>
sealed record StoredPath(long Floor, IReadOnlyList<Message> Items);
