using System.Buffers;
using Cote.Media;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Chats;

/// <summary>
/// Receives the file of <c>POST /import</c> on the local disk: a field of a form, or the body itself.
/// </summary>
sealed class ImportUpload(MediaFolders folders, MediaOptions options, Clock clock)
{
    static readonly string[] Types =
        ["application/zip", "application/x-zip-compressed", "application/octet-stream", "application/x-ndjson"];

    /// <summary>The path of the received file, which is the caller's to delete; or why there is none.</summary>
    public async Task<(string? Path, Problem? Problem)> ReceiveAsync(HttpContext http, CancellationToken ct)
    {
        // The server's limit is for JSON that is held in memory. This route counts for itself.
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (http.Request.ContentLength > options.MaxUploadBytes + FileForm.MostOtherBytes)
            return (null, Problems.TooLarge);
        if (http.Request.HasFormContentType)
            return await ReceiveFormAsync(http, ct);
        var type = http.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        return string.IsNullOrEmpty(type) || http.Request.HasJsonContentType() || Types.Contains(type)
            ? await SaveAsync(http.Request.Body, ct)
            : (null, RequestReader.WrongContentType(type));
    }

    async Task<(string? Path, Problem? Problem)> ReceiveFormAsync(HttpContext http, CancellationToken ct)
    {
        if (FileForm.Of(http) is not { } form)
            return (null, MediaIngest.WrongFile(null));
        string? path = null;
        try
        {
            if (await form.FindFileAsync(ct) is not { } part)
                return (null, MediaIngest.WrongFile(null));
            (path, var problem) = await SaveAsync(part.Section.Body, ct);
            if (path is null || (problem = await form.SkipRestAsync(ct)) is null)
                return (path, problem);
            File.Delete(path);
            return (null, problem);
        }
        catch (Exception error) when (FileForm.IsBroken(error, http))
        {
            if (path is not null)
                File.Delete(path);
            return (null, MediaIngest.WrongFile("the form is broken"));
        }
    }

    async Task<(string? Path, Problem? Problem)> SaveAsync(Stream from, CancellationToken ct)
    {
        var path = Path.Combine(folders.Incoming, clock.NewId());
        var buffer = ArrayPool<byte>.Shared.Rent(LocalFile.BlockSize);
        var isWhole = false;
        try
        {
            await using var file = LocalFile.Create(path);
            var size = 0L;
            while (await from.ReadAsync(buffer, ct) is > 0 and var read)
            {
                if ((size += read) > options.MaxUploadBytes)
                    return (null, Problems.TooLarge);
                await file.WriteAsync(buffer.AsMemory(0, read), ct);
            }
            file.Flush(flushToDisk: true);
            isWhole = true;
            return (path, null);
        }
        catch (IOException error) when (Disk.IsFull(error))
        {
            throw new ProblemException(Problems.DiskFull, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (!isWhole)
                File.Delete(path);
        }
    }
}
