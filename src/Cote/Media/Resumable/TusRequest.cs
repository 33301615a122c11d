using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Cote.Media;

/// <summary>The headers of requests of the tus protocol.</summary>
static class TusRequest
{
    public const string PartType = "application/offset+octet-stream";

    /// <summary>The 415 for a body of another type than tus has for parts.</summary>
    public static readonly Problem WrongPartType = Problems.UnsupportedMediaType with
    {
        Detail = $"A part of an upload is sent with Content-Type: {PartType}",
    };

    /// <summary>
    /// Whether the body is declared as a part; parameters, which some HTTP libraries add, do not count.
    /// </summary>
    public static bool HasPartType(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals(PartType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a body may follow the headers.</summary>
    public static bool HasBody(HttpRequest request) =>
        request.ContentLength != 0
        && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;

    /// <summary>
    /// Reads <c>Upload-Length</c>. What this server does not offer is answered with what to do instead.
    /// </summary>
    public static Problem? ReadLength(HttpRequest request, out long length)
    {
        var headers = request.Headers;
        length = 0;
        if (headers.TryGetValue("Upload-Concat", out var concat))
            return Wrong("Upload-Concat", concat,
                "an upload cannot be joined from others; send the file as one upload, without parallel uploads");
        if (headers.TryGetValue("Upload-Defer-Length", out var deferred))
            return Wrong("Upload-Defer-Length", deferred,
                "the length cannot be told later; send the size of the file in bytes as Upload-Length");
        if (headers["Upload-Length"] == "0")
            return Wrong("Upload-Length", "0", "the file is empty");
        var reader = new RequestReader();
        length = reader.HeaderInteger("Upload-Length", headers["Upload-Length"], 1);
        return reader.Problem;
    }

    /// <summary>
    /// Reads <c>Upload-Metadata</c>, which HEAD gives back as it came: so only what a header can carry is taken.
    /// </summary>
    public static Problem? ReadMetadata(HttpRequest request, out string metadata)
    {
        metadata = request.Headers["Upload-Metadata"].ToString();
        return metadata.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? Wrong("Upload-Metadata", null, "keys are ASCII and values are Base64") : null;
    }

    /// <summary>
    /// The file name in "key base64,key base64": the value of <c>filename</c> or <c>name</c>; else null.
    /// </summary>
    public static string? NameOf(string metadata)
    {
        foreach (var pair in metadata.Split(',', StringSplitOptions.TrimEntries))
            if (pair.Split(' ') is ["filename" or "name", var value])
                return Convert.TryFromBase64String(value, new byte[value.Length], out _)
                    ? Encoding.UTF8.GetString(Convert.FromBase64String(value)) : null;
        return null;
    }

    /// <summary>Reads <c>Upload-Offset</c>.</summary>
    public static Problem? ReadOffset(HttpRequest request, out long offset)
    {
        var reader = new RequestReader();
        offset = reader.HeaderInteger("Upload-Offset", request.Headers["Upload-Offset"], 0);
        return reader.Problem;
    }

    static Problem Wrong(string header, string? input, string sentence) => Problems.Invalid(
        [new("value_error", ["header", header], "Value error, " + sentence, input, new() { ["error"] = sentence })]);
}
