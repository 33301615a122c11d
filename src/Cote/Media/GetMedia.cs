using System.Globalization;
using Cote.Media.Reading;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>What downloads are served from.</summary>
sealed record Downloads(MediaStore Media, MediaLinks Links, BlobStorage Storage, MediaForms Forms);

/// <summary>
/// <c>GET /media/{media_id}</c>: for its owner by token, or for the bearer of a signed URL. Images, sound and films
/// are served inline, everything else as an attachment; no answer can run in a browser, whatever its bytes are. With
/// <c>width</c> an image comes as a thumbnail.
/// </summary>
static class GetMedia
{
    const string Uncached = "private, no-store";

    public static async Task<IResult> Handle(
        string mediaId, HttpContext http, Downloads from, string? expires, string? signature, string? width,
        CancellationToken ct)
    {
        var (file, life, problem) = await FindAsync(mediaId, http, from, expires, signature, ct);
        if (file is null)
            return ApiResults.Of(problem!);
        if (width is not null)
            return await ThumbnailAsync(http, file, width, life, from, ct);

        SetHeaders(http.Response.Headers, file, life);
        return Send(http, file, from);
    }

    /// <summary>
    /// An upload for those who have a link to the chat: no cache keeps it, and neither its hash nor its time is told.
    /// </summary>
    public static IResult SendUncached(HttpContext http, MediaFile file, Downloads from)
    {
        SetHeaders(http.Response.Headers, file, null);
        http.Response.Headers.CacheControl = Uncached;
        RangeRequest.DropIgnored(http.Request);
        return Results.Stream(new BlobStream(from.Storage, file.BlobId, file.Size), TypeOf(file),
            enableRangeProcessing: true);
    }

    /// <summary>An image for them, as large as thumbnails are, without a byte of its metadata or its hash.</summary>
    public static async Task<IResult> SendMadeAnewAsync(
        HttpContext http, MediaFile file, Downloads from, CancellationToken ct)
    {
        var (picture, problem) = await MakeAnewAsync(file, MediaForms.Widths[^1], from, ct);
        if (picture is not { } made)
            return ApiResults.Of(problem!);
        RangeRequest.DropIgnored(http.Request);
        var name = Path.ChangeExtension(file.Name, ".webp");
        SetHeaders(http.Response.Headers, file with { Name = name }, null);
        http.Response.Headers.CacheControl = Uncached;
        return Results.Bytes((await from.Forms.LoadAsync(made, ct)).Bytes, made.Form.ContentType,
            enableRangeProcessing: true);
    }

    static IResult Send(HttpContext http, MediaFile file, Downloads from)
    {
        var (tag, lastModified) = (new EntityTagHeaderValue($"\"{file.Sha256}\""), file.CreatedAt.ToDateTimeOffset());
        RangeRequest.DropIgnored(http.Request, tag, lastModified);
        return Results.Stream(new BlobStream(from.Storage, file.BlobId, file.Size), TypeOf(file),
            lastModified: lastModified, entityTag: tag, enableRangeProcessing: true);
    }

    static string TypeOf(MediaFile file) => file.IsText ? file.ContentType + "; charset=utf-8" : file.ContentType;

    /// <summary><c>GET /media/{media_id}/text</c>: what a model reads of a document or of a recording.</summary>
    public static async Task<IResult> HandleText(
        string mediaId, HttpContext http, Downloads from, string? expires, string? signature, CancellationToken ct)
    {
        var (file, life, problem) = await FindAsync(mediaId, http, from, expires, signature, ct);
        if (file is null)
            return ApiResults.Of(problem!);
        FormBytes? found;
        try
        {
            found = await ReadTextAsync(file, from, ct);
        }
        catch (IOException)
        {
            return ApiResults.Of(Problems.Busy); // No reader starts, or it gets no time.
        }
        if (found is not { Bytes.Length: > 0 } text)
            return ApiResults.Of(Problems.MediaNotFound);
        SetHeaders(http.Response.Headers, file, life);
        http.Response.Headers.Remove(HeaderNames.ContentDisposition);
        return Results.Bytes(text.Bytes, "text/plain; charset=utf-8", enableRangeProcessing: true,
            lastModified: file.CreatedAt.ToDateTimeOffset(), entityTag: new($"\"{file.Sha256}-text\""));
    }

