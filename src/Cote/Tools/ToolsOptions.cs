using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote;

/// <summary>Tools that models call, and their limits.</summary>
public sealed class ToolsOptions : IValidatableObject
{
    /// <summary>
    /// The most steps of a reply: model calls that ask for tools. One last call without tools follows them.
    /// </summary>
    [Range(1, 1_000)]
    public int Steps { get; set; } = 16;

    /// <summary>The most tool calls of a reply; further ones fail with <c>limit</c>.</summary>
    [Range(1, 10_000)]
    public int Calls { get; set; } = 64;

    /// <summary>
    /// How long a tool call may take, in seconds. Then it ends <c>unknown</c> with <c>timeout</c>, <c>failed</c> where
    /// its tool only reads.
    /// </summary>
    [Range(1, 86_400)]
    public int CallSeconds { get; set; } = 60;

    /// <summary>
    /// How long a reply waits for a person or a client, in seconds. Then it ends <c>stopped</c>, its calls
    /// <c>denied</c> with <c>expired</c>.
    /// </summary>
    [Range(1, 31_536_000)]
    public int WaitSeconds { get; set; } = 86_400;

    /// <summary>The longest arguments of a tool call, in bytes of JSON; longer ones fail with <c>limit</c>.</summary>
    [Range(256, 1_048_576)]
    public int ArgumentBytes { get; set; } = 65_536;

    /// <summary>
    /// How much of a tool's output the model is given and a client is shown, in bytes; the whole of a longer one is
    /// kept as a file.
    /// </summary>
    [Range(256, 1_048_576)]
    public int OutputBytes { get; set; } = 65_536;

    /// <summary>MCP servers, each under a name of letters, digits and hyphens. One server serves all users.</summary>
    public IDictionary<string, McpServerOptions> Mcp { get; } =
        new Dictionary<string, McpServerOptions>(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in Mcp.Keys)
            if (name.Length > 32 || name.Any(x => !char.IsAsciiLetterOrDigit(x) && x != '-'))
                yield return new(
                    $"`{name}` is no name of an MCP server: it has up to 32 letters, digits and hyphens.",
                    [nameof(Mcp)]);
    }
}

/// <summary>An MCP server: one that is reached by its URL, or one that Cote starts by its command.</summary>
public sealed class McpServerOptions : IValidatableObject
{
    /// <summary>The endpoint of a server that speaks streamable HTTP.</summary>
    public string? Url { get; set; }

    /// <summary>The program of a server that speaks over its standard input and output.</summary>
    public string? Command { get; set; }

    /// <summary>The arguments of the program, one item each.</summary>
    public IList<string> Args { get; } = [];

    /// <summary>
    /// Variables of the program's environment, by name. Beside them it gets <c>PATH</c>, <c>HOME</c>, <c>LANG</c> and
    /// <c>TMPDIR</c>.
    /// </summary>
    public IDictionary<string, Secret> Env { get; } = new Dictionary<string, Secret>(StringComparer.Ordinal);

    /// <summary>
    /// Headers of every request to the URL, by name. <c>{user_id}</c> is replaced by the id of the user whose reply
    /// calls the tool.
    /// </summary>
    public IDictionary<string, Secret> Headers { get; } =
        new Dictionary<string, Secret>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The server's own names of the tools that are offered. Unset, or <c>*</c>: all.</summary>
    public IList<string> Allow { get; } = [];

    /// <summary>
    /// Whether a person is asked before a call: <c>ask</c> or <c>never</c>, for the whole server.
    /// </summary>
    [OneOf("ask", "never")]
    public string Approval { get; set; } = "ask";

    /// <summary>
    /// Whether what the server says of its tools is believed: those that only read are called without asking, and those
    /// that only read or are idempotent are called again after a crash.
    /// </summary>
    public bool TrustHints { get; set; }

    /// <summary>
    /// The server's own names of the tools that are called without asking even after a text of a tool or a document has
    /// entered the reply; <c>*</c> or <c>true</c> is all of them.
    /// </summary>
    public IList<string> Trusted { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(Url) == string.IsNullOrWhiteSpace(Command))
            yield return new("an MCP server has either a Url or a Command.", [nameof(Url)]);
        else if (Url is not null && !(Uri.TryCreate(Url, UriKind.Absolute, out var url)
            && url.Scheme is "http" or "https"))
            yield return new("it is no URL that begins with http:// or https://.", [nameof(Url)]);
    }
}
