namespace Cote.Client;

/// <summary>A request that came to nothing.</summary>
/// <param name="status">The status of the answer; 0 where none came.</param>
/// <param name="code">
/// The server's stable code; <c>network</c> where no answer came, <c>closed</c> where the client was disposed of.
/// </param>
/// <param name="detail">A readable sentence.</param>
public sealed class CoteException(int status, string code, string detail) : Exception(detail)
{
    /// <summary>An error without a known reason.</summary>
    public CoteException() : this(0, "unknown", "The request failed") { }

    /// <summary>An error that a sentence describes.</summary>
    public CoteException(string message) : this(0, "unknown", message) { }

    /// <summary>No answer came, for this reason.</summary>
    public CoteException(string message, Exception innerException) : this(0, "network", message) =>
        Reason = innerException;

    // Not "network": nothing repeats what belongs to a client that is gone.
    internal static CoteException Closed(Exception? reason) =>
        new(0, "closed", "The client was closed") { Reason = reason };

    /// <summary>The status of the answer; 0 where none came.</summary>
    public int Status => status;

    /// <summary>The server's stable code; <c>network</c> where no answer came.</summary>
    public string Code => code;

    /// <summary>Of a 422: the fields that are wrong, as <c>body.title</c>, with a sentence for each.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the network said.</summary>
    public Exception? Reason { get; init; }

    /// <summary>Whether the server will say the same again: a 4xx that neither time nor a token changes.</summary>
    internal bool IsRefusal => Status is >= 400 and < 500 and not (401 or 408 or 423 or 425 or 429);

    /// <summary>
    /// Whether the same request may succeed soon: no answer, 5xx, 408, 423, and 429 but where a budget is used up.
    /// </summary>
    public bool IsTemporary => Status switch
    {
        0 => Code == "network",
        429 => Code != "budget_exceeded",
        501 or 507 => false,
        408 or 423 or >= 500 and < 600 => true,
        _ => false,
    };
}
