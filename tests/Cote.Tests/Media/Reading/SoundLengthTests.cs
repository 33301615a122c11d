using Cote.Media;

namespace Cote.Tests.Media.Reading;

/// <summary>How long sound and films last, as the file says it, or as it can be told from it.</summary>
public sealed class SoundLengthTests
{
    const int MostReads = 170_000;
    const int Seed = 20_261;

    public static TheoryData<string> Names => [.. SoundCorpus.All.Select(x => x.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recording_lasts_as_long_as_it_is_heard(string name)
    {
        var specimen = SoundCorpus.All.Single(x => x.Name == name);
        using var file = new CountedProbe(specimen.Bytes());

        FileTypes.Detect(file.Probe, name.Contains("m4a", StringComparison.Ordinal) ? "a.m4a" : "a")!.ContentType
            .ShouldBe(specimen.ContentType);
        SoundLength.Read(file.Probe, specimen.ContentType).ShouldNotBeNull().ShouldBe(specimen.Seconds, 0.2);
        file.Reads.ShouldBeLessThan(1_000);
    }

    // Every file, with bytes changed at random: a number or none, and never more reads than are allowed.
    [Theory]
    [MemberData(nameof(Names))]
    public void A_damaged_file_has_some_length_or_none(string name)
    {
        var specimen = SoundCorpus.All.Single(x => x.Name == name);
        var whole = specimen.Bytes();
        whole = whole[..Math.Min(whole.Length, 200_000)];
        var random = new Random(Seed);
        for (var round = 0; round < 300; round++)
        {
            var bytes = random.Next(4) == 0 ? whole[..random.Next(whole.Length)] : whole.ToArray();
            for (var i = random.Next(1, 20); i > 0 && bytes.Length > 0; i--)
            {
                var at = random.Next(random.Next(2) == 0 ? bytes.Length : Math.Min(bytes.Length, 2_000));
                bytes[at] = random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Next(256) };
            }
            using var file = new CountedProbe(bytes);
            var seconds = Should.NotThrow(() => SoundLength.Read(file.Probe, specimen.ContentType),
                $"seed {Seed}, round {round}");
            (seconds is null or >= 0).ShouldBeTrue($"seed {Seed}, round {round}");
            file.Reads.ShouldBeLessThan(MostReads, $"seed {Seed}, round {round}");
        }
    }

    public static TheoryData<string, string, byte[]> Lies
    {
        get
        {
            byte[] movie = [0, 0, 0, 8, .. "moov"u8], cluster = [0x1F, 0x43, 0xB6, 0x75, 0x01, 0xFF, 0xFF, 0xFF, 0xFF,
                0xFF, 0xFF, 0xFF, 0xE7, 0x81, 0];
            byte[] ebml = [0x1A, 0x45, 0xDF, 0xA3, 0x80], segment = [0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF,
                0xFF, 0xFF, 0xFF, 0xFF];
            var page = new byte[27];
            "OggS"u8.CopyTo(page);
            return new()
            {
                { "boxes of no length", "video/mp4", Repeat([0, 0, 0, 0, .. "moov"u8], 100_000) },
                { "boxes without end", "video/mp4", Repeat(movie, 1_000_000) },
                { "fragments without end", "video/mp4",
                    [0, 0, 0, 16, .. "moov"u8, 0, 0, 0, 8, .. "mvex"u8,
                        .. Repeat([0, 0, 0, 8, .. "moof"u8], 1_000_000)] },
                { "boxes longer than the file", "video/mp4",
                    Repeat([0, 0, 0, 1, .. "moov"u8, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 10_000) },
                { "segments without end", "video/webm", [.. ebml, .. Repeat(segment, 400_000)] },
                { "clusters without end", "video/webm", [.. ebml, .. segment, .. Repeat(cluster, 400_000)] },
                { "elements of no length", "video/webm", [.. ebml, .. segment, .. Repeat([0xEC, 0x80], 1_000_000)] },
                { "an element longer than all", "video/webm",
                    [.. ebml, .. segment, 0x15, 0x49, 0xA9, 0x66, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE] },
                { "zeros", "video/webm", [.. ebml, .. new byte[3_000_000]] },
                { "pages of no length", "audio/ogg", Repeat(page, 200_000) },
                { "first pages without end", "audio/ogg", Repeat([.. page[..5], 2, .. page[6..]], 200_000) },
                { "words of sync without end", "audio/mpeg", Repeat([0xFF, 0xFB, 0x90, 0], 1_000_000) },
                { "words of sync without end", "audio/aac", Repeat([0xFF, 0xF1, 0x50, 0x80, 0, 0xFF, 0xFC], 500_000) },
                { "tags without end", "audio/mpeg", Repeat([.. "ID3"u8, 4, 0, 0, 0, 0, 0, 0], 400_000) },
                { "chunks of no length", "audio/wav",
                    [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVE"u8, .. Repeat([.. "LIST"u8, 0, 0, 0, 0], 500_000)] },
                { "no rate", "audio/wav", [.. "RIFF"u8, 0, 0, 0, 0, .. "WAVEfmt "u8, 16, 0, 0, 0, .. new byte[16],
                    .. "data"u8, 8, 0, 0, 0, .. new byte[8]] },
                { "nothing behind the mark", "audio/flac", "fLaC"u8.ToArray() },
                { "nothing", "audio/wav", [] },
                { "another type", "text/plain", "hello"u8.ToArray() },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Lies), DisableDiscoveryEnumeration = true)] // a runner writes out what it has found
    public void A_file_that_lies_costs_a_bounded_number_of_reads(string what, string contentType, byte[] bytes)
    {
        using var file = new CountedProbe(bytes);

        SoundLength.Read(file.Probe, contentType);

        file.Reads.ShouldBeLessThan(MostReads, what);
        file.BytesRead.ShouldBeLessThan(64 * 1_048_576, what);
    }

    static byte[] Repeat(byte[] bytes, int count)
    {
        var all = new byte[bytes.Length * count];
        for (var i = 0; i < count; i++)
            bytes.CopyTo(all, i * bytes.Length);
        return all;
    }

    /// <summary>A file in memory that counts what is asked of it.</summary>
    sealed class CountedProbe : IDisposable
    {
        readonly CountedStream _stream;

        public CountedProbe(byte[] bytes)
        {
            _stream = new CountedStream(bytes);
            Probe = new FileProbe(_stream);
        }

        public FileProbe Probe { get; }

        public int Reads => _stream.Reads;

        public long BytesRead => _stream.BytesRead;

        public void Dispose() => Probe.Dispose();
    }

    sealed class CountedStream(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        public int Reads { get; private set; }

        public long BytesRead { get; private set; }

        public override int Read(byte[] buffer, int offset, int count) => Count(base.Read(buffer, offset, count));

        public override int Read(Span<byte> buffer) => Count(base.Read(buffer));

        int Count(int read)
        {
            Reads++;
            BytesRead += read;
            return read;
        }
    }
}
