using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>
/// <c>POST /upload/</c>: the first part called <c>file</c> of a multipart form, streamed to the disk and never held in
/// memory.
/// </summary>
static class UploadFile
{
    const int MostParts = 32;
    const int LongestOtherPart = 64 * 1024;
    const int LongestBoundary = 200;

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, MediaIngest ingest, MediaLinks links, MediaOptions options,
        CancellationToken ct)
    {
        // The server's limit is for JSON. This route counts for itself, and answers 413 where the server would break
        // the connection under a client that still sends.
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (http.Request.ContentLength > options.MaxUploadBytes + MostParts * (long)LongestOtherPart)
            return ApiResults.Of(Problems.TooLarge);
        if (!http.Request.HasFormContentType || !MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type)
            || HeaderUtilities.RemoveQuotes(type.Boundary) is not { Length: > 0 and <= LongestBoundary } boundary)
            return ApiResults.Of(MediaIngest.WrongFile(null));

        IngestResult result;
        try
        {
            var form = new MultipartReader(boundary.ToString(), http.Request.Body);
            result = await FindFileAsync(form, ct) is not { } part ? MediaIngest.WrongFile(null)
                : await ingest.ReceiveAsync(user.Id, part.Section.Body, part.Name, () => SkipRestAsync(form, ct), ct);
        }
        catch (Exception error) when (error is InvalidDataException
            || (error is IOException and not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested))
        {
            // It ends before its last boundary, or its headers are no headers.
            return ApiResults.Of(MediaIngest.WrongFile("the form is broken"));
        }

        return result.Problem is { } refused ? ApiResults.Of(refused)
            : ApiResults.Json(result.File!.ToUploaded(links), MediaJson.Default.Uploaded);
    }

    static async Task<(MultipartSection Section, string? Name)?> FindFileAsync(
        MultipartReader form, CancellationToken ct)
    {
        for (var parts = 0; parts < MostParts && await form.ReadNextSectionAsync(ct) is { } section; parts++)
        {
            if (ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var said)
                && HeaderUtilities.RemoveQuotes(said.Name).Equals("file", StringComparison.Ordinal))
                return (section, said.FileNameStar.HasValue ? said.FileNameStar.Value : NameOf(said.FileName));
            if (!await SkipAsync(section, ct))
                return null;
        }
        return null;
    }

    // A quoted name escapes only quotes and backslashes. Older Windows programs send a whole path with plain
    // backslashes.
    static string NameOf(StringSegment quoted) =>
        HeaderUtilities.RemoveQuotes(quoted).ToString().Replace("\\\\", "\\").Replace("\\\"", "\"");

    // Reads up to the last boundary: a body that ends before it was cut off.
    static async Task<Problem?> SkipRestAsync(MultipartReader form, CancellationToken ct)
    {
        for (var parts = 0; await form.ReadNextSectionAsync(ct) is { } section; parts++)
            if (parts == MostParts || !await SkipAsync(section, ct))
                return Problems.TooLarge;
        return null;
    }

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
