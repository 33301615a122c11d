using System.Buffers.Binary;
using static Cote.Tests.Media.Sniffing.Boxes;

namespace Cote.Tests.Media.Sniffing;

/// <summary>
/// Width and height as viewers show an image. Each of these, made of real pixels, was shown to Chromium 156, and its
/// <c>naturalWidth</c> is what stands here.
/// </summary>
public sealed class ImageSizeTests
{
    [Theory]
    [InlineData(1, 64, 48)]
    [InlineData(2, 64, 48)]
    [InlineData(3, 64, 48)]
    [InlineData(4, 64, 48)]
    [InlineData(5, 48, 64)]
    [InlineData(6, 48, 64)]
    [InlineData(7, 48, 64)]
    [InlineData(8, 48, 64)]
    [InlineData(9, 64, 48)]
    [InlineData(0, 64, 48)]
    public void A_photo_of_a_phone_held_upright_is_as_high_as_it_is_shown(int orientation, int width, int height)
    {
        foreach (var isLittle in new[] { true, false })
        {
            SizeOf(Jpeg(Exif(orientation, isLittle))).ShouldBe((width, height), $"JPEG, {isLittle}");
            SizeOf(Png(Chunk("eXIf", Exif(orientation, isLittle)))).ShouldBe((width, height), $"PNG, {isLittle}");
            SizeOf(Samples.Tiff(64, 48, isLittle, orientation)).ShouldBe((width, height), $"TIFF, {isLittle}");
        }
    }

    public static TheoryData<string, byte[], int> Photos
    {
        get
        {
            byte[] turned = Exif(6), straight = Exif(1), without = Exif(6, tag: 0x10F);
            return new()
            {
                { "no Exif data", Jpeg(), 64 },
                { "behind other segments",
                    JpegOf(Segment(0xE0, new byte[14]), Segment(0xE1, "http://ns.adobe.com/xap/1.0/\0<x/>"u8),
                    ExifSegment(turned), Frame), 48 },
                { "behind the size", JpegOf(Frame, ExifSegment(turned)), 48 },
                { "behind the pixels", [.. Jpeg(), .. ExifSegment(turned)], 64 },
                { "the first of two says straight", JpegOf(ExifSegment(straight), ExifSegment(turned), Frame), 64 },
                { "the first of two says turned", JpegOf(ExifSegment(turned), ExifSegment(straight), Frame), 48 },
                { "the first of two is junk", JpegOf(ExifSegment("junkjunkjunkjunk"u8), ExifSegment(turned), Frame),
                    64 },
                { "the first of two says nothing", JpegOf(ExifSegment(without), ExifSegment(turned), Frame), 64 },
                { "another padding", JpegOf(Segment(0xE1, [.. "Exif\0"u8, 0xFF, .. turned]), Frame), 48 },
                { "another type of number", Jpeg(Exif(6, type: 4)), 64 },
                { "bytes in place of a number", Jpeg(Exif(6, type: 1)), 64 },
                { "two numbers", Jpeg(Exif(6, count: 2)), 64 },
                { "a directory beyond the end", Jpeg([.. "II*\0"u8, 0xFF, 0xFF, 0xFF, 0x7F, .. turned[8..]]), 64 },
                { "more entries than there are", Jpeg([.. without[..8], 0xFF, 0xFF, .. without[10..]]), 64 },
                { "cut off", Jpeg(turned[..12]), 64 },
                { "nothing but the mark", JpegOf(Segment(0xE1, "Exif\0"u8), Frame), 64 },
                { "a PNG with it behind the pixels", [.. Png(Chunk("IDAT", [1])), .. Chunk("eXIf", turned)], 64 },
                { "a PNG with a JPEG's mark", Png(Chunk("eXIf", [.. "Exif\0\0"u8, .. turned])), 64 },
                { "a PNG that says straight first", Png(Chunk("eXIf", straight), Chunk("eXIf", turned)), 64 },
                { "a PNG with other chunks before",
                    Png(Chunk("gAMA", new byte[4]), Chunk("iCCP", new byte[70_000]), Chunk("eXIf", turned)), 48 },
                { "a WebP, which Chromium does not turn", WebP(turned), 64 },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Photos))]
    public void Exif_data_counts_where_viewers_look_for_it(string where, byte[] photo, int width) =>
        SizeOf(photo).ShouldBe((width, width == 64 ? 48 : 64), where);

