using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Cote.Http;

/// <summary>
/// The paths in which a token of a share stands: the page <c>/s/{token}</c>, and below <c>/shared/{token}</c> what it
/// reads. Whoever has the token sees the chat, so it stands in no log; no other credentials are looked at.
/// </summary>
static partial class SharedPaths
{
    public const string Page = "/s";
    public const string Api = "/shared";

    /// <summary>The CORS policy of what the page reads, whose origin is opaque.</summary>
    public const string Policy = "shared";

    const string Hidden = "…";
    const string Fork = "/fork";
    const string PathTag = "url.path"; // of OpenTelemetry

    /// <summary>The path of a share's page.</summary>
    public static string PageOf(string token) => $"{Page}/{token}";

    /// <summary>The path of an upload of a share, counted from 1, and what tells that it is still the same.</summary>
    public static string MediaOf(string token, int number, string version) =>
        $"{Api}/{token}/media/{number}?v={version}";

    /// <summary>Whether a request is for what the page reads.</summary>
    public static bool IsApi(HttpContext http) => http.Request.Path.StartsWithSegments(Api);

    /// <summary>A path as it is logged: what follows <c>/s/</c> or <c>/shared/</c>, wherever that stands, is hidden.
    /// </summary>
    public static string Logged(PathString path)
    {
        var text = path.Value ?? "";
        // A slash may stand there encoded. Every second piece is the slash itself.
        var segments = Slash().Split(text);
        var isBeforeToken = false;
        for (var i = 0; i < segments.Length; i += 2)
            if (!isBeforeToken || segments[i].Length == 0) // Of two slashes the second is followed by the token.
                isBeforeToken |= IsBeforeToken(segments[i]);
            else
                (segments[i], isBeforeToken) = (Hidden, false);
        return string.Concat(segments);
    }

    /// <summary>
    /// Comes before authentication: only a copy into one's own chats needs a user. A trace, whoever makes it, has the
    /// path that the log has.
    /// </summary>
    public static void UseSharedPaths(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Features.Get<IHttpActivityFeature>()?.Activity is { } activity
            && Logged(http.Request.Path) is { } logged && logged != http.Request.Path.Value)
            activity.SetTag(PathTag, logged);
        if (IsApi(http) && !IsFork(http.Request.Path))
            http.Request.Headers.Remove(HeaderNames.Authorization);
        return next(http);
    });

    [GeneratedRegex("(/|%2f)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Slash();

    static bool IsFork(PathString path) =>
        path.Value!.TrimEnd('/').EndsWith(Fork, StringComparison.OrdinalIgnoreCase);

    static bool IsBeforeToken(string segment) => segment.Equals("s", StringComparison.OrdinalIgnoreCase)
        || segment.Equals("shared", StringComparison.OrdinalIgnoreCase);
}
