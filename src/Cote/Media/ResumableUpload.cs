using System.Buffers;
using System.Security.Cryptography;
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
    const long NoteEvery = 16 * 1_048_576;

    /// <summary>Answers every tus request with the version, and one of another version with 412.</summary>
    public static async ValueTask<object?> CheckVersion(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Response.Headers["Tus-Resumable"] = Version;
        if (HttpMethods.IsOptions(http.Request.Method) || http.Request.Headers["Tus-Resumable"] == Version)
            return await next(context);
        http.Response.Headers["Tus-Version"] = Version;
        return Answer.Of(Problems.WrongTusVersion);
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
        HttpContext http, CurrentUser user, MediaStore media, ResumableFiles files, MediaOptions options, Clock clock, CancellationToken ct)
    {
        var check = new Check();
        var length = check.HeaderInteger("Upload-Length", http.Request.Headers["Upload-Length"], 1);
        if (check.Problem is { } wrong)
            return Answer.Of(wrong);
        if (length > options.MaxUploadBytes)
            return Answer.Of(Problems.TooLarge);

        var upload = new PartialUpload(user.Id, clock.NewId(), length, 0, FileNames.Clean(NameOf(http)), null,
            clock.Now + TimeSpan.FromHours(options.ResumableHours));
        files.Create(upload.Id);
        if (!await media.AddUploadAsync(upload, options.QuotaBytes, clock.Now))
        {
            files.Delete(upload.Id);
            return Answer.Of(Problems.QuotaExceeded);
        }

        http.Response.Headers.Location = "/upload/resumable/" + upload.Id;
        SayExpiry(http, upload);
        return Results.StatusCode(StatusCodes.Status201Created);
    }

    /// <summary><c>HEAD /upload/resumable/{upload_id}</c>: how far it has come.</summary>
    public static async Task<IResult> Head(
        string uploadId, HttpContext http, CurrentUser user, MediaStore media, ResumableFiles files, Intake intake, MediaLinks links,
        Clock clock, CancellationToken ct)
    {
        var (found, problem) = await FindAsync(uploadId, user, media, clock, ct);
        if (found is null)
            return Answer.Of(problem!);
        using var hold = await files.TakeAsync(found.Id, ct);
        if (hold is null)
            return Answer.Of(Problems.UploadLocked);
        (var upload, problem) = await FindAsync(uploadId, user, media, clock, ct);
        if (upload is null)
            return Answer.Of(problem!);
        var headers = http.Response.Headers;
        headers["Upload-Length"] = upload.Length.ToString();
        headers["Upload-Metadata"] = "filename " + Convert.ToBase64String(Encoding.UTF8.GetBytes(upload.Name));
        SayExpiry(http, upload);
        return await AnswerAsync(http, upload, StatusCodes.Status200OK, media, files, intake, links, ct);
    }

    /// <summary><c>PATCH /upload/resumable/{upload_id}</c>: the next piece.</summary>
    public static async Task<IResult> Patch(
        string uploadId, HttpContext http, CurrentUser user, MediaStore media, ResumableFiles files, Intake intake, MediaLinks links,
        Clock clock, CancellationToken ct)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (http.Request.ContentType != "application/offset+octet-stream")
            return Answer.Of(Problems.UnsupportedMediaType with { Detail = "A piece of an upload is sent as application/offset+octet-stream" });
        var check = new Check();
        var offset = check.HeaderInteger("Upload-Offset", http.Request.Headers["Upload-Offset"], 0);
        if (check.Problem is { } wrong)
            return Answer.Of(wrong);
        var (found, problem) = await FindAsync(uploadId, user, media, clock, ct);
        if (found is null)
            return Answer.Of(problem!);
        using var hold = await files.TakeAsync(found.Id, ct);
        if (hold is null)
            return Answer.Of(Problems.UploadLocked);
        (var upload, problem) = await FindAsync(uploadId, user, media, clock, ct);
        if (upload is null)
            return Answer.Of(problem!);
        if (offset != upload.Received)
            return Answer.Of(Problems.WrongOffset);
        if (http.Request.ContentLength > upload.Length - offset)
            return Answer.Of(Problems.TooLarge);

        (var received, problem) = await AppendAsync(http, upload, media, files.PathOf(upload.Id), hold.Token);
        if (problem is not null)
            return Answer.Of(problem);
        SayExpiry(http, upload);
        return await AnswerAsync(http, upload with { Received = received }, StatusCodes.Status204NoContent, media, files, intake, links, ct);
    }

    /// <summary><c>DELETE /upload/resumable/{upload_id}</c>: it is not wanted any more.</summary>
    public static async Task<IResult> Delete(
        string uploadId, CurrentUser user, MediaStore media, ResumableFiles files, Clock clock, CancellationToken ct)
    {
        var (upload, problem) = await FindAsync(uploadId, user, media, clock, ct);
        if (upload is null)
            return Answer.Of(problem!);
        using var hold = await files.TakeAsync(upload.Id, ct);
        if (hold is null)
            return Answer.Of(Problems.UploadLocked);
        await media.DeleteUploadAsync(user.Id, upload.Id);
        files.Delete(upload.Id);
        return Results.NoContent();
    }

    // What came is kept however the connection ends: that is what it is all for.
    static async Task<(long Received, Problem? Problem)> AppendAsync(
        HttpContext http, PartialUpload upload, MediaStore media, string path, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var received = upload.Received;
        var noted = received;
        try
        {
            await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            file.SetLength(received); // beyond it is what was never said to be received
            file.Position = received;
            try
            {
                while (await http.Request.Body.ReadAsync(buffer, ct) is > 0 and var read)
                {
                    if (received + read > upload.Length)
                        return (received, Problems.TooLarge);
                    await file.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
                    received += read;
                    if (received - noted >= NoteEvery)
                        await NoteAsync();
                }
                return (received, null);
            }
            catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
            {
                return (received, Problems.UploadLocked); // another request of the same upload has come
            }
            finally
            {
                if (received > noted)
                    await NoteAsync();
            }

            async Task NoteAsync()
            {
                file.Flush(flushToDisk: true);
                await media.SetReceivedAsync(upload, noted = received);
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
    }

    // Where all has come, it is looked at and kept: also by a HEAD, if the end fell into a crash.
    static async Task<IResult> AnswerAsync(
        HttpContext http, PartialUpload upload, int status, MediaStore media, ResumableFiles files, Intake intake, MediaLinks links,
        CancellationToken ct)
    {
        var headers = http.Response.Headers;
        headers["Upload-Offset"] = upload.Received.ToString();
        if (upload.Received < upload.Length)
            return Results.StatusCode(status);
        var mediaId = upload.MediaId;
        if (mediaId is null)
        {
            var path = files.PathOf(upload.Id);
            string hash;
            await using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, useAsync: true))
                hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
            var taken = await intake.KeepAsync(upload.UserId, path, upload.Name, hash, upload.Id, ct);
            if (taken.Problem is { Status: < 500 } refused)
            {
                await media.DeleteUploadAsync(upload.UserId, upload.Id);
                files.Delete(upload.Id);
                return Answer.Of(refused);
            }
            if (taken.Problem is { } later)
                return Answer.Of(later);
            files.Delete(upload.Id);
            mediaId = taken.File!.Id;
        }
        headers["Upload-Media-Url"] = links.Sign(MediaLinks.PathOf(mediaId));
        return Results.StatusCode(status);
    }

    static async Task<(PartialUpload? Upload, Problem? Problem)> FindAsync(
        string uploadId, CurrentUser user, MediaStore media, Clock clock, CancellationToken ct) =>
        Ids.Parse(uploadId) is not { } id || await media.FindUploadAsync(user.Id, id, ct) is not { } upload ? (null, Problems.UploadNotFound)
        : upload.ExpiresAt <= clock.Now ? (null, Problems.UploadExpired)
        : (upload, null);

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
