using System.Text.RegularExpressions;

namespace Cote.Users;

/// <summary>Where a browser login leads back to: RFC 8252 7.</summary>
static partial class RedirectUri
{
    static readonly string[] RunInBrowsers = ["javascript", "data", "vbscript", "file", "blob", "about"];

    /// <summary>
    /// Whether an app may be led to: the whole text is on the list, or would be with another port, where it is an
    /// address of the machine itself.
    /// </summary>
    public static bool IsListed(IEnumerable<string> list, string uri) =>
        uri.All(x => x is > ' ' and <= '~')
        && list.Any(x => x == uri || (PortOf().IsMatch(uri) && Bare(x) == Bare(uri)));

    /// <summary>What is wrong with one of the list, as the end of a sentence; null where nothing is.</summary>
    public static string? WhatIsWrong(string uri) =>
        !Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || !uri.All(x => x is > ' ' and <= '~')
            ? "is not an absolute URI in ASCII."
        : parsed.Fragment.Length > 0 ? "has a fragment."
        : RunInBrowsers.Contains(parsed.Scheme) ? "has a scheme that no app can be called by."
        : parsed.Scheme == Uri.UriSchemeHttp && !parsed.IsLoopback ? "is http on another machine; use https."
        : null;

    /// <summary>The URI with further parameters of its query.</summary>
    public static string With(string uri, params ReadOnlySpan<(string Name, string Value)> query)
    {
        foreach (var (name, value) in query)
            uri += $"{(uri.Contains('?') ? '&' : '?')}{name}={Uri.EscapeDataString(value)}";
        return uri;
    }

    static string Bare(string uri) => PortOf().Replace(uri, "$1");

    // What follows the port must begin a path or end the text, or `http://127.0.0.1:1@elsewhere` would pass.
    [GeneratedRegex(@"^(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(?=[/?]|\z)")]
    private static partial Regex PortOf();
}