    // What a document says is made here where nobody has asked yet; a transcript costs money, and a reply asks for it.
    static async Task<FormBytes?> ReadTextAsync(MediaFile file, Downloads from, CancellationToken ct)
    {
        if (!Documents.Reads(file.ContentType))
            return await from.Forms.FindTextAsync(file, ct);
        var forms = await from.Forms.DocumentAsync(file, ct);
        return forms[0].Form.Word is null ? await from.Forms.LoadAsync(forms[0], ct) : null;
    }

    static async Task<(MediaFile? File, TimeSpan? Life, Problem? Problem)> FindAsync(
        string mediaId, HttpContext http, Downloads from, string? expires, string? signature, CancellationToken ct)
    {
        var user = CurrentUser.Of(http);
        if (user is null && signature is null)
            return (null, null, http.Request.Headers.Authorization.Count > 0
                ? Problems.InvalidToken : Problems.NotAuthenticated);
        if (Ids.Parse(mediaId) is not { } id)
            return (null, null, Problems.MediaNotFound);
        var life = signature is null ? null : from.Links.Check(id, expires, signature);
        var file = life is not null ? await from.Media.FindSignedAsync(id, ct)
            : user is not null ? await from.Media.FindAsync(user.Id, id, ct)
            : null;
        return (file, life, file is null ? Problems.MediaNotFound : null);
    }

    static async Task<IResult> ThumbnailAsync(
        HttpContext http, MediaFile file, string width, TimeSpan? life, Downloads from, CancellationToken ct)
    {
        var request = new RequestReader();
        if (!int.TryParse(width, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) || wanted < 1)
            request.AddQueryError("width", "it is a number of pixels", width);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var rounded = MediaForms.Widths.FirstOrDefault(x => x >= wanted, MediaForms.Widths[^1]);
        var (made, problem) = await MakeAnewAsync(file, rounded, from, ct);
        if (made is not { } small)
            return ApiResults.Of(problem!);

        SetHeaders(http.Response.Headers, file, life);
        var (form, lastModified) = (small.Form, file.CreatedAt.ToDateTimeOffset());
        var tag = new EntityTagHeaderValue($"\"{file.Sha256}-{form.Width}\"");
        RangeRequest.DropIgnored(http.Request, tag, lastModified);
        return small.Bytes.Length > 0 || form.BlobId is null
            ? Results.Bytes(small.Bytes, form.ContentType, enableRangeProcessing: true, lastModified: lastModified,
                entityTag: tag)
            : Results.Stream(new BlobStream(from.Storage, form.BlobId, form.Size), form.ContentType,
                lastModified: lastModified, entityTag: tag, enableRangeProcessing: true);
    }

    /// <summary>An image at a width of thumbnails, or why there is none.</summary>
    public static async Task<(FormBytes? Form, Problem? Problem)> MakeAnewAsync(
        MediaFile file, int width, Downloads from, CancellationToken ct)
    {
        if (!file.IsImage || !ReaderProgram.ReadsPictures)
            return (null, Problems.UnsupportedMediaType);
        try
        {
            return await from.Forms.ThumbnailAsync(file, width, ct) is not { } made ? (null, Problems.Busy)
                : made.Form.Word is null ? (made, null) : (null, Problems.UnsupportedMediaType);
        }
        catch (IOException error) when (error is FileNotFoundException or EndOfStreamException)
        {
            return (null, Problems.MediaNotFound); // The storage has lost it.
        }
        catch (IOException)
        {
            return (null, Problems.Busy); // No reader starts, or it gets no time.
        }
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
