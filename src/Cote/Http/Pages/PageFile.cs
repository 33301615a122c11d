using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Cote.Http;

/// <summary>One file of the page, in the encoding that a browser takes; made when it is first asked for.</summary>
sealed class PageFile(string resource, string type, bool isForever)
{
    // Pictures and fonts are compressed by their own format.
    static readonly string[] Compressible = ["text/", "application/json", "application/manifest+json", "image/svg"];

    readonly Lazy<Content> _plain = new(() => new(null, Read(resource)));
    readonly Lazy<Content> _brotli = new(() => Compress("br", Read(resource),
        x => new BrotliStream(x, CompressionLevel.SmallestSize)));
    readonly Lazy<Content> _gzip = new(() => Compress("gzip", Read(resource),
        x => new GZipStream(x, CompressionLevel.SmallestSize)));

    bool IsCompressible => Compressible.Any(x => type.StartsWith(x, StringComparison.Ordinal));

    /// <summary>The file, or a 304 where the browser has it.</summary>
    public IResult Answer(HttpContext http)
    {
        var content = Choose(http.Request);
        var headers = http.Response.Headers;
        headers.CacheControl = isForever ? "public, max-age=31536000, immutable" : "no-cache";
        if (IsCompressible)
            headers.Append("Vary", "Accept-Encoding");
        if (content.Encoding is not null)
            headers.ContentEncoding = content.Encoding;
        if (resource.EndsWith("/sw.js", StringComparison.Ordinal))
        {
            headers["Service-Worker-Allowed"] = "/"; // the page at / is what it keeps
            // A worker obeys the policy of its script.
            headers.ContentSecurityPolicy = "default-src 'none'; connect-src 'self'";
        }
        return Results.Bytes(content.Bytes,
            type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type,
            entityTag: content.Tag);
    }

    Content Choose(HttpRequest request)
    {
        if (!IsCompressible)
            return _plain.Value;
        var taken = request.GetTypedHeaders().AcceptEncoding.Where(x => x.Quality is null or > 0)
            .Select(x => x.Value.ToString()).ToList();
        return taken.Contains("br", StringComparer.OrdinalIgnoreCase) ? _brotli.Value
            : taken.Contains("gzip", StringComparer.OrdinalIgnoreCase) ? _gzip.Value
            : _plain.Value;
    }

    static byte[] Read(string resource)
    {
        using var stream = typeof(PageFile).Assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static Content Compress(string encoding, byte[] bytes, Func<Stream, Stream> compressor)
    {
        using var made = new MemoryStream();
        using (var stream = compressor(made))
            stream.Write(bytes);
        return new(encoding, made.ToArray());
    }

    sealed class Content(string? encoding, byte[] bytes)
    {
        public string? Encoding => encoding;
        public byte[] Bytes => bytes;
        public EntityTagHeaderValue Tag { get; } =
            new($"\"{Base64Url.EncodeToString(SHA256.HashData(bytes).AsSpan(0, 12))}\"");
    }
}
