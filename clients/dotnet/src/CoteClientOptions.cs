namespace Cote.Client;

/// <summary>How live changes come.</summary>
public enum Transport
{
    /// <summary>By a socket, and where none can be opened by an event stream, and then by polls.</summary>
    Auto,

    /// <summary>By a WebSocket alone.</summary>
    Socket,

    /// <summary>By server-sent events alone.</summary>
    ServerSentEvents,

    /// <summary>By long-polls alone.</summary>
    Poll,
}

/// <summary>How a client is made.</summary>
/// <param name="Url">Where the server answers, such as <c>https://chat.example.com</c>.</param>
public sealed record CoteClientOptions(Uri Url)
{
    /// <summary>Where tokens, the outbox and what was shown are kept; null keeps them in memory.</summary>
    public ICoteStorage? Storage { get; init; }

    /// <summary>How live changes come.</summary>
    public Transport Transport { get; init; }

    /// <summary>What sends requests; null makes one. The client does not dispose it; sockets do not use it.</summary>
    public HttpMessageHandler? Handler { get; init; }

    /// <summary>How long a request may take; an upload has it for each piece, a long-poll on top of its own.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What this device is called in the list of sessions; null leaves it to the server.</summary>
    public string? DeviceName { get; init; }

    /// <summary>How many messages are fetched when a chat is opened, and by each step back: 1 to 1,000.</summary>
    public int PageSize { get; init; } = 100;
}
