using System.Text;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>
/// Documents of office programs. Of a zip only the list of its entries is read, within bounds; nothing is unpacked, so
/// a zip bomb does no harm. Documents with macros are refused.
/// </summary>
static class OfficeFiles
{
    const int LongestTail = 22 + 65_535;
    const int LongestDirectory = 4 * 1_048_576;
    const int MostEntries = 20_000;
    const long MostUnpacked = 1_073_741_824;
    const long Suspicious = 100 * 1_048_576;
    const int HighestRatio = 200;
    const int MostSectors = 4_096;
    const uint EndOfChain = 0xFFFFFFFE;
    const string OpenXml = "application/vnd.openxmlformats-officedocument.";

    static readonly string[] MacroEnds = ["vbaProject.bin", "vbaData.xml"];
    static readonly string[] MacroFolders = ["Basic/", "Scripts/", "xl/macrosheets/"];

    public static ReadOnlySpan<byte> CompoundMark => [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

    public static FileType? DetectZip(FileProbe file)
    {
        if (Entries(file) is not { } names || names.Exists(IsMacro))
            return null;
        if (names.Contains("[Content_Types].xml"))
            return names.Contains("word/document.xml") ? new(OpenXml + "wordprocessingml.document")
                : names.Contains("xl/workbook.xml") ? new(OpenXml + "spreadsheetml.sheet")
                : names.Contains("ppt/presentation.xml") ? new(OpenXml + "presentationml.presentation")
                : null;
        // OpenDocument begins with its type, not packed, in an entry called "mimetype".
        var head = file.Head;
        if (head.Length < 30 || !head[30..].StartsWith("mimetype"u8) || !names.Contains("content.xml"))
            return null;
        var extra = ReadUInt16LittleEndian(head[28..]);
        var packed = ReadUInt16LittleEndian(head[8..]) != 0;
        var length = ReadUInt32LittleEndian(head[18..]);
        var at = 38 + extra;
        if (packed || length > 100 || head.Length < at + (int)length)
            return null;
        return Encoding.ASCII.GetString(head.Slice(at, (int)length)) switch
        {
            "application/vnd.oasis.opendocument.text" => new("application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.spreadsheet" => new("application/vnd.oasis.opendocument.spreadsheet"),
            "application/vnd.oasis.opendocument.presentation" => new("application/vnd.oasis.opendocument.presentation"),
            _ => null,
        };
    }

    static bool IsMacro(string name) =>
        MacroEnds.Any(x => name.EndsWith(x, StringComparison.OrdinalIgnoreCase))
        || MacroFolders.Any(x => name.StartsWith(x, StringComparison.OrdinalIgnoreCase));

    // The names in the zip's directory at its end; null where the zip contradicts itself.
    static List<string>? Entries(FileProbe file)
    {
        var tail = file.At(Math.Max(0, file.Length - LongestTail), LongestTail);
        var end = tail.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        if (end < 0 || tail.Length < end + 22)
            return null;
        var record = tail.AsSpan(end);
        var count = ReadUInt16LittleEndian(record[10..]);
        var length = ReadUInt32LittleEndian(record[12..]);
        var offset = ReadUInt32LittleEndian(record[16..]);
        if (count > MostEntries || length > LongestDirectory || offset + (long)length > file.Length)
            return null;
        var directory = file.At(offset, (int)length);
        var names = new List<string>(count);
        long packed = 0, unpacked = 0;
        for (var at = 0; at < directory.Length;)
        {
            var entry = directory.AsSpan(at);
            if (entry.Length < 46 || !entry.StartsWith("PK\u0001\u0002"u8))
                return null;
            packed += ReadUInt32LittleEndian(entry[20..]);
            unpacked += ReadUInt32LittleEndian(entry[24..]);
            var name = ReadUInt16LittleEndian(entry[28..]);
            var size = 46 + name + ReadUInt16LittleEndian(entry[30..]) + ReadUInt16LittleEndian(entry[32..]);
            if (entry.Length < size)
                return null;
            names.Add(Encoding.UTF8.GetString(entry.Slice(46, name)));
            at += size;
        }
        var isBomb = unpacked > MostUnpacked || (unpacked > Suspicious && unpacked / HighestRatio > packed);
        return names.Count != count || isBomb || packed > file.Length ? null : names;
    }

    /// <summary>The format of Office before 2007: a small file system whose entries name the program.</summary>
    public static FileType? DetectCompound(FileProbe file)
    {
        var names = Streams(file);
        if (names.Overlaps(["VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros"]))
            return null;
        return names.Contains("WordDocument") ? new("application/msword")
            : names.Contains("Workbook") || names.Contains("Book") ? new("application/vnd.ms-excel")
            : names.Contains("PowerPoint Document") ? new("application/vnd.ms-powerpoint")
            : null;
    }

    // Empty where it cannot be read to its end: an entry that was not seen could be a macro.
    static HashSet<string> Streams(FileProbe file)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var head = file.Head;
        if (head.Length < 512 || head[30] is not (9 or 12) || head[31] != 0)
            return names;
        var size = 1 << head[30];
        var sector = ReadUInt32LittleEndian(head[48..]);
        for (var i = 0; i < MostSectors; i++)
        {
            if (sector == EndOfChain)
                return names;
            var bytes = file.At((sector + 1L) * size, size);
            for (var at = 0; at + 128 <= bytes.Length; at += 128)
            {
                var length = ReadUInt16LittleEndian(bytes.AsSpan(at + 64));
                if (length is >= 2 and <= 64)
                    names.Add(Encoding.Unicode.GetString(bytes, at, length - 2));
            }
            if (bytes.Length == 0 || TableSector(file, size, sector / (size / 4)) is not { } table
                || file.At((table + 1L) * size + sector % (size / 4) * 4, 4) is not { Length: 4 } next)
                break;
            sector = ReadUInt32LittleEndian(next);
        }
        return [];
    }

    // Where the nth sector of the allocation table is: the header lists 109, a chain of lists the rest.
    static uint? TableSector(FileProbe file, int size, long nth)
    {
        const int InHeader = 109;
        if (nth < InHeader)
            return ReadUInt32LittleEndian(file.Head[(int)(76 + nth * 4)..]);
        var each = size / 4 - 1;
        var list = ReadUInt32LittleEndian(file.Head[68..]);
        for (nth -= InHeader; nth >= each; nth -= each)
        {
            if (file.At((list + 1L) * size + each * 4, 4) is not { Length: 4 } next)
                return null;
            list = ReadUInt32LittleEndian(next);
        }
        return file.At((list + 1L) * size + nth * 4, 4) is { Length: 4 } place ? ReadUInt32LittleEndian(place) : null;
    }
}
