using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Media;

/// <summary>
/// <c>POST /upload/</c>: the first part called <c>file</c> of a multipart form, streamed to the disk and never held in
/// memory.
/// </summary>
static class UploadFile
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, MediaIngest ingest, MediaLinks links, MediaOptions options,
        CancellationToken ct)
    {
        // The server's limit is for JSON. This route counts for itself, and answers 413 where the server would break
        // the connection under a client that still sends.
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        if (http.Request.ContentLength > options.MaxUploadBytes + FileForm.MostOtherBytes)
            return ApiResults.Of(Problems.TooLarge);
        if (FileForm.Of(http) is not { } form)
            return ApiResults.Of(MediaIngest.WrongFile(null));

        IngestResult result;
        try
        {
            result = await form.FindFileAsync(ct) is not { } part ? MediaIngest.WrongFile(null)
                : await ingest.ReceiveAsync(user.Id, part.Section.Body, part.Name, () => form.SkipRestAsync(ct), ct);
        }
        catch (Exception error) when (FileForm.IsBroken(error, http))
        {
            return ApiResults.Of(MediaIngest.WrongFile("the form is broken"));
        }

        return result.Problem is { } refused ? ApiResults.Of(refused)
            : ApiResults.Json(result.File!.ToUploaded(links), MediaJson.Default.Uploaded);
    }
}
