using System.Text;
using Cote.Media;

namespace Cote.Tests.Media.Sniffing;

/// <summary>Which pictures say nothing beside their pixels.</summary>
public sealed class ImageMetadataTests
{
    static readonly byte[] Jpeg = Samples.Jpeg();
    static readonly byte[] Png = Samples.Png();
    static readonly byte[] Gif = Samples.Gif();
    static readonly byte[] WebP = [.. "RIFF"u8, 22, 0, 0, 0, .. Samples.WebP()[8..]];

    public static TheoryData<string, string, byte[]> Plain => new()
    {
        { "a JPEG", "image/jpeg", Jpeg },
        { "a JPEG with a profile of colours", "image/jpeg", WithSegment(0xE2, "ICC_PROFILE\0\u0001\u0001abc") },
        { "a JPEG with three colours", "image/jpeg", WithSegment(0xEE, "Adobe\0\u0064\0\0\0\0\u0001") },
        { "a JPEG with restarts among its pixels", "image/jpeg",
            [.. Jpeg[..^2], 0xFF, 0xD0, 3, 0xFF, 0, 4, 0xFF, 0xD9] },
        { "a PNG", "image/png", Png },
        { "a PNG with a profile of colours", "image/png", WithChunk("iCCP", "sRGB\0\0abc") },
        { "a PNG with clear pixels", "image/png", WithChunk("tRNS", "\0") },
        { "a GIF", "image/gif", Gif },
        { "a GIF that repeats", "image/gif",
            [.. Gif[..19], 0x21, 0xFF, 11, .. "NETSCAPE2.0"u8, 3, 1, 0, 0, 0, .. Gif[19..]] },
        { "a WebP", "image/webp", WebP },
    };

    public static TheoryData<string, string, byte[]> Telling => new()
    {
        { "a JPEG with Exif data", "image/jpeg", WithSegment(0xE1, "Exif\0\0MM\0*\0\0\0\u0008\0\0") },
        { "a JPEG with XMP", "image/jpeg", WithSegment(0xE1, "http://ns.adobe.com/xap/1.0/\0<x/>") },
        { "a JPEG with IPTC", "image/jpeg", WithSegment(0xED, "Photoshop 3.0\0") },
        { "a JPEG with a comment", "image/jpeg", WithSegment(0xFE, "mine") },
        { "a JPEG with a second picture", "image/jpeg", WithSegment(0xE2, "MPF\0") },
        { "a JPEG with a small picture", "image/jpeg", WithSegment(0xE0, "JFXX\0\u0010") },
        { "a JPEG with something behind its end", "image/jpeg", [.. Jpeg, 1] },
        { "a JPEG without an end", "image/jpeg", Jpeg[..^2] },
        { "a JPEG of print", "image/jpeg",
            [.. Jpeg[..20], 0xFF, 0xC0, 0, 20, 8, 0, 3, 0, 4, 4, .. new byte[12], .. Jpeg[33..]] },
        { "a PNG with Exif data", "image/png", WithChunk("eXIf", "MM\0*") },
        { "a PNG with text", "image/png", WithChunk("tEXt", "Author\0me") },
        { "a PNG with packed text", "image/png", WithChunk("zTXt", "Author\0\0") },
        { "a PNG with text of the world", "image/png", WithChunk("iTXt", "XML:com.adobe.xmp\0") },
        { "a PNG with a time", "image/png", WithChunk("tIME", "1234567") },
        { "a PNG with a chunk of somebody's own", "image/png", WithChunk("prIV", "") },
        { "a PNG with something behind its end", "image/png", [.. Png, 1] },
        { "a PNG without an end", "image/png", Png[..^12] },
        { "a GIF with a comment", "image/gif", [.. Gif[..19], 0x21, 0xFE, 2, 65, 66, 0, .. Gif[19..]] },
        { "a GIF with XMP", "image/gif", [.. Gif[..19], 0x21, 0xFF, 11, .. "XMP DataXMP"u8, 1, 1, 0, .. Gif[19..]] },
        { "a GIF with something behind its end", "image/gif", [.. Gif, 1] },
        { "a GIF without an end", "image/gif", Gif[..^1] },
        { "a WebP with Exif data", "image/webp", WithWebP("EXIF") },
        { "a WebP with XMP", "image/webp", WithWebP("XMP ") },
        { "a WebP with something behind its end", "image/webp", [.. WebP, 1] },
        { "a BMP", "image/bmp", Samples.Bmp() },
        { "a text", "image/png", "hello"u8.ToArray() },
        { "nothing", "image/jpeg", [] },
    };

    [Theory]
    [MemberData(nameof(Plain))]
    public void A_picture_that_is_only_a_picture_is_plain(string what, string contentType, byte[] file) =>
        ImageMetadata.IsPlain(file, contentType).ShouldBeTrue(what);

    [Theory]
    [MemberData(nameof(Telling))]
    public void A_picture_that_tells_more_is_not(string what, string contentType, byte[] file) =>
        ImageMetadata.IsPlain(file, contentType).ShouldBeFalse(what);

    [Fact]
    public void Garbage_is_not_plain_and_throws_nothing()
    {
        var random = new Random(7);
        foreach (var (_, type, file) in Plain.Select(x => x.Data))
            for (var i = 0; i < 2_000; i++)
            {
                var bytes = file[..random.Next(file.Length + 1)];
                for (var j = 0; j < 3 && bytes.Length > 0; j++)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                ImageMetadata.IsPlain(bytes, type);
                ImageMetadata.IsPlain([.. file[..Math.Min(12, file.Length)], .. bytes], type);
            }
    }

    static byte[] WithSegment(byte mark, string content) =>
        [.. Jpeg[..20], 0xFF, mark, 0, (byte)(content.Length + 2), .. Encoding.Latin1.GetBytes(content), .. Jpeg[20..]];

    static byte[] WithChunk(string type, string content) => [.. Png[..33], 0, 0, 0, (byte)content.Length,
        .. Encoding.Latin1.GetBytes(type + content), 0, 0, 0, 0, .. Png[33..]];

    static byte[] WithWebP(string type) =>
        [.. "RIFF"u8, 32, 0, 0, 0, .. WebP[8..], .. Encoding.ASCII.GetBytes(type), 1, 0, 0, 0, 65, 0];
}
