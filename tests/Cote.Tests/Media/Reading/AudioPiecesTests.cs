using Cote.Media.Reading;

namespace Cote.Tests.Media.Reading;

/// <summary>
/// Recordings in pieces: ffmpeg hears each without a word of complaint, and together they are the whole.
/// </summary>
public sealed class AudioPiecesTests
{
    public static TheoryData<string, int> Recordings => new()
    {
        { "wav-mono-8-kHz", 20_000 },
        { "wav-stereo-48-kHz", 300_001 },
        { "wav-stream", 50_000 },
        { "mp3-cbr", 20_000 },
        { "mp3-vbr", 10_000 },
        { "mp3-cbr-without-index", 20_000 },
        { "mp3-behind-a-large-tag", 15_000 },
        { "m4a", 20_000 },
        { "mp4-fragments", 20_000 },
        { "mp4-fragments-with-index", 20_000 },
        { "aac", 20_000 },
        { "ogg-opus", 20_000 },
        { "ogg-vorbis", 10_000 },
        { "flac", 25_000 },
        { "webm-sound-stream", 30_000 },
        { "webm-film-stream", 60_000 },
        { "mp4-film", 20_000 },
        { "mp4-film-fragments", 20_000 },
        { "mov-film", 20_000 },
        { "ogv-film", 10_000 },
        { "wav-speech", 30_000 },
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_recording_is_heard_whole_in_pieces(string name, int maxBytes)
    {
        var specimen = SoundCorpus.All.Single(x => x.Name == name);

        var pieces = AudioPieces.Split(specimen.Bytes(), specimen.ContentType, maxBytes).ToList();

        pieces.Count.ShouldBeGreaterThan(1);
        pieces.ShouldAllBe(x => x.Bytes.Length <= maxBytes);
        // A decoder of Opus leaves out its first hundredth of a second, and a piece of MP3 lacks what its first frames
        // borrow from the ones before.
        pieces.Sum(x => SecondsOf(x.Bytes)).ShouldBe(specimen.Seconds, 0.2);
    }

    [Fact]
    public void What_fits_is_one_piece_itself()
    {
        foreach (var specimen in SoundCorpus.All)
        {
            var bytes = specimen.Bytes();
            var piece = AudioPieces.Split(bytes, specimen.ContentType, bytes.Length).ShouldHaveSingleItem();
            piece.Bytes.ShouldBe(bytes);
            piece.ContentType.ShouldBe(specimen.ContentType);
        }
    }

    // Nothing is decoded: what a WAV and its pieces hold is the same sample for sample.
    [Fact]
    public void Pieces_of_a_WAV_are_its_samples()
    {
        var whole = SoundCorpus.Bytes("stereo.wav");
        var pieces = AudioPieces.Split(whole, "audio/wav", 300_001).SelectMany(x => Decode(x.Bytes)).ToArray();
        pieces.ShouldBe(Decode(whole));
    }

    // The frames of FLAC are numbered, and so is what they decode to.
    [Fact]
    public void Pieces_of_a_FLAC_are_its_samples()
    {
        var whole = SoundCorpus.Bytes("plain.flac");
        var pieces = AudioPieces.Split(whole, "audio/flac", 25_000).SelectMany(x => Decode(x.Bytes)).ToArray();
        pieces.ShouldBe(Decode(whole));
    }

    [Theory]
    [InlineData("webm-sound", 20_000, "too large")] // one cluster
    [InlineData("wav-stereo-48-kHz", 40, "too large")]
    [InlineData("mp3-cbr", 100, "too large")]
    [InlineData("flac", 1_000, "too large")]
    [InlineData("ogg-opus", 300, "too large")]
    [InlineData("m4a", 20, "too large")]
    public void What_cannot_be_cut_so_small_is_too_large(string name, int maxBytes, string word)
    {
        var specimen = SoundCorpus.All.Single(x => x.Name == name);
        Should.Throw<UnreadableException>(() =>
            AudioPieces.Split(specimen.Bytes(), specimen.ContentType, maxBytes).Count()).Word.ShouldBe(word);
    }

    [Fact]
    public void What_is_no_recording_is_told_in_one_word()
    {
        foreach (var type in new[] { "audio/wav", "audio/mpeg", "audio/aac", "audio/flac", "audio/ogg", "audio/webm" })
            Should.Throw<UnreadableException>(() => AudioPieces.Split(new byte[5_000], type, 1_000).Count())
                .Word.ShouldBe("damaged", type);
        foreach (var type in new[] { "audio/mp4", "text/plain" })
            Should.Throw<UnreadableException>(() => AudioPieces.Split(new byte[5_000], type, 1_000).Count())
                .Word.ShouldBe("too large", type);
        Should.Throw<UnreadableException>(() => AudioPieces.Split(Array.Empty<byte>(), "audio/wav", 1_000).Count())
            .Word.ShouldBe("empty");
    }

    // Bytes changed at random: pieces of the size, or a word. Together they never hold much more than the file.
    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_damaged_recording_is_cut_or_given_up(string name, int maxBytes)
    {
        const int seed = 4_711;
        var specimen = SoundCorpus.All.Single(x => x.Name == name);
        var whole = specimen.Bytes();
        whole = whole[..Math.Min(whole.Length, 150_000)];
        maxBytes = Math.Min(maxBytes, 20_000);
        var random = new Random(seed);
        for (var round = 0; round < 100; round++)
        {
            var bytes = random.Next(4) == 0 ? whole[..random.Next(whole.Length)] : whole.ToArray();
            for (var i = random.Next(1, 20); i > 0 && bytes.Length > 0; i--)
                bytes[random.Next(random.Next(2) == 0 ? bytes.Length : Math.Min(bytes.Length, 2_000))] =
                    random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Next(256) };
            try
            {
                var sizes = AudioPieces.Split(bytes, specimen.ContentType, maxBytes)
                    .Select(x => x.Bytes.Length).ToList();
                sizes.ShouldAllBe(x => x <= maxBytes, $"seed {seed}, round {round}");
                sizes.Sum().ShouldBeLessThan(bytes.Length * 3 + 20_000, $"seed {seed}, round {round}");
            }
            catch (UnreadableException)
            {
                // That is the other answer.
            }
        }
    }

    static double SecondsOf(byte[] piece) => Decode(piece).Length / 96_000.0;

    // As samples of 16 bits, 48,000 a second.
    static byte[] Decode(byte[] piece)
    {
        var (output, complaint) = Tools.Run(Tools.Ffmpeg,
            ["-v", "error", "-i", "-", "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "-"], input: piece);
        complaint.ShouldBeEmpty();
        return output;
    }
}
