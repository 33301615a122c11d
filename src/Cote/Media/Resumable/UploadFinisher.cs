using Microsoft.AspNetCore.Http;

namespace Cote.Media;

/// <summary>
/// Turns a resumable upload whose last byte has come into an upload like any other. A HEAD does it too, where a crash
/// came between the last byte and the end.
/// </summary>
sealed class UploadFinisher(UploadStore uploads, PartStore parts, MediaIngest ingest, MediaLinks links)
{
    /// <summary>
    /// Sets <c>Upload-Offset</c>, and <c>Upload-Media-Url</c> once the upload is finished. Returns why the finished
    /// file was refused, or null.
    /// </summary>
    public async Task<Problem?> FinishAsync(HttpContext http, PartialUpload upload, CancellationToken ct)
    {
        var headers = http.Response.Headers;
        headers["Upload-Offset"] = upload.Received.ToString();
        if (upload.Received < upload.Length)
            return null;
        var mediaId = upload.MediaId;
        if (mediaId is null)
        {
            var result = await KeepAsync(upload, ct);
            if (result.Problem is not null)
                return result.Problem;
            mediaId = result.File!.Id;
        }
        headers["Upload-Media-Url"] = links.Sign(MediaLinks.PathOf(mediaId));
        return null;
    }

    /// <summary>Deletes an upload whose file is refused for what it is: it can never be finished.</summary>
    public async Task RefuseAsync(PartialUpload upload)
    {
        if (await uploads.DeleteAsync(upload))
            await parts.DeleteAsync(upload.UserId, upload.Id);
    }

    async Task<IngestResult> KeepAsync(PartialUpload upload, CancellationToken ct)
    {
        using var assembled = await parts.CollectAsync(upload, ct);
        if (assembled is null)
            return Problems.UploadLocked;
        var result = await ingest.KeepAsync(upload, assembled.Path, ct);
        if (result.Problem is null)
            await parts.DeleteAsync(upload.UserId, upload.Id);
        else if (result.Problem.Status < 500 && result.Problem != Problems.UploadLocked)
            await RefuseAsync(upload);
        return result;
    }
}
