using System.Security.Cryptography;
using System.Text.Json;
using Cote.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Dialects.OpenAI;

/// <summary><c>POST /v1/audio/transcriptions</c>: a form with a recording; always the gateway's.</summary>
static class CreateTranscription
{
    const int MostFields = 32;
    const int LongestField = 64 * 1024;
    const int MostBytes = TranscriptionModel.MostBytes + MostFields * LongestField;

    public static async Task Handle(HttpContext http, CurrentUser user, Gateway gateway)
    {
        // The server's limit is for JSON that is held in memory: a form waits on the disk.
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MostBytes;
        if (http.Request.ContentLength > MostBytes)
            await OpenAIError.Of(Problems.TooLarge).WriteAsync(http);
        else if (await ReadAsync(http) is not { } form)
            await OpenAIError.Wrong(null, "The body must be a form of multipart/form-data.").WriteAsync(http);
        else if (form.Files.GetFile("file") is not { } file)
            await OpenAIError.Missing("file").WriteAsync(http);
        else if (file.Length > TranscriptionModel.MostBytes)
            await OpenAIError.Of(Problems.TooLarge).WriteAsync(http);
        else
            await gateway.TranscribeAsync(http, user, FieldsOf(form), form, file, await HashAsync(form, file));
    }

    static async Task<IFormCollection?> ReadAsync(HttpContext http)
    {
        if (!http.Request.HasFormContentType)
            return null;
        http.Features.Set<IFormFeature>(new FormFeature(http.Request, new FormOptions
        {
            MultipartBodyLengthLimit = MostBytes,
            ValueCountLimit = MostFields,
            ValueLengthLimit = LongestField,
        }));
        try
        {
            return await http.Request.ReadFormAsync(http.RequestAborted);
        }
        // A multipart form that ends too early is an IOException.
        catch (Exception error) when (error is InvalidDataException
            || (error is IOException and not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested))
        {
            return null;
        }
    }

    // The fields as the body of a request that the gateway reads; texts, but for what it asks of.
    static JsonElement FieldsOf(IFormCollection form) => JsonElement.Parse(ApiResults.Write(json =>
    {
        json.WriteStartObject();
        foreach (var (name, values) in form)
            if (name == "stream")
                json.WriteBoolean(name, values[^1] is "true" or "True" or "1");
            else if (name != "file")
                json.WriteString(name, values[^1]);
        json.WriteString("file", "");
        json.WriteEndObject();
    }));

    // Clients draw the boundary of a form anew for each request: what repeats is what stands in it.
    static async Task<byte[]> HashAsync(IFormCollection form, IFormFile file)
    {
        await using var bytes = file.OpenReadStream();
        var content = await SHA256.HashDataAsync(bytes);
        return [.. content, .. ApiResults.Write(json =>
        {
            json.WriteStartArray();
            json.WriteStringValue(file.FileName);
            foreach (var (name, values) in form)
                foreach (var value in values)
                {
                    json.WriteStringValue(name);
                    json.WriteStringValue(value);
                }
            json.WriteEndArray();
        })];
    }
}
