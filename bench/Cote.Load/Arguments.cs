using System.Globalization;

namespace Cote.Load;

/// <summary>
/// The command line: words, and options as <c>--name value</c>, <c>--name=value</c> or <c>--flag</c>.
/// </summary>
sealed class Arguments
{
    readonly Dictionary<string, string> _options = [];

    public Arguments(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                Words.Add(args[i]);
            else if (args[i].IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
                _options[args[i][2..at]] = args[i][(at + 1)..];
            else if (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                _options[args[i][2..]] = args[++i];
            else
                _options[args[i][2..]] = "";
        }
    }

    public List<string> Words { get; } = [];

    public bool Has(string name) => _options.ContainsKey(name);

    public string? Text(string name) => _options.TryGetValue(name, out var text) && text.Length > 0 ? text : null;

    public int Number(string name, int otherwise) =>
        Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    public TimeSpan Seconds(string name, double otherwise) =>
        TimeSpan.FromSeconds(Text(name) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise);

    public Uri Url => new(Text("url") ?? throw new FormatException("--url is missing: http://127.0.0.1:8000"));
}
