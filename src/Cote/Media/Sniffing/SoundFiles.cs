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
}
