using System.IO.Compression;
using Cote.Primitives;

namespace Cote.Models;

/// <summary>
/// Unpacks a body. Identity is asked for, but proxies compress what they were not asked to, leave the header on what
/// they have unpacked, and call raw deflate and zlib by one name: the first bytes decide where they can.
/// </summary>
static class ContentCoding
{
    const int MaxCodings = 3;

    /// <summary>The unpacked body. It is unpacked as it is read, so its reader bounds it.</summary>
    /// <exception cref="ModelFaultException">The coding is unknown.</exception>
    public static async Task<Stream> OpenAsync(HttpContent content, CancellationToken ct)
    {
        var body = await content.ReadAsStreamAsync(ct);
        var codings = content.Headers.ContentEncoding
            .SelectMany(x => x.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(x => !x.Equals("identity", StringComparison.OrdinalIgnoreCase)).Reverse().ToList();
        if (codings.Count > MaxCodings)
            throw new ModelFaultException(ModelFault.Unreadable);
        if (codings.Count == 0)
            codings.Add("gzip"); // Only if the first bytes are gzip's.
        foreach (var coding in codings)
            body = await UnpackAsync(body, coding, ct);
        return body;
    }

    static async Task<Stream> UnpackAsync(Stream body, string coding, CancellationToken ct)
    {
        if (coding.Equals("br", StringComparison.OrdinalIgnoreCase))
            return new BrotliStream(body, CompressionMode.Decompress);
        var isGzip = coding.Equals("gzip", StringComparison.OrdinalIgnoreCase)
            || coding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);
        if (!isGzip && !coding.Equals("deflate", StringComparison.OrdinalIgnoreCase))
            throw new ModelFaultException(ModelFault.Unreadable);

        var head = new byte[2];
        var length = 0;
        Exception? broken = null;
        try
        {
            length = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, ct);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            broken = error; // Told by the stream to its reader, which knows what a break means.
        }
        var whole = new HeadedStream(head.AsMemory(0, length), body, broken);
        return head is [0x1F, 0x8B] ? new GZipStream(whole, CompressionMode.Decompress)
            : isGzip || length == 0 || IsText(head[0]) ? whole
            : (head[0] & 0x0F) == 8 && (head[0] << 8 | head[1]) % 31 == 0
                ? new ZLibStream(whole, CompressionMode.Decompress)
            : new DeflateStream(whole, CompressionMode.Decompress);
    }

    // The begin of JSON, of a web page, of a field or of a comment.
    static bool IsText(byte first) => "{[<:deir\n\r\u00EF".Contains((char)first, StringComparison.Ordinal);

    /// <summary>A body whose first bytes have been read.</summary>
    sealed class HeadedStream(ReadOnlyMemory<byte> head, Stream rest, Exception? broken) : AsyncStream
    {
        ReadOnlyMemory<byte> _head = head;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_head.IsEmpty && broken is not null)
                throw new IOException("The body broke off.", broken);
            if (_head.IsEmpty)
                return await rest.ReadAsync(buffer, cancellationToken);
            var count = Math.Min(_head.Length, buffer.Length);
            _head[..count].CopyTo(buffer);
            _head = _head[count..];
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
