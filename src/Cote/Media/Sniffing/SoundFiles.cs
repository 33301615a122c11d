namespace Cote.Media;

/// <summary>Sound and films that are not ISO base media, known by their first bytes.</summary>
static class SoundFiles
{
    public static FileType? Detect(FileProbe file, string name)
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
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]))
            return Matroska(head, name);
        if (head.StartsWith("ID3"u8) && head[3] is >= 2 and <= 4
            && head[6..10].IndexOfAnyInRange((byte)0x80, (byte)0xFF) < 0)
            return new("audio/mpeg");
        if (Adts(head) is > 0 and var adts && (adts >= file.Length || Adts(file.At(adts, 7)) > 0))
            return new("audio/aac");
        if (Mpeg(head) is > 0 and var mpeg && (mpeg >= file.Length || Mpeg(file.At(mpeg, 4)) > 0))
            return new("audio/mpeg");
        return null;
    }

    static FileType? Matroska(ReadOnlySpan<byte> head, string name)
    {
        var type = head[..Math.Min(head.Length, 64)];
        if (type.IndexOf("matroska"u8) >= 0)
            return new("video/x-matroska");
        if (type.IndexOf("webm"u8) < 0)
            return null;
        // A browser's recorder names a voice message alike: its tracks say that there is no picture.
        var sound = head.IndexOf("A_OPUS"u8) >= 0 || head.IndexOf("A_VORBIS"u8) >= 0;
        var picture = head.IndexOf("V_VP"u8) >= 0 || head.IndexOf("V_AV1"u8) >= 0;
        var isSound = (sound && !picture)
            || FileNames.ExtensionOf(name).Equals(".weba", StringComparison.OrdinalIgnoreCase);
        return new(isSound ? "audio/webm" : "video/webm");
    }

    // The length of the frame that begins here, or 0. One sync word may be chance: the next frame must stand where it
    // says.
    static int Adts(ReadOnlySpan<byte> at) => AdtsFrame.Read(at)?.Length ?? 0;

    static int Mpeg(ReadOnlySpan<byte> at) => MpegFrame.Read(at)?.Length ?? 0;
}
