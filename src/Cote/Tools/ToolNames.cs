using System.Buffers;

namespace Cote.Tools;

/// <summary>The names of tools, as models and clients know them.</summary>
static class ToolNames
{
    public const int MaxLength = 64;

    /// <summary>Stands between the name of an MCP server and that of its tool.</summary>
    public const string Separator = "__";

    static readonly SearchValues<char> Letters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    /// <summary>Whether a tool may have this name: <c>[A-Za-z0-9_-]{1,64}</c>.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxLength && name.AsSpan().IndexOfAnyExcept(Letters) < 0;

    /// <summary>
    /// The names of the tools of an MCP server, in their order: <c>server__tool</c>, other characters replaced by
    /// <c>_</c>, numbered where two become equal.
    /// </summary>
    public static IReadOnlyList<string> Of(string server, IEnumerable<string> tools)
    {
        var names = new List<string>();
        foreach (var tool in tools)
        {
            var name = server + Separator + string.Concat(tool.Select(x => Letters.Contains(x) ? x : '_'));
            name = name[..Math.Min(name.Length, MaxLength)];
            for (var (n, plain) = (2, name); names.Contains(name); n++)
            {
                var suffix = $"_{n}";
                name = plain[..Math.Min(plain.Length, MaxLength - suffix.Length)] + suffix;
            }
            names.Add(name);
        }
        return names;
    }
}
