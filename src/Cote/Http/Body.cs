using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Cote;

/// <summary>
/// Reads a request's body into a <see cref="RequestReader"/>. A body that cannot be read at all is its problem.
/// </summary>
public static class Body
{
    const int MaxDepth = 32;

    static ReadOnlySpan<byte> ByteOrderMark => [0xef, 0xbb, 0xbf];

    /// <summary>
    /// A JSON object in UTF-8. Another content type is a 422, as is JSON that is broken, nested deeper than 32 levels,
    /// or has a field twice.
    /// </summary>
    public static Task<RequestReader> ReadAsync(HttpContext http) => ReadAsync(http, MaxDepth);

    /// <summary>The same, of JSON that may be nested deeper: it holds what models and tools have written.</summary>
    internal static async Task<RequestReader> ReadAsync(HttpContext http, int maxDepth)
    {
        if (http.Request.ContentType is { Length: > 0 } type && !http.Request.HasJsonContentType())
        {
            await DrainAsync(http);
            return new RequestReader(RequestReader.WrongContentType(type));
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
                return Parse(read.Buffer, maxDepth);
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    /// <summary>The same; an empty body is an object without fields.</summary>
    public static async Task<RequestReader> ReadOptionalAsync(HttpContext http) =>
        http.Request.ContentLength is null or 0 && await IsEmptyAsync(http)
            ? new RequestReader(JsonElement.Parse("{}"u8)) : await ReadAsync(http);

    static async Task<bool> IsEmptyAsync(HttpContext http)
    {
        var reader = http.Request.BodyReader;
        var read = await reader.ReadAsync(http.RequestAborted);
        reader.AdvanceTo(read.Buffer.Start);
        return read.IsCompleted && read.Buffer.IsEmpty;
    }

    /// <summary>A form, urlencoded or multipart. A body of another content type has none of the fields.</summary>
    public static async Task<RequestReader> ReadFormAsync(HttpContext http)
    {
        var fields = new Dictionary<string, string?>();
        if (!http.Request.HasFormContentType)
        {
            await DrainAsync(http);
            return RequestReader.ForOtherThanForm(http.Request.ContentType ?? "a body without a Content-Type");
        }
        try
        {
            foreach (var (name, values) in await http.Request.ReadFormAsync(http.RequestAborted))
                fields[name] = values[^1];
        }
        // A multipart form that ends too early is an IOException.
        catch (Exception error) when (error is InvalidDataException
            || (error is IOException and not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested))
        {
            return new RequestReader(RequestReader.InvalidForm);
        }
        return new RequestReader(JsonElement.Parse(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields)
                json.WriteString(name, value);
            json.WriteEndObject();
        })));
    }

    static RequestReader Parse(ReadOnlySequence<byte> body, int maxDepth)
    {
        var bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        if (bytes.IsEmpty)
            return new RequestReader(default(JsonElement));
        if (bytes.StartsWith(ByteOrderMark)) // RFC 8259 8.1: a parser may ignore it; Windows tools write it
            bytes = bytes[ByteOrderMark.Length..];
        // The parser looks at the bytes of a text only when it is read: a name that nothing asks for would pass.
        if (!Utf8.IsValid(bytes))
            return new RequestReader(RequestReader.InvalidJson(ValidLength(bytes)));
        try
        {
            return new RequestReader(JsonElement.Parse(
                bytes, new() { MaxDepth = maxDepth, AllowDuplicateProperties = false }));
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

    static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        var valid = 0;
        while (System.Text.Rune.DecodeFromUtf8(bytes[valid..], out _, out var length) == OperationStatus.Done)
            valid += length;
        return valid;
    }

    // An unread body would stand in the way of the next request on the connection.
    static async Task DrainAsync(HttpContext http) =>
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
}
