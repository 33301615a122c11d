using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;

namespace Cote.Tests.Media;

/// <summary>Small files, each with what makes it what it is and nothing else; and how an app uploads them.</summary>
static class Samples
{
    // A valid one: black pixels, and noise behind them, which viewers ignore.
    public static byte[] Png(int width = 4, int height = 3, int extra = 0)
    {
        byte[] header = [0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        using var pixels = new MemoryStream();
        using (var packed = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
            for (var row = 0; row < height && (long)width * height <= MostPixels; row++)
                packed.Write(new byte[1 + width]);
        return
        [
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. Chunk("IHDR", header),
            .. Chunk("IDAT", [.. pixels.ToArray(), .. Noise(extra)]), .. Chunk("IEND", []),
        ];
    }

    const long MostPixels = 1_000_000;

    /// <summary>A chunk of a PNG, with its sum.</summary>
    public static byte[] Chunk(string type, byte[] data)
    {
        byte[] chunk = [0, 0, 0, 0, .. Encoding.ASCII.GetBytes(type), .. data, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }

    public static byte[] Jpeg(int width = 4, int height = 3) =>
    [
        0xFF, 0xD8, 0xFF, 0xE0, 0, 16, .. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0,
        0xFF, 0xC0, 0, 11, 8, (byte)(height >> 8), (byte)height, (byte)(width >> 8), (byte)width, 1, 1, 0x11, 0, 0xFF,
            0xDA, 0, 2, 1, 2, 0xFF, 0xD9,
    ];

    public static byte[] Gif(int width = 4, int height = 3) =>
        [.. "GIF89a"u8, (byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8), 0x80, 0, 0, 0, 0, 0, 255,
            255, 255, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B];

    public static byte[] WebP(int width = 4, int height = 3) =>
    [
        .. "RIFF"u8, 30, 0, 0, 0, .. "WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, (byte)(width - 1),
            (byte)((width - 1) >> 8), (byte)((width - 1) >> 16),
        (byte)(height - 1), (byte)((height - 1) >> 8), (byte)((height - 1) >> 16),
    ];

    public static byte[] Bmp(int width = 4, int height = 3)
    {
        var bytes = new byte[64];
        "BM"u8.CopyTo(bytes);
        bytes[14] = 40;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(22), -height);
        return bytes;
    }

    // One directory: width and height of 32 bits, orientation of 16.
    public static byte[] Tiff(int width = 4, int height = 3, bool isLittle = true, int orientation = 1)
    {
        byte[] bytes = [.. isLittle ? "II*\0"u8 : "MM\0*"u8, .. Number(8, 4), .. Number(3, 2),
            .. Entry(256, 4, Number(width, 4)), .. Entry(257, 4, Number(height, 4)),
            .. Entry(274, 3, [.. Number(orientation, 2), 0, 0]), .. Number(0, 4)];
        return bytes;

        byte[] Entry(int tag, int type, byte[] value) =>
            [.. Number(tag, 2), .. Number(type, 2), .. Number(1, 4), .. value];

        byte[] Number(int value, int length)
        {
            byte[] number = [.. BitConverter.GetBytes(value)[..length]];
            return isLittle ? number : [.. number.Reverse()];
        }
    }

    public static byte[] IsoMedia(string brand) =>
        [0, 0, 0, 24, .. "ftyp"u8, .. Encoding.ASCII.GetBytes(brand), 0, 0, 0, 0, .. "mif1heic"u8, 0, 0, 0, 8,
        .. "mdat"u8];

    public static byte[] Heif(string brand, int width, int height)
    {
        byte[] size = [0, 0, 0, 20, .. "ispe"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(size.AsSpan(12), width);
        BinaryPrimitives.WriteInt32BigEndian(size.AsSpan(16), height);
        return [.. IsoMedia(brand), .. size];
    }

    public static byte[] Matroska(string type, string track) =>
        [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x82, (byte)(0x80 | type.Length), .. Encoding.ASCII.GetBytes(type), 0x18,
            0x53, 0x80, 0x67, .. Encoding.ASCII.GetBytes(track)];

    // Two frames of 128 kbit/s at 44.1 kHz: 417 bytes each.
    public static byte[] Mp3() => [0xFF, 0xFB, 0x90, 0, .. new byte[413], 0xFF, 0xFB, 0x90, 0, .. new byte[413]];

    public static byte[] Adts() =>
        [0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC, .. new byte[9], 0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC,
        .. new byte[9]];

    public static byte[] Wav(int length = 16) => [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVEfmt "u8, .. new byte[length]];

    public static byte[] Pdf(string text = "hello") =>
        [.. "%PDF-1.7\n"u8, .. Encoding.UTF8.GetBytes(text), .. "\n%%EOF"u8];

    public static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, text) in entries)
                using (var entry = zip.CreateEntry(name, name == "mimetype" ? CompressionLevel.NoCompression
                    : CompressionLevel.Optimal).Open())
                    entry.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    public static byte[] Docx(params (string Name, string Text)[] more) =>
        Zip([("[Content_Types].xml", "<Types/>"), ("word/document.xml", "<w:document/>"), .. more]);

    public static byte[] OpenDocument(string type) =>
        Zip(("mimetype", "application/vnd.oasis.opendocument." + type), ("content.xml", "<x/>"),
            ("META-INF/manifest.xml", "<x/>"));

    // A header, one sector of the allocation table, one of the directory.
    public static byte[] Compound(params string[] streams)
    {
        var bytes = new byte[512 * 3];
        byte[] mark = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        mark.CopyTo(bytes, 0);
        bytes[30] = 9;
        bytes[48] = 1; // the directory's first sector
        bytes.AsSpan(76, 436).Fill(0xFF);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(76), 0); // the table's first sector
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(512), 0xFFFFFFFD);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(516), 0xFFFFFFFE);
        for (var i = 0; i < streams.Length; i++)
        {
            Encoding.Unicode.GetBytes(streams[i]).CopyTo(bytes, 1_024 + i * 128);
            bytes[1_024 + i * 128 + 64] = (byte)(streams[i].Length * 2 + 2);
        }
        return bytes;
    }

    public static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Uploads as an app does; the name goes as it stands.</summary>
    public static Task<Reply> UploadAsync(this CoteClient client, byte[] bytes, string name = "file.bin",
        string field = "file") =>
        client.UploadAsync(new ByteArrayContent(bytes), name, field);

    public static Task<Reply> UploadAsync(this CoteClient client, HttpContent file, string name,
        string field = "file") =>
        client.SendAsync(HttpMethod.Post, "/upload/", change: request =>
        {
            var form = new MultipartFormDataContent();
            file.Headers.ContentDisposition = new("form-data") { Name = $"\"{field}\"", FileNameStar = name };
            form.Add(file);
            request.Content = form;
        });

    /// <summary>The signed URL of a new picture that nobody else has.</summary>
    public static async Task<string> PictureAsync(this CoteClient client) =>
        (await client.UploadAsync(Png(extra: 64), "picture.png")).Ok()["url"];

    public static string PathOf(string url) => url[..url.IndexOf('?', StringComparison.Ordinal)];

    public static async Task<byte[]> BytesOf(Reply reply) => await reply.Message.Content.ReadAsByteArrayAsync();

    public static Task<Reply> GetAsync(this CoteClient client, string path, Action<HttpRequestHeaders> headers) =>
        client.SendAsync(HttpMethod.Get, path, change: x => headers(x.Headers));
}
