using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Cote.Media;

/// <summary>What a file is, told from its bytes. Width and height are what an image's header says.</summary>
sealed record FileType(string ContentType, long Width = 0, long Height = 0);

/// <summary>A finished file on the local disk, read here and there.</summary>
sealed class FileProbe : IDisposable
{
    const int HeadLength = 64 * 1024;

    readonly FileStream _file;
    readonly byte[] _head;

    public FileProbe(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        _head = At(0, HeadLength);
    }

    public long Length => _file.Length;

    /// <summary>The beginning, up to 64 KB.</summary>
    public ReadOnlySpan<byte> Head => _head;

    /// <summary>Up to so many bytes from a place; fewer, or none, at the end.</summary>
    public byte[] At(long offset, int count)
    {
        if (offset < 0 || offset >= Length)
            return [];
        var bytes = new byte[(int)Math.Min(count, Length - offset)];
        _file.Position = offset;
        _file.ReadExactly(bytes);
        return bytes;
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>
/// The types that are taken, known by their bytes and by nothing that the client says. A name only chooses between
/// words for the same bytes (text, JSON; sound, film). What is not known here for certain is refused.
/// </summary>
static class FileTypes
{
    public const string Json = "application/json";
    const int TextChunk = 64 * 1024;

    static readonly string[] Beginnings =
    [
        "<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table", "<a", "<style", "<title",
        "<b", "<body", "<br", "<p", "<!--", "<svg", "<!doctype svg", "<img", "<object", "<embed", "<form", "<meta", "<link",
    ];

    static readonly string[] Anywhere = ["<svg", "<html", "<script", "<?xml-stylesheet", "w3.org/1999/xhtml", "w3.org/2000/svg"];

    /// <summary>Null where it is nothing that is taken.</summary>
    public static FileType? Detect(FileProbe file, string name)
    {
        if (FileNames.IsRefused(name))
            return null;
        var head = file.Head;
        return Images.Detect(file)
            ?? Sound(file, name)
            ?? (head.StartsWith("%PDF-"u8) ? new FileType("application/pdf") : null)
            ?? (head.StartsWith("PK\u0003\u0004"u8) ? OfficeFiles.DetectZip(file) : null)
            ?? (head.StartsWith(OfficeFiles.CompoundMark) ? OfficeFiles.DetectCompound(file) : null)
            ?? Text(file, name);
    }

    static FileType? Sound(FileProbe file, string name)
    {
        var head = file.Head;
        if (head.Length < 12)
            return null;
        if (head.StartsWith("RIFF"u8) && head[8..].StartsWith("WAVE"u8))
            return new("audio/wav");
        if (head.StartsWith("fLaC"u8))
            return new("audio/flac");
        if (head.StartsWith("OggS"u8))
            return new(head[..Math.Min(head.Length, 512)].IndexOf("theora"u8) >= 0 ? "video/ogg" : "audio/ogg");
        if (head[4..].StartsWith("ftyp"u8))
            return IsoMedia(head, name);
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]))
            return Matroska(head, name);
        if (head.StartsWith("ID3"u8) && head[3] is >= 2 and <= 4 && head[6..10].IndexOfAnyInRange((byte)0x80, (byte)0xFF) < 0)
            return new("audio/mpeg");
        if (Adts(head) is > 0 and var adts && (adts >= file.Length || Adts(file.At(adts, 7)) > 0))
            return new("audio/aac");
        if (Mpeg(head) is > 0 and var mpeg && (mpeg >= file.Length || Mpeg(file.At(mpeg, 4)) > 0))
            return new("audio/mpeg");
        return null;
    }

    static FileType? IsoMedia(ReadOnlySpan<byte> head, string name)
    {
        var brand = Encoding.ASCII.GetString(head[8..12]);
        return brand switch
        {
            "M4A " or "M4B " => new("audio/mp4"),
            "qt  " => new("video/quicktime"),
            "isom" or "iso2" or "iso4" or "iso5" or "iso6" or "mp41" or "mp42" or "avc1" or "dash" or "M4V " or "M4VH" or "MSNV" or "mmp4"
                or "3gp4" or "3gp5" or "3gp6" =>
                new(FileNames.ExtensionOf(name).ToLowerInvariant() is ".m4a" or ".aac" ? "audio/mp4" : "video/mp4"),
            _ => null,
        };
    }

    static FileType? Matroska(ReadOnlySpan<byte> head, string name)
    {
        var type = head[..Math.Min(head.Length, 64)];
        if (type.IndexOf("matroska"u8) >= 0)
            return new("video/x-matroska");
        if (type.IndexOf("webm"u8) < 0)
            return null;
        // A recorder in a browser calls a voice message by the same name: its tracks say that there is no picture.
        var sound = head.IndexOf("A_OPUS"u8) >= 0 || head.IndexOf("A_VORBIS"u8) >= 0;
        var picture = head.IndexOf("V_VP"u8) >= 0 || head.IndexOf("V_AV1"u8) >= 0;
        return new((sound && !picture) || FileNames.ExtensionOf(name).Equals(".weba", StringComparison.OrdinalIgnoreCase)
            ? "audio/webm" : "video/webm");
    }

    // The length of the frame that begins here, or 0. One sync word is chance: the next frame must stand where it says.
    static int Adts(ReadOnlySpan<byte> at)
    {
        if (at.Length < 7 || at[0] != 0xFF || (at[1] & 0xF6) != 0xF0 || ((at[2] >> 2) & 15) > 12)
            return 0;
        var length = ((at[3] & 3) << 11) | (at[4] << 3) | (at[5] >> 5);
        return length >= 7 ? length : 0;
    }

    static int Mpeg(ReadOnlySpan<byte> at)
    {
        if (at.Length < 4 || at[0] != 0xFF || (at[1] & 0xE0) != 0xE0)
            return 0;
        var (version, layer, rate, hertz) = ((at[1] >> 3) & 3, (at[1] >> 1) & 3, at[2] >> 4, (at[2] >> 2) & 3);
        if (version == 1 || layer != 1 || rate is 0 or 15 || hertz == 3)
            return 0;
        ReadOnlySpan<int> first = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        ReadOnlySpan<int> later = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        ReadOnlySpan<int> rates = [44_100, 48_000, 32_000];
        var sampling = rates[hertz] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
        return (version == 3 ? 144 : 72) * (version == 3 ? first : later)[rate] * 1_000 / sampling + ((at[2] >> 1) & 1);
    }

    // Valid UTF-8 without U+0000 to the last byte, and nothing that a browser would render.
    static FileType? Text(FileProbe file, string name)
    {
        if (file.Length == 0 || IsMarkup(file.Head) || file.Head.StartsWith("GIF8"u8))
            return null; // a script that begins as a picture does is neither
        var letters = ArrayPool<char>.Shared.Rent(TextChunk);
        try
        {
            for (long at = 0; at < file.Length;)
            {
                var chunk = file.At(at, TextChunk);
                var last = at + chunk.Length == file.Length;
                if (chunk.AsSpan().Contains((byte)0)
                    || Utf8.ToUtf16(chunk, letters, out var read, out _, replaceInvalidSequences: false, isFinalBlock: last) is not
                        (OperationStatus.Done or OperationStatus.NeedMoreData)
                    || read == 0 || (last && read < chunk.Length))
                    return null;
                at += read; // a letter that is cut at the end of a chunk is read again with the next
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(letters);
        }
        return new(FileNames.ExtensionOf(name).ToLowerInvariant() switch
        {
            ".md" or ".markdown" => "text/markdown",
            ".csv" => "text/csv",
            ".json" => Json,
            _ => "text/plain",
        });
    }

    // What browsers take for HTML when they sniff (the standard's list), and SVG. It is looked for at the beginning
    // only where the text begins as markup does: a chapter on HTML is a text.
    static bool IsMarkup(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\uFEFF"u8))
            head = head[3..];
        head = head.TrimStart(" \t\r\n\f"u8);
        if (head.Length == 0 || head[0] != '<')
            return false;
        var text = Encoding.Latin1.GetString(head);
        foreach (var beginning in Beginnings)
            if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)
                && (text.Length == beginning.Length || beginning == "<!--" || !char.IsAsciiLetterOrDigit(text[beginning.Length])))
                return true;
        return Anywhere.Any(x => text.Contains(x, StringComparison.OrdinalIgnoreCase));
    }
}
