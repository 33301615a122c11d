namespace Cote;

/// <summary>
/// The arguments of the program: the words of a command, and settings (<c>--Cote:Data:Directory=DIR</c>,
/// <c>--urls http://*:8000</c>), which may stand anywhere and are ASP.NET Core's configuration.
/// </summary>
/// <param name="Words">The command and its arguments; empty where the server is to start.</param>
/// <param name="Settings">As the host's configuration reads them.</param>
/// <param name="Fault">One sentence where an argument is neither; null otherwise.</param>
sealed record CommandLineArguments(IReadOnlyList<string> Words, string[] Settings, string? Fault)
{
    // A setting is a key with a section, which is checked where it is read, or one of the host's own. Any other flag
    // would be a setting that nothing reads: a typing error that starts a server.
    static readonly HashSet<string> HostKeys = new(StringComparer.OrdinalIgnoreCase)
    {
        "urls", "http_ports", "https_ports", "preferHostingUrls", "environment", "contentRoot", "webRoot",
        "applicationName", "shutdownTimeoutSeconds", "detailedErrors", "captureStartupErrors", "suppressStatusMessages",
        "preventHostingStartup", "hostingStartupAssemblies", "hostingStartupExcludeAssemblies", "allowedHosts",
    };

    /// <summary>Separates words and settings.</summary>
    public static CommandLineArguments Split(string[] args)
    {
        List<string> words = [], settings = [];
        for (var i = 0; i < args.Length; i++)
        {
            if (!IsSetting(args[i]))
                words.Add(args[i]);
            else if (args[i].Contains('=', StringComparison.Ordinal))
                settings.Add(args[i]);
            else if (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                settings.AddRange([args[i], args[++i]]);
            else
                return new([], [], $"{args[i]} needs a value: {args[i]}=VALUE.");
        }
        var fault = words is [var first, ..] && first.StartsWith('-') && !IsHelpOrVersion(first)
            ? $"{KeyOf(first)} is neither a command nor a setting. A setting is --Cote:Part:Name=VALUE "
                + "(docs/configuration.md), or one of ASP.NET Core's own such as --urls."
            : null;
        return new(words, [.. settings], fault);
    }

    static bool IsSetting(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && KeyOf(argument)[2..] is var key
        && (key.Contains(':', StringComparison.Ordinal) || HostKeys.Contains(key));

    static bool IsHelpOrVersion(string word) => word is "--help" or "-h" or "-?" or "--version";

    // Without the value, which may be a secret.
    static string KeyOf(string argument) => argument.Split('=', 2)[0];
}
