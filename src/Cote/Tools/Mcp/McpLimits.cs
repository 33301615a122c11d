namespace Cote.Tools;

/// <summary>What an MCP server is given: time, and room.</summary>
static class McpLimits
{
    /// <summary>The longest answer, in bytes.</summary>
    public const int AnswerBytes = 1024 * 1024;

    /// <summary>The most tools of a server.</summary>
    public const int Tools = 1_000;

    /// <summary>The most pages of a list.</summary>
    public const int Pages = 50;

    /// <summary>All schemas and descriptions of a server together, in characters.</summary>
    public const int ListLength = 4 * 1024 * 1024;

    /// <summary>The longest description of a tool, in characters.</summary>
    public const int Description = 16_384;

    /// <summary>The longest name of a tool, of a file, and the longest title, in characters.</summary>
    public const int Name = 255;

    /// <summary>The longest error of a server that is passed on, in characters.</summary>
    public const int Error = 1_000;

    /// <summary>To connect and to list.</summary>
    public static readonly TimeSpan ToList = TimeSpan.FromSeconds(10);

    /// <summary>To say whether it speaks the newest protocol; one that is silent is taken for an older one.</summary>
    public static readonly TimeSpan ToDiscover = TimeSpan.FromSeconds(3);

    /// <summary>How long a server is left alone that did not answer.</summary>
    public static readonly TimeSpan Away = TimeSpan.FromSeconds(30);

    /// <summary>How long a list is good where the server does not say.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long it is good at least: SDKs write 0 where nobody has thought about it, and every step of a reply lists.
    /// </summary>
    public static readonly TimeSpan LeastFresh = TimeSpan.FromSeconds(5);

    /// <summary>And at most.</summary>
    public static readonly TimeSpan MostFresh = TimeSpan.FromDays(1);

    /// <summary>How long an end waits for what was said before it, and for a farewell.</summary>
    public static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(1);
}
