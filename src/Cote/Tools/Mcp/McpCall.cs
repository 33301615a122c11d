namespace Cote.Tools;

/// <summary>
/// One call while it is under way: whose it is, and how far it came. It flows with the call into the transport, where
/// nothing else says which of several requests is sent.
/// </summary>
sealed class McpCall(string userId)
{
    static readonly AsyncLocal<McpCall?> Local = new();

    /// <summary>The call that this flow of execution serves; null where it connects or lists.</summary>
    public static McpCall? Current
    {
        get => Local.Value;
        set => Local.Value = value;
    }

    public string UserId => userId;

    /// <summary>Whether it was handed to the server; before that it cannot have been executed.</summary>
    public bool IsSent { get; set; }

    /// <summary>The status of the HTTP answer.</summary>
    public int? Status { get; set; }

    /// <summary>Whether its answer was longer than is read.</summary>
    public bool IsTooLong { get; set; }
}
