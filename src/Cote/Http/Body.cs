using System.Buffers;
using System.Text.Json;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Http;

/// <summary>Reads a request's body into a <see cref="RequestReader"/>. What cannot be read at all is a problem of the check.</summary>
public static class Body
{
    static readonly JsonDocumentOptions Reading = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>A JSON object. Another form is a 422, as is JSON that is broken, too deep, or names a field twice.</summary>
    public static async Task<RequestReader> ReadAsync(HttpContext http)
    {
        if (http.Request.ContentType is { Length: > 0 } && !http.Request.HasJsonContentType())
        {
            await DrainAsync(http);
            return new RequestReader(JsonElement.Parse("\"(not JSON)\""u8));
        }
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }
            try
            {
                return Parse(read.Buffer);
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    /// <summary>A form, urlencoded or multipart. Another form has none of the fields.</summary>
    public static async Task<RequestReader> ReadFormAsync(HttpContext http)
    {
        var fields = new Dictionary<string, string?>();
        if (http.Request.HasFormContentType)
        {
            try
            {
                foreach (var (name, values) in await http.Request.ReadFormAsync(http.RequestAborted))
                    fields[name] = values[^1];
            }
            catch (Exception error) when (error is InvalidDataException || (error is IOException and not BadHttpRequestException
                && !http.RequestAborted.IsCancellationRequested)) // a multipart form that ends too early is an IOException
            {
                return new RequestReader(RequestReader.InvalidForm);
            }
        }
        else
        {
            await DrainAsync(http);
        }
        return new RequestReader(JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields)
                json.WriteString(name, value);
            json.WriteEndObject();
        })));
    }

    static RequestReader Parse(ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsEmpty)
            return new RequestReader(default(JsonElement));
        try
        {
            return new RequestReader(JsonElement.Parse(bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray(), Reading));
        }
        catch (JsonException error)
        {
            return new RequestReader(RequestReader.InvalidJson(error.BytePositionInLine ?? 0));
        }
        catch (InvalidOperationException) // half a surrogate pair in the name of a field
        {
            return new RequestReader(RequestReader.InvalidJson(0));
        }
    }

    // What is refused unread would otherwise stand in the way of the next request on the connection.
    static async Task DrainAsync(HttpContext http) => await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
}
