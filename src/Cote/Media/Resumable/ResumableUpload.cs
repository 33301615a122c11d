using System.Buffers;
using System.Text;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Media;

/// <summary>
/// Uploads for bad networks, by the tus protocol 1.0: core, creation, expiration and termination. The last piece is
/// answered with <c>Upload-Media-Url</c>, as is every HEAD after it. What was received is on disk before it is said.
/// </summary>
static class ResumableUpload
{
    const string Version = "1.0.0";
    const int BufferSize = 128 * 1024;

    // However slow the network is: what was saved is all that a request on another node can go on with.
    static readonly TimeSpan SaveAfter = TimeSpan.FromSeconds(2);

    /// <summary>Answers every tus request with the version, and one of another version with 412.</summary>
    public static async ValueTask<object?> CheckVersion(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
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
        headers["Tus-Extension"] = "creation,expiration,termination";
        headers["Tus-Max-Size"] = options.MaxUploadBytes.ToString();
        return Results.NoContent();
    }

    /// <summary><c>POST /upload/resumable</c>.</summary>
    public static async Task<IResult> Create(
        HttpContext http, CurrentUser user, MediaStore media, PartStore parts, MediaOptions options, Clock clock, CancellationToken ct)
    {
        var request = new RequestReader();
        var length = request.HeaderInteger("Upload-Length", http.Request.Headers["Upload-Length"], 1);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (length > options.MaxUploadBytes)
            return ApiResults.Of(Problems.TooLarge);

        var upload = new PartialUpload(user.Id, clock.NewId(), length, 0, FileNames.Clean(NameOf(http)), null,
            clock.Now + TimeSpan.FromHours(options.ResumableHours));
        parts.Create(upload.Id);
        if (!await media.AddUploadAsync(upload, options.QuotaBytes, clock.Now))
        {
            await parts.DeleteAsync(user.Id, upload.Id);
            return ApiResults.Of(Problems.QuotaExceeded);
        }

        http.Response.Headers.Location = "/upload/resumable/" + upload.Id;
        SayExpiry(http, upload);
        return Results.StatusCode(StatusCodes.Status201Created);
    }

    /// <summary><c>HEAD /upload/resumable/{upload_id}</c>: how far it has come.</summary>
    public static async Task<IResult> Head(
        string uploadId, HttpContext http, CurrentUser user, UploadLocks locks, UploadFinisher ending, CancellationToken ct)
    {
        var (uploadLock, problem) = await locks.AcquireAsync(user.Id, uploadId, ct);
        if (uploadLock is null)
            return ApiResults.Of(problem!);
        using var _ = uploadLock;
        var headers = http.Response.Headers;
        headers["Upload-Length"] = uploadLock.Upload.Length.ToString();
        headers["Upload-Metadata"] = "filename " + Convert.ToBase64String(Encoding.UTF8.GetBytes(uploadLock.Upload.Name));
        SayExpiry(http, uploadLock.Upload);
        return await ending.AnswerAsync(http, uploadLock.Upload, StatusCodes.Status200OK, ct);
    }

    /// <summary><c>PATCH /upload/resumable/{upload_id}</c>: the next piece.</summary>
    public static async Task<IResult> Patch(
        string uploadId, HttpContext http, CurrentUser user, UploadLocks locks, PartStore parts, UploadFinisher ending, Clock clock,
        CancellationToken ct)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (http.Request.ContentType != "application/offset+octet-stream")
            return ApiResults.Of(Problems.UnsupportedMediaType with { Detail = "A piece of an upload is sent as application/offset+octet-stream" });
        var request = new RequestReader();
        var offset = request.HeaderInteger("Upload-Offset", http.Request.Headers["Upload-Offset"], 0);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var (uploadLock, problem) = await locks.AcquireAsync(user.Id, uploadId, ct);
        if (uploadLock is null)
            return ApiResults.Of(problem!);
        using var _ = uploadLock;
        if (offset != uploadLock.Upload.Received)
            return ApiResults.Of(Problems.WrongOffset);
        if (http.Request.ContentLength > uploadLock.Upload.Length - offset)
            return ApiResults.Of(Problems.TooLarge);

