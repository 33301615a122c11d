using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>
/// A multipart form whose part called <c>file</c> is read as a stream; of the others little is taken.
/// </summary>
sealed class FileForm
{
    /// <summary>The most bytes of the parts that are not the file.</summary>
    public const long MostOtherBytes = MostParts * (long)LongestOtherPart;

    const int MostParts = 32;
    const int LongestOtherPart = 64 * 1024;
    const int LongestBoundary = 200;

    readonly MultipartReader _form;

    FileForm(MultipartReader form) => _form = form;

    /// <summary>The form of a request; null where its body is none.</summary>
    public static FileForm? Of(HttpContext http) =>
        http.Request.HasFormContentType && MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type)
        && HeaderUtilities.RemoveQuotes(type.Boundary) is { Length: > 0 and <= LongestBoundary } boundary
            ? new(new MultipartReader(boundary.ToString(), http.Request.Body)) : null;

    /// <summary>Whether a form ends before its last boundary, or its headers are no headers.</summary>
    public static bool IsBroken(Exception error, HttpContext http) => error is InvalidDataException
        || (error is IOException and not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested);

    /// <summary>The first part called <c>file</c>, and the name that the client gave it.</summary>
    public async Task<(MultipartSection Section, string? Name)?> FindFileAsync(CancellationToken ct)
    {
        for (var parts = 0; parts < MostParts && await _form.ReadNextSectionAsync(ct) is { } section; parts++)
        {
            if (ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var said)
                && HeaderUtilities.RemoveQuotes(said.Name).Equals("file", StringComparison.Ordinal))
                return (section, said.FileNameStar.HasValue ? said.FileNameStar.Value : NameOf(said.FileName));
            if (!await SkipAsync(section, ct))
                return null;
        }
        return null;
    }

    /// <summary>Reads up to the last boundary: a body that ends before it was cut off.</summary>
    public async Task<Problem?> SkipRestAsync(CancellationToken ct)
    {
        for (var parts = 0; await _form.ReadNextSectionAsync(ct) is { } section; parts++)
            if (parts == MostParts || !await SkipAsync(section, ct))
                return Problems.TooLarge;
        return null;
    }

    // A quoted name escapes only quotes and backslashes. Older Windows programs send a whole path with plain
    // backslashes.
    static string NameOf(StringSegment quoted) =>
        HeaderUtilities.RemoveQuotes(quoted).ToString().Replace("\\\\", "\\").Replace("\\\"", "\"");

    static async Task<bool> SkipAsync(MultipartSection section, CancellationToken ct)
    {
        var buffer = new byte[4_096];
        var left = LongestOtherPart;
        while (await section.Body.ReadAsync(buffer, ct) is > 0 and var read)
            if ((left -= read) < 0)
                return false;
        return true;
    }
}
