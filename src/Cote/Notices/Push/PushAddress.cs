namespace Cote.Notices;

/// <summary>Addresses of push services.</summary>
static class PushAddress
{
    public const int Longest = GuardedClient.LongestUrl;

    /// <summary>Whether it is an address that the operator may give a service.</summary>
    public static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) && url.Query.Length == 0;

    /// <summary>What is wrong with an endpoint that a user names; null where nothing is.</summary>
    public static string? WhatIsWrong(string endpoint) =>
        endpoint.Length > Longest ? $"an endpoint has up to {Longest} characters"
        : GuardedClient.Parse(endpoint) is null ? "an endpoint is an https address" : null;
}
