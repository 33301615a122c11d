using static System.Buffers.Binary.BinaryPrimitives;

namespace Cote.Media;

/// <summary>
/// How long a film or sound of ISO base media lasts: what the movie's header says, or, where it is recorded in
/// fragments, the end of the last one.
/// </summary>
static class IsoLength
{
    const int MostBoxes = 65_536; // two a fragment
    const int MostTracks = 64;
    const int LongestRun = 64 * 1_024;
    const int MostRunBytes = 16 * 1_048_576;

    /// <summary>Null where there is no movie.</summary>
    public static double? Read(FileProbe file)
    {
        var boxes = new IsoBoxes(file, MostBoxes);
        var movie = new Movie();
        foreach (var box in boxes.Walk(0, file.Length))
            switch (box.Type)
            {
                case "moov":
                    ReadMovie(file, boxes, box, movie);
                    break;
                case "sidx":
                    AddIndex(file, box, movie);
                    break;
                case "moof" when movie.IsFragmented:
                    ReadFragment(file, boxes, box, movie);
                    break;
            }
        var fragments = movie.Tracks.Values.Select(x => x.Scale > 0 ? x.End / (double)x.Scale : 0)
            .Append(movie.Index).Max();
        return movie.Seconds is { } seconds && Math.Max(seconds, fragments) is > 0 and var length ? length : null;
    }

    sealed class Movie
    {
        public double? Seconds { get; set; }

        public uint Scale { get; set; }

        public bool IsFragmented { get; set; }

        public double Index { get; set; }

        public uint? IndexedTrack { get; set; }

        public int RunBytes { get; set; }

        public Dictionary<uint, Track> Tracks { get; } = [];

        public Track? TrackOf(uint id) => Tracks.TryGetValue(id, out var track) ? track
            : Tracks.Count < MostTracks ? Tracks[id] = new() : null;
    }

    sealed class Track
    {
        public uint Scale { get; set; }

        public uint SampleLength { get; set; }

        public ulong End { get; set; }
    }

    static void ReadMovie(FileProbe file, IsoBoxes boxes, IsoBox movieBox, Movie movie)
    {
        foreach (var box in boxes.Walk(movieBox.Start, movieBox.End))
            switch (box.Type)
            {
                case "mvhd" when TimeOf(file, box) is var (scale, length):
                    movie.Scale = scale;
                    movie.Seconds = length / (double)scale;
                    break;
                case "trak":
                    ReadTrack(file, boxes, box, movie);
                    break;
                case "mvex":
                    movie.IsFragmented = true;
                    foreach (var part in boxes.Walk(box.Start, box.End))
                        if (part.Type == "trex" && file.At(part.Start, 16) is { Length: 16 } trex
                            && movie.TrackOf(ReadUInt32BigEndian(trex.AsSpan(4))) is { } track)
                            track.SampleLength = ReadUInt32BigEndian(trex.AsSpan(12));
                        else if (part.Type == "mehd" && movie.Scale > 0)
                            movie.Seconds = Math.Max(movie.Seconds ?? 0,
                                Wide(file.At(part.Start, 12), 4) / (double)movie.Scale);
                    break;
            }
    }

    static void ReadTrack(FileProbe file, IsoBoxes boxes, IsoBox trackBox, Movie movie)
    {
        uint? id = null;
        foreach (var box in boxes.Walk(trackBox.Start, trackBox.End))
            if (box.Type == "tkhd" && file.At(box.Start, 24) is { Length: 24 } header)
                id = ReadUInt32BigEndian(header.AsSpan(header[0] == 1 ? 20 : 12));
            else if (box.Type == "mdia" && id is { } known && movie.TrackOf(known) is { } track)
                foreach (var part in boxes.Walk(box.Start, box.End))
                    if (part.Type == "mdhd" && TimeOf(file, part) is var (scale, _))
                        track.Scale = scale;
    }

