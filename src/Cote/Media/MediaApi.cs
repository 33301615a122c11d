using System.Text.Json.Nodes;
using Cote.Http;

namespace Cote.Media;

/// <summary>What the OpenAPI document says of uploads and downloads beyond the types.</summary>
static class MediaApi
{
    public static void Describe(ApiDocument api)
    {
        api.Schema<Uploaded>()
            .Note("url", "Signed: works without a token for a day or two; a message names the upload by it")
            .Note("content_type", "By the bytes, whatever the upload called itself").Note("size", "Bytes")
            .Note("width", "Pixels of an image").Note("height", "Pixels of an image")
            .Note("duration", "Seconds of sound or of a film; absent where the file does not say");
        api.Schema<MediaInfo>().Note("An upload that a message names.")
            .Note("url", "Signed: works without a token for a day or two").Note("size", "Bytes")
            .Note("width", "Pixels of an image").Note("height", "Pixels of an image")
            .Note("duration", "Seconds of sound or of a film; absent where the file does not say");
        api.Operation(nameof(UploadFile)).Note("The first part called `file`. The type is found by its bytes.")
            .Refuses(Problems.QuotaExceeded, Problems.TooManyPixels, Problems.UnsupportedMediaType,
                Problems.StorageUnavailable);
        api.Schema<UploadForm>().Property("file", Binary()).Note("file", "The bytes, with their name");

        foreach (var download in new[] { api.Operation(nameof(GetMedia)), api.Operation("HeadMedia") })
        {
            Describe(download);
            download.Query("width",
                "Of an image: a thumbnail, at most so many pixels wide, rounded up to 64, 128, 256, 512, 1024 or 2048")
                .Refuses(Problems.UnsupportedMediaType, Problems.Busy);
        }
        var text = api.Operation("GetMediaText");
        Describe(text);
        text.Responses.Remove("422");
        text.Answers(200, "The text", "text/plain", new() { ["type"] = "string" });
        api.Operation(nameof(GetMedia)).Answers(200, "The bytes", "application/octet-stream", Binary())
            .Answers(206, "The bytes of the range", "application/octet-stream", Binary());
        DescribeTus(api);
    }

    static void Describe(ApiOperation download) => download
        .Note("With a token for its owner; with `expires` and `signature` as the signed URL has them, without.")
        .Query("expires", "As the signed URL has it").Query("signature", "As the signed URL has it")
        .Header("Range", "Some of the bytes").Header("If-None-Match", "The `ETag` of what the client has")
        .TokenIsOptional()
        .Answers(206, "The range").Answers(304, "The client has it").Answers(416, "There is no such range")
        .AnswersHeaders(200, "Content-Disposition")
        .Refuses(Problems.NotAuthenticated, Problems.InvalidToken, Problems.MediaNotFound, Problems.Unavailable,
            Problems.StorageUnavailable);

    static void DescribeTus(ApiDocument api)
    {
        foreach (var operation in api.Operations.Where(
            x => x.Id.EndsWith(nameof(ResumableUpload), StringComparison.Ordinal)).ToList())
        {
            foreach (var (status, _) in operation.Responses.Where(x => x.Key.StartsWith('2')).ToList())
                operation.AnswersHeaders(int.Parse(status), "Tus-Resumable");
            if (operation.Id.StartsWith("Options", StringComparison.Ordinal))
                continue;
            operation.NeedsHeader("Tus-Resumable", "The version of tus", Choice("1.0.0"))
                .Refuses(Problems.WrongTusVersion)
                .AnswersHeaders(412, "Tus-Version");
            if (!operation.Id.StartsWith("Create", StringComparison.Ordinal))
                operation.Refuses(Problems.UploadExpired, Problems.UploadLocked);
        }
        api.Operation("OptionsResumableUpload").AnswersHeaders(204, "Tus-Version", "Tus-Extension", "Tus-Max-Size");
        var create = api.Operation("CreateResumableUpload")
            .NeedsHeader("Upload-Length", "Bytes of the whole file", OperationRules.Integer(1))
            .Header("Upload-Metadata", "`filename` and the name in base64")
            .AnswersHeaders(201, "Location", "Upload-Expires")
            .Refuses(Problems.QuotaExceeded, Problems.TooLarge);
        var head = api.Operation("HeadResumableUpload")
            .AnswersHeaders(200, "Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Expires",
                "Upload-Media-Url");
        var patch = api.Operation("PatchResumableUpload")
            .NeedsHeader("Upload-Offset", "Where these bytes begin", OperationRules.Integer(0))
            .Takes("application/offset+octet-stream", Binary())
            .AnswersHeaders(204, "Upload-Offset", "Upload-Expires", "Upload-Media-Url")
            .Refuses(Problems.WrongOffset, Problems.TooLarge);
        foreach (var last in new[] { head, patch }) // the last piece, or what finds that it has come, makes the upload
            last.Refuses(Problems.QuotaExceeded, Problems.TooManyPixels, Problems.UnsupportedMediaType,
                Problems.StorageUnavailable,
                Problems.Busy, Problems.DiskFull);
        foreach (var checkedHeader in new[] { create, patch })
            OperationRules.Refuse(checkedHeader, 422, "validation_error", "A header is missing or wrong");
        OperationRules.Refuse(patch, 400, "bad_request", "The request could not be read");
    }

    static JsonObject Binary() => new() { ["type"] = "string", ["format"] = "binary" };

    static JsonObject Choice(string value) => new() { ["type"] = "string", ["enum"] = new JsonArray(value) };
}
