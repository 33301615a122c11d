using System.Globalization;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>
/// <c>GET /media/{media_id}</c>: for its owner by token, or for whoever has a signed URL. What is not a picture, sound
/// or film comes as an attachment; nothing that comes from here can run in a browser, whatever it is.
/// </summary>
static class GetMedia
{
    public static async Task<IResult> Handle(
        string mediaId, HttpContext http, MediaStore media, MediaLinks links, BlobStorage storage, string? expires, string? signature,
        CancellationToken ct)
    {
        var user = CurrentUser.Of(http);
        if (user is null && signature is null)
            return ApiResults.Of(http.Request.Headers.Authorization.Count > 0 ? Problems.InvalidToken : Problems.NotAuthenticated);
        if (Ids.Parse(mediaId) is not { } id)
            return ApiResults.Of(Problems.MediaNotFound);
        var life = signature is null ? null : links.Check(id, expires, signature);
        var file = life is not null ? await media.FindSignedAsync(id, ct)
            : user is not null ? await media.FindAsync(user.Id, id, ct)
            : null;
        if (file is null)
            return ApiResults.Of(Problems.MediaNotFound);

        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"; // an app on another origin shows it in its <img>
        headers.CacheControl = life is { } left
            ? string.Create(CultureInfo.InvariantCulture, $"private, max-age={(long)left.TotalSeconds}, immutable")
            : "private, no-cache";
        var disposition = new ContentDispositionHeaderValue(file.IsImage || file.IsAudio || file.IsVideo ? "inline" : "attachment");
        disposition.SetHttpFileName(file.Name);
        headers.ContentDisposition = disposition.ToString();
        var type = file.IsText ? file.ContentType + "; charset=utf-8" : file.ContentType;
        return Results.Stream(new BlobStream(storage, file.BlobId, file.Size), type,
            lastModified: file.CreatedAt.ToDateTimeOffset(), entityTag: new($"\"{file.Sha256}\""), enableRangeProcessing: true);
    }
}
