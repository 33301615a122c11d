namespace Cote.Media;

/// <summary>What a file is, told from its bytes.</summary>
/// <param name="ContentType">The media type.</param>
/// <param name="Width">Of an image: its width in pixels, as viewers show it; else 0.</param>
/// <param name="Height">Of an image: its height in pixels, as viewers show it; else 0.</param>
sealed record FileType(string ContentType, long Width = 0, long Height = 0);

/// <summary>
/// The types that are taken, known by their bytes and by nothing that the client says. A name only decides between
/// types of equal bytes (text, JSON; sound, film). What is not known here for certain is refused.
/// </summary>
static class FileTypes
{
    const int ShortestBeginning = 512;

    /// <summary>Null where the type is not taken.</summary>
    public static FileType? Detect(FileProbe file, string name)
    {
        if (FileNames.IsRefused(name))
            return null;
        var head = file.Head;
        return Images.Detect(file)
            ?? IsoMedia.Detect(file, name)
            ?? SoundFiles.Detect(file, name)
            ?? (head.StartsWith("%PDF-"u8) ? new FileType("application/pdf") : null)
            ?? (head.StartsWith("PK\u0003\u0004"u8) ? OfficeFiles.DetectZip(file) : null)
            ?? (head.StartsWith(OfficeFiles.CompoundMark) ? OfficeFiles.DetectCompound(file) : null)
            ?? TextFiles.Detect(file, name);
    }

    /// <summary>
    /// Whether a file that begins so is refused, whatever follows, so that its client need not send the rest. False
    /// where the beginning is too short to tell.
    /// </summary>
    public static bool IsRefused(ReadOnlySpan<byte> beginning) =>
        beginning.Length >= ShortestBeginning && !MayBeBinary(beginning)
        && TextFiles.IsRefused(beginning[..ShortestBeginning]);

    // Begins as one of the types does that are no texts. A type that is added to Detect must be added here.
    static bool MayBeBinary(ReadOnlySpan<byte> head) =>
        head[0] is 0x89 or 0xFF or 0x1A or 0xD0
        || head.StartsWith("GIF8"u8) || head.StartsWith("RIFF"u8) || head.StartsWith("BM"u8)
        || head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8)
        || head.StartsWith("fLaC"u8) || head.StartsWith("OggS"u8) || head.StartsWith("ID3"u8)
        || head.StartsWith("%PDF-"u8) || head.StartsWith("PK"u8)
        || IsoMedia.MayBegin(head);
}