        (var received, problem) = await AppendAsync(http, uploadLock, parts, clock);
        if (problem is not null)
            return ApiResults.Of(problem);
        SayExpiry(http, uploadLock.Upload);
        return await ending.AnswerAsync(http, uploadLock.Upload with { Received = received }, StatusCodes.Status204NoContent, ct);
    }

    /// <summary><c>DELETE /upload/resumable/{upload_id}</c>: it is not wanted any more.</summary>
    public static async Task<IResult> Delete(
        string uploadId, CurrentUser user, MediaStore media, UploadLocks locks, PartStore parts, CancellationToken ct)
    {
        var (uploadLock, problem) = await locks.AcquireAsync(user.Id, uploadId, ct);
        if (uploadLock is null)
            return ApiResults.Of(problem!);
        using var _ = uploadLock;
        if (!await media.DeleteUploadAsync(uploadLock.Upload))
            return ApiResults.Of(Problems.UploadLocked);
        await parts.DeleteAsync(user.Id, uploadLock.Upload.Id);
        return Results.NoContent();
    }

    // What came is kept however the connection ends: that is what it is all for.
    static async Task<(long Received, Problem? Problem)> AppendAsync(HttpContext http, UploadLock uploadLock, PartStore parts, Clock clock)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var received = uploadLock.Upload.Received;
        var (saved, savedAt) = (received, clock.Ticks);
        try
        {
            await using var writer = parts.Append(uploadLock.Upload);
            try
            {
                while (await http.Request.Body.ReadAsync(Room(writer), uploadLock.Token) is > 0 and var read)
                {
                    if (received + read > uploadLock.Upload.Length)
                        return (received, Problems.TooLarge);
                    await writer.WriteAsync(buffer.AsMemory(0, read));
                    received += read;
                    if ((received - saved == writer.MostUnsaved || clock.Since(savedAt) >= SaveAfter) && !await SaveAsync(writer))
                        return (saved, Problems.UploadLocked);
                }
                return received == saved || await SaveAsync(writer) ? (received, null) : (saved, Problems.UploadLocked);
            }
            catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
            {
                return (received, Problems.UploadLocked); // another request of the same upload has come
            }
            finally
            {
                if (received > saved)
                    await SaveAsync(writer);
            }
        }
        catch (IOException error) when (Disk.IsFull(error))
        {
            throw new ProblemException(Problems.DiskFull, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Memory<byte> Room(PartWriter writer) => buffer.AsMemory(0, (int)Math.Min(BufferSize, writer.MostUnsaved - (received - saved)));

        Task<bool> SaveAsync(PartWriter writer)
        {
            (saved, savedAt) = (received, clock.Ticks); // before it is done: what fails is not tried once more on the way out
            return writer.SaveAsync();
        }
    }

    static void SayExpiry(HttpContext http, PartialUpload upload) =>
        http.Response.Headers["Upload-Expires"] = upload.ExpiresAt.ToDateTimeOffset().ToString("R");

    // "key base64,key base64": only the name counts.
    static string? NameOf(HttpContext http)
    {
        foreach (var pair in http.Request.Headers["Upload-Metadata"].ToString().Split(',', StringSplitOptions.TrimEntries))
            if (pair.Split(' ') is ["filename" or "name", var value])
                return Convert.TryFromBase64String(value, new byte[value.Length], out _)
                    ? Encoding.UTF8.GetString(Convert.FromBase64String(value)) : null;
        return null;
    }
}

/// <summary>What follows the last piece: where all has come, it is looked at and kept. Also by a HEAD, if the end fell into a crash.</summary>
sealed class UploadFinisher(MediaStore media, PartStore parts, MediaIngest ingest, MediaLinks links)
{
    public async Task<IResult> AnswerAsync(HttpContext http, PartialUpload upload, int status, CancellationToken ct)
    {
        var headers = http.Response.Headers;
        headers["Upload-Offset"] = upload.Received.ToString();
        if (upload.Received < upload.Length)
            return Results.StatusCode(status);
        var mediaId = upload.MediaId;
        if (mediaId is null)
        {
            var taken = await KeepAsync(upload, ct);
            if (taken.Problem is { } problem)
                return ApiResults.Of(problem);
            mediaId = taken.File!.Id;
        }
        headers["Upload-Media-Url"] = links.Sign(MediaLinks.PathOf(mediaId));
        return Results.StatusCode(status);
    }

    async Task<IngestResult> KeepAsync(PartialUpload upload, CancellationToken ct)
    {
        using var assembled = await parts.CollectAsync(upload, ct);
        if (assembled is null)
            return Problems.UploadLocked;
        var taken = await ingest.KeepAsync(upload, assembled.Path, ct);
        if (taken.Problem is null)
            await parts.DeleteAsync(upload.UserId, upload.Id);
        else if (taken.Problem.Status < 500 && taken.Problem != Problems.UploadLocked && await media.DeleteUploadAsync(upload))
            await parts.DeleteAsync(upload.UserId, upload.Id); // refused for what it is: it never becomes anything else
        return taken;
    }
}
