using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>
/// <c>GET /media/{media_id}</c>: for its owner by token, or for the bearer of a signed URL. Images, sound and films
/// are served inline, everything else as an attachment; no answer can run in a browser, whatever its bytes are.
/// </summary>
static class GetMedia
{
    public static async Task<IResult> Handle(
        string mediaId, HttpContext http, MediaStore media, MediaLinks links, BlobStorage storage, string? expires,
        string? signature, CancellationToken ct)
    {
        var user = CurrentUser.Of(http);
        if (user is null && signature is null)
            return ApiResults.Of(
                http.Request.Headers.Authorization.Count > 0 ? Problems.InvalidToken : Problems.NotAuthenticated);
        if (Ids.Parse(mediaId) is not { } id)
            return ApiResults.Of(Problems.MediaNotFound);
        var life = signature is null ? null : links.Check(id, expires, signature);
        var file = life is not null ? await media.FindSignedAsync(id, ct)
            : user is not null ? await media.FindAsync(user.Id, id, ct)
            : null;
        if (file is null)
            return ApiResults.Of(Problems.MediaNotFound);

        SetHeaders(http.Response.Headers, file, life);
        var (tag, lastModified) = (new EntityTagHeaderValue($"\"{file.Sha256}\""), file.CreatedAt.ToDateTimeOffset());
        RangeRequest.DropIgnored(http.Request, tag, lastModified);
        var type = file.IsText ? file.ContentType + "; charset=utf-8" : file.ContentType;
        return Results.Stream(new BlobStream(storage, file.BlobId, file.Size), type,
            lastModified: lastModified, entityTag: tag, enableRangeProcessing: true);
    }

    static void SetHeaders(IHeaderDictionary headers, MediaFile file, TimeSpan? life)
    {
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"; // an app of another origin shows it in its <img>
        headers.CacheControl = life is { } left
            ? string.Create(CultureInfo.InvariantCulture, $"private, max-age={(long)left.TotalSeconds}, immutable")
            : "private, no-cache";
        var isInline = file.IsImage || file.IsAudio || file.IsVideo;
        var disposition = new ContentDispositionHeaderValue(isInline ? "inline" : "attachment");
        disposition.SetHttpFileName(file.Name);
        headers.ContentDisposition = disposition.ToString();
    }
}