    public static TheoryData<string, byte[], int, int> Heifs => new()
    {
        { "as it is", Meta(1, [Size(64, 48)], (1, [1])), 64, 48 },
        { "a quarter to the left", Meta(1, [Size(64, 48), Turn(1)], (1, [1, 2])), 48, 64 },
        { "upside down", Meta(1, [Size(64, 48), Turn(2)], (1, [1, 2])), 64, 48 },
        { "three quarters, and mirrored", Meta(1, [Size(64, 48), Turn(3), Mirror], (1, [1, 0x80 | 2, 0x80 | 3])), 48,
            64 },
        { "only mirrored", Meta(1, [Size(64, 48), Mirror], (1, [1, 2])), 64, 48 },
        { "another image is turned", Meta(1, [Size(64, 48), Turn(1)], (2, [1, 2]), (1, [1])), 64, 48 },
        { "the thumbnail comes first", Meta(7, [Size(16, 12), Size(64, 48), Turn(1)], (1, [1]), (7, [2, 3])), 48, 64 },
        { "a larger map of depths beside it", Meta(1, [Size(64, 48), Size(640, 480)], (1, [1]), (2, [2])), 64, 48 },
        { "cropped at the corner", Meta(1, [Size(64, 48), Crop(40, 30, -24, -18)], (1, [1, 2])), 40, 30 },
        { "cropped at the corner and turned", Meta(1, [Size(64, 48), Crop(40, 30, -24, -18), Turn(1)], (1, [1, 2, 3])),
            30, 40 },
        { "cropped in the middle, which Chromium ignores", Meta(1, [Size(64, 48), Crop(40, 30, 0, 0)], (1, [1, 2])),
            64, 48 },
        { "cropped to more than there is", Meta(1, [Size(64, 48), Crop(65, 48, 1, 0)], (1, [1, 2])), 64, 48 },
        { "cropped to nothing", Meta(1, [Size(64, 48), Crop(0, 0, -64, -48)], (1, [1, 2])), 64, 48 },
        { "a property that is not there", Meta(1, [Size(64, 48)], (1, [1, 99, 0])), 64, 48 },
        { "no word of which image it is", Meta(9, [Size(16, 12), Size(64, 48)], (1, [1])), 64, 48 },
        { "no word of which image it is, turned",
            Box("meta", UInt32(0), Box("iprp", Box("ipco", Size(64, 48), Turn(3)))), 48, 64 },
    };

    [Theory]
    [MemberData(nameof(Heifs))]
    public void An_image_is_turned_and_cropped_by_its_own_properties(string what, byte[] meta, int width, int height)
    {
        foreach (var brand in new[] { "heic", "avif" })
            SizeOf([.. Brands(brand, "mif1", brand), .. meta]).ShouldBe((width, height), what);
    }

    // Wide numbers and long ids: files of many tiles have them.
    [Fact]
    public void Associations_of_every_width_are_read()
    {
        foreach (var isWide in new[] { false, true })
            foreach (var version in new[] { 0, 1 })
            {
                byte[] Id(int id) => version == 0 ? UInt16(id) : UInt32(id);
                byte[] Number(int number) => isWide ? UInt16(0x8000 | number) : [(byte)(0x80 | number)];
                byte[] associations =
                [
                    (byte)version, 0, 0, (byte)(isWide ? 1 : 0), .. UInt32(2),
                    .. Id(1), 1, .. Number(1), .. Id(300), 2, .. Number(2), .. Number(3),
                ];
                var meta = Box("meta", UInt32(0), Box("pitm", UInt32(version << 24), Id(300)),
                    Box("iprp", Box("ipco", Size(16, 12), Size(64, 48), Turn(1)), Box("ipma", associations)));
                SizeOf([.. Brands("heic", "mif1"), .. meta]).ShouldBe((48, 64), $"{isWide} {version}");
            }
    }

    static readonly byte[] Frame = [0xFF, 0xC0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0];

    static byte[] Jpeg(byte[]? exif = null) => exif is null ? JpegOf(Frame) : JpegOf(ExifSegment(exif), Frame);

    static byte[] JpegOf(params byte[][] segments) =>
        [0xFF, 0xD8, .. segments.SelectMany(x => x), 0xFF, 0xDA, 0, 2, 1, 2, 0xFF, 0xD9];

    static byte[] ExifSegment(ReadOnlySpan<byte> exif) => Segment(0xE1, [.. "Exif\0\0"u8, .. exif]);

    static byte[] Segment(byte mark, ReadOnlySpan<byte> bytes) => [0xFF, mark, .. UInt16(bytes.Length + 2), .. bytes];

    static byte[] Png(params byte[][] chunks) =>
        [.. Samples.Png(64, 48)[..33], .. chunks.SelectMany(x => x), .. Chunk("IEND", [])];

    static byte[] Chunk(string type, byte[] bytes) =>
        [.. UInt32(bytes.Length), .. System.Text.Encoding.ASCII.GetBytes(type), .. bytes, 0, 0, 0, 0];

    static byte[] WebP(byte[] exif)
    {
        var bytes = Samples.WebP(64, 48);
        bytes[20] = 8; // there is Exif data
        return [.. bytes, .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif];
    }

    // A byte order, one directory, one entry.
    static byte[] Exif(int orientation, bool isLittle = true, int tag = 0x112, int type = 3, int count = 1)
    {
        var bytes = new byte[26];
        (isLittle ? "II*\0"u8 : "MM\0*"u8).CopyTo(bytes);
        Write32(4, 8);
        Write16(8, 1);
        Write16(10, tag);
        Write16(12, type);
        Write32(14, count);
        Write16(18, orientation);
        return bytes;

        void Write16(int at, int value)
        {
            if (isLittle)
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)value);
            else
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)value);
        }

        void Write32(int at, int value)
        {
            if (isLittle)
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
            else
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), value);
        }
    }

    static (long, long) SizeOf(byte[] bytes) =>
        FileTypesTests.Detect(bytes, "a") is { } type ? (type.Width, type.Height) : default;
}
