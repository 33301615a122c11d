using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Media;

/// <summary>
/// Resumable uploads by the tus protocol 1.0: core, creation, creation-with-upload, expiration and termination. The
/// answer to the last part, and to every HEAD after it, carries <c>Upload-Media-Url</c>. Bytes are durable before an
/// offset counts them.
/// </summary>
static class ResumableUpload
{
    const string Version = "1.0.0";

    /// <summary>Answers every tus request with the version, and one of another version with 412.</summary>
    public static async ValueTask<object?> CheckVersion(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers["Tus-Resumable"] = Version;
        if (HttpMethods.IsOptions(http.Request.Method) || http.Request.Headers["Tus-Resumable"] == Version)
            return await next(context);
        http.Response.Headers["Tus-Version"] = Version;
        return ApiResults.Of(Problems.WrongTusVersion);
    }

    /// <summary><c>OPTIONS /upload/resumable</c>.</summary>
    public static IResult Options(HttpContext http, MediaOptions options)
    {
        var headers = http.Response.Headers;
        headers["Tus-Version"] = Version;
        headers["Tus-Extension"] = "creation,creation-with-upload,expiration,termination";
        headers["Tus-Max-Size"] = options.MaxUploadBytes.ToString();
        return Results.NoContent();
    }

    /// <summary><c>POST /upload/resumable</c>: begins an upload; a body is its first part.</summary>
    public static async Task<IResult> Create(
        HttpContext http, CurrentUser user, UploadStore uploads, PartStore parts, UploadLocks locks,
        UploadReceiver receiver, MediaOptions options, Clock clock, CancellationToken ct)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var hasBody = TusRequest.HasBody(http.Request);
        if (TusRequest.ReadLength(http.Request, out var length) is { } wrongLength)
            return ApiResults.Of(wrongLength);
        if (TusRequest.ReadMetadata(http.Request, out var metadata) is { } wrongMetadata)
            return ApiResults.Of(wrongMetadata);
        if (hasBody && !TusRequest.HasPartType(http.Request))
            return ApiResults.Of(TusRequest.WrongPartType);
        if (length > options.MaxUploadBytes)
            return ApiResults.Of(Problems.TooLarge);
        var name = FileNames.Clean(TusRequest.NameOf(metadata));
        if (FileNames.IsRefused(name))
            return ApiResults.Of(Problems.UnsupportedMediaType);

        var upload = new PartialUpload(user.Id, clock.NewId(), length, 0, name, metadata, null,
            clock.Now + TimeSpan.FromHours(options.ResumableHours));
        parts.Create(upload.Id);
        if (!await uploads.AddAsync(upload, options.QuotaBytes, clock.Now))
        {
            await parts.DeleteAsync(user.Id, upload.Id);
            return ApiResults.Of(Problems.QuotaExceeded);
        }
        http.Response.Headers["Upload-Offset"] = "0";
        if (hasBody && await ReceiveFirstAsync(http, upload, uploads, parts, locks, receiver, ct) is { } problem)
            return ApiResults.Of(problem);

        http.Response.Headers.Location = "/upload/resumable/" + upload.Id;
        SetExpiry(http, upload);
        return Results.StatusCode(StatusCodes.Status201Created);
    }

    /// <summary><c>HEAD /upload/resumable/{upload_id}</c>: how many bytes have been received.</summary>
    public static async Task<IResult> Head(
        string uploadId, HttpContext http, CurrentUser user, UploadLocks locks, UploadFinisher finisher,
        CancellationToken ct)
    {
        var problem = await locks.RunAsync(user.Id, uploadId, uploadLock =>
        {
            var upload = uploadLock.Upload;
            http.Response.Headers["Upload-Length"] = upload.Length.ToString();
            if (upload.Metadata.Length > 0)
                http.Response.Headers["Upload-Metadata"] = upload.Metadata;
            SetExpiry(http, upload);
            return finisher.FinishAsync(http, upload, ct);
        }, ct);
        return problem is null ? Results.Ok() : ApiResults.Of(problem);
    }

    /// <summary><c>PATCH /upload/resumable/{upload_id}</c>: the next part.</summary>
    public static async Task<IResult> Patch(
        string uploadId, HttpContext http, CurrentUser user, UploadLocks locks, UploadReceiver receiver,
        CancellationToken ct)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (!TusRequest.HasPartType(http.Request))
            return ApiResults.Of(TusRequest.WrongPartType);
        if (TusRequest.ReadOffset(http.Request, out var offset) is { } wrong)
            return ApiResults.Of(wrong);

        var problem = await locks.RunAsync(user.Id, uploadId, async uploadLock =>
        {
            var upload = uploadLock.Upload;
            SetExpiry(http, upload);
            if (offset == upload.Received)
                return await receiver.ReceiveAsync(http, uploadLock, ct);
            http.Response.Headers["Upload-Offset"] = upload.Received.ToString(); // saves the client a HEAD
            return Problems.WrongOffset;
        }, ct);
        return problem is null ? Results.NoContent() : ApiResults.Of(problem);
    }

    /// <summary><c>DELETE /upload/resumable/{upload_id}</c>.</summary>
    public static async Task<IResult> Delete(
        string uploadId, CurrentUser user, UploadStore uploads, UploadLocks locks, PartStore parts,
        CancellationToken ct)
    {
        var problem = await locks.RunAsync(user.Id, uploadId, async uploadLock =>
        {
            if (!await uploads.DeleteAsync(uploadLock.Upload))
                return Problems.UploadLocked;
            await parts.DeleteAsync(user.Id, uploadLock.Upload.Id);
            return null;
        }, ct);
        return problem is null ? Results.NoContent() : ApiResults.Of(problem);
    }

    // Until the answer is sent no client knows the upload's address. Whatever breaks before, the upload is deleted: it
    // could not be resumed, and would count in the quota until it expires.
    static async Task<Problem?> ReceiveFirstAsync(
        HttpContext http, PartialUpload upload, UploadStore uploads, PartStore parts, UploadLocks locks,
        UploadReceiver receiver, CancellationToken ct)
    {
        var isReceived = false;
        try
        {
            var problem = await locks.RunAsync(upload.UserId, upload.Id, x => receiver.ReceiveAsync(http, x, ct), ct);
            isReceived = problem is null;
            return problem;
        }
        finally
        {
            if (!isReceived)
            {
                await uploads.DiscardAsync(upload.UserId, upload.Id);
                await parts.DeleteAsync(upload.UserId, upload.Id);
            }
        }
    }

    static void SetExpiry(HttpContext http, PartialUpload upload) =>
        http.Response.Headers["Upload-Expires"] = upload.ExpiresAt.ToDateTimeOffset().ToString("R");
}