    // Version and flags, two dates, the scale, the length; dates and length have 64 bits in version 1.
    static (uint Scale, ulong Length)? TimeOf(FileProbe file, IsoBox box)
    {
        var bytes = file.At(box.Start, 32);
        if (bytes.Length < 20 || (bytes[0] == 1 && bytes.Length < 32))
            return null;
        var at = bytes[0] == 1 ? 20 : 12;
        var scale = ReadUInt32BigEndian(bytes.AsSpan(at));
        var length = Wide(bytes, at + 4);
        return scale == 0 ? null : (scale, length is uint.MaxValue or ulong.MaxValue ? 0 : length);
    }

    // A number of 64 bits in a box of version 1, else of 32.
    static ulong Wide(ReadOnlySpan<byte> bytes, int at) =>
        bytes.Length < at + 4 ? 0 : bytes[0] != 1 ? ReadUInt32BigEndian(bytes[at..])
            : bytes.Length < at + 8 ? 0 : ReadUInt64BigEndian(bytes[at..]);

    // The segments that an index names, each with its length; each track has indexes of its own.
    static void AddIndex(FileProbe file, IsoBox box, Movie movie)
    {
        var bytes = file.At(box.Start, (int)Math.Min(LongestRun, box.End - box.Start)).AsSpan();
        if (bytes.Length < 12 || ReadUInt32BigEndian(bytes[8..]) is not (> 0 and var scale))
            return;
        movie.IndexedTrack ??= ReadUInt32BigEndian(bytes[4..]);
        if (movie.IndexedTrack != ReadUInt32BigEndian(bytes[4..]))
            return;
        bytes = bytes[Math.Min(bytes.Length, bytes[0] == 1 ? 32 : 24)..];
        for (; bytes.Length >= 12; bytes = bytes[12..])
            movie.Index += (bytes[0] & 0x80) == 0 ? ReadUInt32BigEndian(bytes[4..]) / (double)scale : 0;
    }

    static void ReadFragment(FileProbe file, IsoBoxes boxes, IsoBox fragment, Movie movie)
    {
        foreach (var part in boxes.Walk(fragment.Start, fragment.End).Where(x => x.Type == "traf"))
        {
            Track? track = null;
            uint sampleLength = 0;
            foreach (var box in boxes.Walk(part.Start, part.End))
                switch (box.Type)
                {
                    case "tfhd" when file.At(box.Start, 28) is { Length: >= 8 } header:
                        track = movie.TrackOf(ReadUInt32BigEndian(header.AsSpan(4)));
                        var at = 8 + ((header[3] & 1) != 0 ? 8 : 0) + ((header[3] & 2) != 0 ? 4 : 0);
                        sampleLength = (header[3] & 8) != 0 && header.Length >= at + 4
                            ? ReadUInt32BigEndian(header.AsSpan(at)) : track?.SampleLength ?? 0;
                        break;
                    case "tfdt" when track is not null:
                        track.End = Math.Max(track.End, Wide(file.At(box.Start, 12), 4));
                        break;
                    case "trun" when track is not null:
                        track.End += RunLength(file, box, sampleLength, movie);
                        break;
                }
        }
    }

    // Flags say which numbers stand once, and which for each sample.
    static ulong RunLength(FileProbe file, IsoBox box, uint sampleLength, Movie movie)
    {
        var header = file.At(box.Start, 8);
        if (header.Length < 8)
            return 0;
        var count = ReadUInt32BigEndian(header.AsSpan(4));
        if ((header[2] & 1) == 0)
            return (ulong)count * sampleLength;
        var start = box.Start + 8 + ((header[3] & 1) != 0 ? 4 : 0) + ((header[3] & 4) != 0 ? 4 : 0);
        var step = 4 * System.Numerics.BitOperations.PopCount((uint)header[2] & 15);
        var most = Math.Min(Math.Min((long)count * step, box.End - start), LongestRun);
        if (most <= 0 || movie.RunBytes + most > MostRunBytes)
            return 0;
        movie.RunBytes += (int)most;
        ulong length = 0;
        for (ReadOnlySpan<byte> run = file.At(start, (int)most); run.Length >= step; run = run[step..])
            length += ReadUInt32BigEndian(run);
        return length;
    }
}
