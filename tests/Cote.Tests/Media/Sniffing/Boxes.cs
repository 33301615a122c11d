using System.Buffers.Binary;
using System.Text;

namespace Cote.Tests.Media.Sniffing;

/// <summary>Boxes of ISO base media, made by hand.</summary>
static class Boxes
{
    public static byte[] Box(string type, params byte[][] contents)
    {
        byte[] content = [.. contents.SelectMany(x => x)];
        return [.. UInt32(content.Length + 8), .. Encoding.ASCII.GetBytes(type), .. content];
    }

    /// <summary>A box whose size stands in 64 bits.</summary>
    public static byte[] LargeBox(string type, byte[] content, ulong? size = null)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, size ?? (ulong)content.Length + 16);
        return [.. UInt32(1), .. Encoding.ASCII.GetBytes(type), .. bytes, .. content];
    }

    /// <summary>The last box, which reaches to the end of the file.</summary>
    public static byte[] OpenBox(string type, byte[] content) =>
        [.. UInt32(0), .. Encoding.ASCII.GetBytes(type), .. content];

    public static byte[] Brands(string major, params string[] compatible) =>
        Box("ftyp", Encoding.ASCII.GetBytes(major), UInt32(0), Encoding.ASCII.GetBytes(string.Concat(compatible)));

    public static byte[] Size(int width, int height) => Box("ispe", UInt32(0), UInt32(width), UInt32(height));

    /// <summary>A turn to the left, in quarters.</summary>
    public static byte[] Turn(byte quarters) => Box("irot", [quarters]);

    public static byte[] Mirror => Box("imir", [1]);

    /// <summary>
    /// A crop of a whole number of pixels; the centre lies half as many pixels from the image's as is said.
    /// </summary>
    public static byte[] Crop(int width, int height, int acrossHalves, int downHalves) => Box("clap",
        UInt32(width), UInt32(1), UInt32(height), UInt32(1), UInt32(acrossHalves), UInt32(2), UInt32(downHalves),
            UInt32(2));

    /// <summary>A <c>meta</c> box with properties, and for each item the numbers of its own.</summary>
    public static byte[] Meta(int primary, byte[][] properties, params (int Item, byte[] Numbers)[] items) =>
        Box("meta", UInt32(0),
        Box("hdlr", new byte[24]), Box("pitm", UInt32(0), UInt16(primary)),
        Box("iprp", Box("ipco", properties), Box("ipma", UInt32(0), UInt32(items.Length),
            [.. items.SelectMany(x => (byte[])[.. UInt16(x.Item), (byte)x.Numbers.Length, .. x.Numbers])])));

    public static byte[] UInt32(long value) =>
        [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    public static byte[] UInt16(int value) => [(byte)(value >> 8), (byte)value];
}
