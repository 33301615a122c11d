using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media.Reading;

/// <summary>A track of AAC in an MP4: what the header of each frame says, and where its tables stand.</summary>
/// <param name="Rate">The number of the sampling rate.</param>
/// <param name="SampleLength">Of samples in fragments that do not say theirs.</param>
sealed record Mp4Track(
    uint Id, int Profile, int Rate, int Channels, Dictionary<string, IsoBox> Tables, uint SampleLength = 0)
{
    const int LongestDescription = 65_536;
    const int Sbr = 5, ParametricStereo = 29;

    /// <summary>The first track of sound; null where there is none, or it is none that frames of ADTS hold.</summary>
    public static Mp4Track? Find(FileProbe file)
    {
        var boxes = new IsoBoxes(file);
        foreach (var movie in boxes.Walk(0, file.Length).Where(x => x.Type == "moov"))
        {
            Mp4Track? found = null;
            foreach (var box in boxes.Walk(movie.Start, movie.End))
            {
                if (box.Type == "trak")
                    found ??= Read(file, boxes, box);
                if (box.Type != "mvex" || found is null)
                    continue;
                foreach (var part in boxes.Walk(box.Start, box.End).Where(x => x.Type == "trex"))
                    if (file.At(part.Start, 20) is { Length: 20 } bytes
                        && ReadUInt32BigEndian(bytes.AsSpan(4)) == found.Id)
                        found = found with { SampleLength = ReadUInt32BigEndian(bytes.AsSpan(16)) };
            }
            return found;
        }
        return null;
    }

    static Mp4Track? Read(FileProbe file, IsoBoxes boxes, IsoBox trackBox)
    {
        var tables = new Dictionary<string, IsoBox>();
        Collect(trackBox);
        if (!tables.TryGetValue("tkhd", out var head) || !tables.TryGetValue("hdlr", out var handler)
            || !tables.TryGetValue("stsd", out var described)
            || !file.At(handler.Start + 8, 4).AsSpan().SequenceEqual("soun"u8)
            || file.At(head.Start, 24) is not { Length: 24 } header)
            return null;
        var description = file.At(described.Start, (int)Math.Min(LongestDescription, described.End - described.Start));
        var id = ReadUInt32BigEndian(header.AsSpan(header[0] == 1 ? 20 : 12));
        return ConfigOf(description) is var (profile, rate, channels)
            ? new(id, profile, rate, channels, tables) : null;

        void Collect(IsoBox parent)
        {
            foreach (var box in boxes.Walk(parent.Start, parent.End))
                if (box.Type is "mdia" or "minf" or "stbl")
                    Collect(box);
                else
                    tables.TryAdd(box.Type, box);
        }
    }

    // The descriptor of the decoder (tag 4) says that it is AAC; the one in it (tag 5) says which.
    static (int Profile, int Rate, int Channels)? ConfigOf(ReadOnlySpan<byte> description)
    {
        var at = description.IndexOf("esds"u8);
        if (at < 0)
            return null;
        var rest = description[Math.Min(description.Length, at + 8)..];
        if (!Enter(ref rest, 3) || rest.Length < 3)
            return null;
        var flags = rest[2];
        rest = rest[3..];
        var more = ((flags & 0x80) != 0 ? 2 : 0) + ((flags & 0x20) != 0 ? 2 : 0);
        if (rest.Length < more || !Enter(ref rest, 4, more) || rest.Length < 13 || rest[0] != 0x40)
            return null;
        return Enter(ref rest, 5, 13) && rest.Length >= 2 ? ConfigIn(rest[..Math.Min(rest.Length, 8)]) : null;
    }

    // Tag, length of up to four bytes, content.
    static bool Enter(ref ReadOnlySpan<byte> rest, byte tag, int skip = 0)
    {
        rest = rest[Math.Min(rest.Length, skip)..];
        if (rest.Length < 2 || rest[0] != tag)
            return false;
        var length = 1;
        while (length < 4 && length < rest.Length && (rest[length] & 0x80) != 0)
            length++;
        rest = rest[Math.Min(rest.Length, 1 + length)..];
        return true;
    }

    static (int, int, int)? ConfigIn(ReadOnlySpan<byte> config)
    {
        UInt128 bits = 0;
        foreach (var part in config)
            bits = (bits << 8) | part;
        var left = config.Length * 8;
        var (type, rate, channels) = (Next(5), Next(4), Next(4));
        if (type is Sbr or ParametricStereo && Next(4) != 15)
            type = Next(5); // what is extended; its rate stands first
        return type is >= 1 and <= 4 && rate <= 12 && channels is >= 1 and <= 7 ? (type - 1, rate, channels) : null;

        int Next(int count)
        {
            left -= count;
            return left < 0 ? 0 : (int)(uint)((bits >> left) & ((UInt128.One << count) - 1));
        }
    }
}
