namespace Cote.Client;

/// <summary>How a client stands with its server.</summary>
public enum ConnectionStatus
{
    /// <summary>There is no session: log in.</summary>
    LoggedOut,

    /// <summary>It is about to connect.</summary>
    Connecting,

    /// <summary>What changes on the server arrives.</summary>
    Live,

    /// <summary>There is no connection; it is tried again, unless <see cref="State.Error"/> is set.</summary>
    Offline,
}

/// <summary>What a client shows: never changed, replaced by another after every change.</summary>
public sealed record State
{
    /// <summary>The state of a client that knows nothing.</summary>
    public static State Empty { get; } = new();

    /// <summary>How it stands with its server.</summary>
    public ConnectionStatus Status { get; init; }

    /// <summary>Who is logged in.</summary>
    public User? User { get; init; }

    /// <summary>All chats, archived ones too; newest activity first.</summary>
    public IReadOnlyList<Chat> Chats { get; init; } = [];

    /// <summary>By opened chat: the active path, by <see cref="Message.Seq"/>, open replies included.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Message>> Messages { get; init; } =
        new Dictionary<string, IReadOnlyList<Message>>();

    /// <summary>By chat: what was sent and is not acknowledged, in order.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Pending>> Pending { get; init; } =
        new Dictionary<string, IReadOnlyList<Pending>>();

    /// <summary>The chats in which the assistant types.</summary>
    public IReadOnlySet<string> Typing { get; init; } = new HashSet<string>();

    /// <summary>The chats that were opened and whose messages are not there yet.</summary>
    public IReadOnlySet<string> Loading { get; init; } = new HashSet<string>();

    /// <summary>The opened chats that have older messages: <see cref="CoteClient.MoreAsync"/>.</summary>
    public IReadOnlySet<string> HasMore { get; init; } = new HashSet<string>();

    /// <summary>What ended the connection for good; <see cref="CoteClient.StartAsync"/> tries again.</summary>
    public CoteException? Error { get; init; }
}

/// <summary>A message that waits in the outbox.</summary>
/// <param name="Id">The id that the message has or will have.</param>
/// <param name="Content">Its text.</param>
/// <param name="MediaUrls">The uploads that it names.</param>
/// <param name="IsFailed">True where the server refused it: retry or dismiss it.</param>
/// <param name="Error">Why it was refused.</param>
public sealed record Pending(
    string Id, string Content, IReadOnlyList<string> MediaUrls, bool IsFailed = false, CoteException? Error = null);

/// <summary>An account.</summary>
public sealed record User
{
    /// <summary>A UUID in lower case.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>The name to log in with.</summary>
    public string Username { get => field ?? ""; init; }

    /// <summary>The address to log in with.</summary>
    public string Email { get => field ?? ""; init; }

    /// <summary>What the user wants of every chat.</summary>
    public string? Instructions { get; init; }
}
