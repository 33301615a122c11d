using System.Buffers;

namespace Cote.Models;

/// <summary>The headers that an owner configures for a provider.</summary>
static class ProviderHeaders
{
    static readonly SearchValues<char> NameLetters = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~");

    // The transport's own: another value would break the request, or the reading of the answer.
    static readonly HashSet<string> Own = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Accept-Encoding", "Connection", "Expect", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    };

    /// <summary>What is wrong with a header, without its value; null where nothing is.</summary>
    public static string? WhatIsWrong(string name, string value) =>
        name.Length is 0 or > 128 || name.AsSpan().IndexOfAnyExcept(NameLetters) >= 0
            ? "it is no name of an HTTP header."
        : Own.Contains(name) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
            ? "Cote sets this header itself."
        : value.Length > 8_192 || value.Trim().Any(x => x is < ' ' or > '~')
            ? "it holds a character that cannot stand in an HTTP header."
        : null;

    /// <summary>The headers of a wire with those that are configured, which win.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> With(
        ProviderOptions options, params IEnumerable<(string Name, string Value)> own)
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in own)
            headers[name] = value;
        foreach (var (name, value) in options.Headers)
            headers[name] = value.Reveal().Trim();
        return [.. headers];
    }
}
