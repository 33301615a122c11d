using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>
/// The size at which viewers show a HEIF or AVIF image (ISO/IEC 23008-12): that of the primary item, cropped and
/// turned by the properties that belong to it. Chromium ignores a crop that does not begin at the corner.
/// </summary>
static class HeifSize
{
    const int LongestAssociations = 1_048_576;
    const int LongestProperty = 32;
    const int MostAssociations = 4; // one for each version and width of numbers

    /// <summary>Null where no size is found.</summary>
    public static (long Width, long Height)? Read(FileProbe file)
    {
        var boxes = new IsoBoxes(file);
        var contents = new Contents();
        foreach (var box in boxes.Walk(0, file.Length))
        {
            if (box.Type == "ispe")
                contents.Properties.Add(PropertyOf(file, box));
            if (box.Type != "meta")
                continue;
            ReadMeta(file, boxes, box, contents);
            break;
        }
        return SizeOf(contents.Properties, PropertiesOfPrimary(contents)) ?? Largest(contents.Properties);
    }

    /// <summary>What of the box <c>meta</c> tells the size.</summary>
    sealed class Contents
    {
        public uint? Primary { get; set; }

        public List<Property> Properties { get; } = [];

        public List<byte[]> Associations { get; } = [];
    }

    readonly record struct Property(string Type, byte[] Bytes);

    static void ReadMeta(FileProbe file, IsoBoxes boxes, IsoBox meta, Contents contents)
    {
        foreach (var box in boxes.Walk(meta.Start + 4, meta.End))
        {
            if (box.Type == "pitm")
                contents.Primary = PrimaryOf(file.At(box.Start, 8));
            if (box.Type != "iprp")
                continue;
            foreach (var part in boxes.Walk(box.Start, box.End))
            {
                if (part.Type == "ipma" && contents.Associations.Count < MostAssociations)
                    contents.Associations.Add(BytesOf(file, part, LongestAssociations));
                if (part.Type == "ipco")
                    contents.Properties.AddRange(boxes.Walk(part.Start, part.End).Select(x => PropertyOf(file, x)));
            }
        }
    }

    static Property PropertyOf(FileProbe file, IsoBox box) =>
        new(box.Type, BytesOf(file, box, LongestProperty));

    static byte[] BytesOf(FileProbe file, IsoBox box, int most) =>
        file.At(box.Start, (int)Math.Min(most, box.End - box.Start));

    static uint? PrimaryOf(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0, _, _, _, _, _, ..] => ReadUInt16BigEndian(bytes[4..]),
        [_, _, _, _, _, _, _, _] => ReadUInt32BigEndian(bytes[4..]),
        _ => null,
    };

    static List<int> PropertiesOfPrimary(Contents contents)
    {
        if (contents.Primary is { } primary)
            foreach (var bytes in contents.Associations)
                if (AssociationsOf(bytes, primary) is { } found)
                    return found;
        return [];
    }

    // Version, flags, a count, and for each item its id and the numbers of its properties, which begin at 1. The
    // highest bit of a number says that a reader must know the property.
    static List<int>? AssociationsOf(ReadOnlySpan<byte> bytes, uint item)
    {
        if (bytes.Length < 8)
            return null;
        var (idLength, isWide) = (bytes[0] < 1 ? 2 : 4, (bytes[3] & 1) != 0);
        bytes = bytes[8..];
        while (bytes.Length > idLength)
        {
            var id = idLength == 2 ? ReadUInt16BigEndian(bytes) : ReadUInt32BigEndian(bytes);
            var length = bytes[idLength] * (isWide ? 2 : 1);
            bytes = bytes[(idLength + 1)..];
            if (bytes.Length < length)
                return null;
            if (id != item)
            {
                bytes = bytes[length..];
                continue;
            }
            var numbers = new List<int>();
            for (var at = 0; at < length; at += isWide ? 2 : 1)
                numbers.Add(isWide ? ReadUInt16BigEndian(bytes[at..]) & 0x7FFF : bytes[at] & 0x7F);
            return numbers;
        }
        return null;
    }

    // Cropping and turning apply in the order in which they are associated.
    static (long Width, long Height)? SizeOf(List<Property> properties, List<int> numbers)
    {
        (long Width, long Height)? size = null;
        foreach (var (type, bytes) in numbers.Where(x => x > 0 && x <= properties.Count).Select(x => properties[x - 1]))
            size = type switch
            {
                "ispe" => ExtentOf(bytes) ?? size,
                "clap" when size is var (width, height) => Crop(bytes, width, height),
                "irot" when IsQuarterTurn(bytes) && size is var (width, height) => (height, width),
                _ => size,
            };
        return size;
    }

    // Of a file that does not say which image is meant: a thumbnail is never larger than what it is made from.
    static (long Width, long Height)? Largest(List<Property> properties)
    {
        var sizes = properties.Where(x => x.Type == "ispe")
            .Select(x => ExtentOf(x.Bytes)).OfType<(long, long)>().ToList();
        if (sizes.Count == 0)
            return null;
        var (width, height) = sizes.MaxBy(x => (Int128)x.Item1 * x.Item2);
        return properties.Exists(x => x.Type == "irot" && IsQuarterTurn(x.Bytes)) ? (height, width) : (width, height);
    }

    static (long Width, long Height)? ExtentOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 12)
            return null;
        var (width, height) = (ReadUInt32BigEndian(bytes[4..]), ReadUInt32BigEndian(bytes[8..]));
        return width > 0 && height > 0 ? (width, height) : null;
    }

    static bool IsQuarterTurn(ReadOnlySpan<byte> bytes) => bytes.Length > 0 && (bytes[0] & 1) != 0;

    // Four fractions: width, height, and how far the crop's centre lies from the image's.
    static (long Width, long Height) Crop(ReadOnlySpan<byte> bytes, long width, long height) =>
        bytes.Length == LongestProperty && CropSide(bytes, bytes[16..], width) is { } newWidth
        && CropSide(bytes[8..], bytes[24..], height) is { } newHeight ? (newWidth, newHeight) : (width, height);

    static long? CropSide(ReadOnlySpan<byte> extent, ReadOnlySpan<byte> offset, long side)
    {
        long extentOver = ReadUInt32BigEndian(extent), extentUnder = ReadUInt32BigEndian(extent[4..]);
        long offsetOver = ReadInt32BigEndian(offset), offsetUnder = ReadUInt32BigEndian(offset[4..]);
        if (extentUnder == 0 || offsetUnder == 0 || extentOver % extentUnder != 0)
            return null;
        var length = extentOver / extentUnder;
        var beginsAtCorner = 2 * offsetOver == offsetUnder * (length - side);
        return length > 0 && length <= side && beginsAtCorner ? length : null;
    }
}
