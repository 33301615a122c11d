using System.Text;

namespace Cote.Load.Wire;

/// <summary>Requests as bytes, written once and sent often.</summary>
static class Request
{
    public static byte[] Get(string path, string? token = null, string? accept = null) =>
        Write("GET", path, token, null, accept);

    public static byte[] Post(string path, string? token, string json, string? accept = null) =>
        Write("POST", path, token, json, accept);

    public static byte[] Put(string path, string? token, string json) => Write("PUT", path, token, json, null);

    /// <summary>A file as a browser asks for it.</summary>
    public static byte[] Compressed(string path) =>
        Write("GET", path, null, null, "text/html, */*;q=0.8", "gzip, deflate, br, zstd");

    static byte[] Write(
        string method, string path, string? token, string? json, string? accept, string? encodings = null)
    {
        var text = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        if (token is not null)
            text.Append($"Authorization: Bearer {token}\r\n");
        if (accept is not null)
            text.Append($"Accept: {accept}\r\n");
        if (encodings is not null)
            text.Append($"Accept-Encoding: {encodings}\r\n");
        if (json is not null)
            text.Append($"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n");
        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(json).ToString());
    }
}
