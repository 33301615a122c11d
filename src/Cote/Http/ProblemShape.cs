using Microsoft.AspNetCore.Http;

namespace Cote.Http;

/// <summary>
/// The form that problems take below a path, in place of the shared one: a room registers it, and whatever answers a
/// request there writes it, the refusal of a token and a path that nobody serves included.
/// </summary>
/// <param name="path">The path, without a slash at its end.</param>
abstract class ProblemShape(string path)
{
    /// <summary>Whether a request has this form.</summary>
    public bool Holds(HttpContext http) => http.Request.Path.StartsWithSegments(path);

    /// <summary>
    /// Writes the answer. <c>WWW-Authenticate</c> and <c>Retry-After</c> stand in its headers before.
    /// </summary>
    public abstract Task WriteAsync(HttpContext http, Problem problem);
}
