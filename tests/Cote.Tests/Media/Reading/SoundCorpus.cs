namespace Cote.Tests.Media.Reading;

/// <summary>A recording or film, and how long it lasts.</summary>
/// <param name="Seconds">Within 0.2 s: encoders add a few hundredths at both ends.</param>
public sealed record SoundSpecimen(string Name, string ContentType, Func<byte[]> Bytes, double Seconds)
{
    public override string ToString() => Name;
}

/// <summary>Sound and films of every container that is taken, made once a run by ffmpeg and espeak-ng.</summary>
public static class SoundCorpus
{
    const double Length = 7.3;
    const double Hour = 3_600;

    public const string Sentence = "The quick brown fox jumps over the lazy dog.";

    static readonly Lazy<string> Files = new(Make);
    static readonly Lazy<byte[]> Spoken = new(() => Tools.Run(Tools.Speak, ["--stdout", Sentence]).Output);
    static readonly Lazy<string> Hours = new(MakeHours);

    public static IReadOnlyList<SoundSpecimen> All { get; } =
    [
        Of("wav-mono-8-kHz", "audio/wav", "mono.wav"),
        Of("wav-stereo-48-kHz", "audio/wav", "stereo.wav"),
        Of("wav-stream", "audio/wav", "stream.wav"),
        Of("mp3-cbr", "audio/mpeg", "cbr.mp3"),
        Of("mp3-vbr", "audio/mpeg", "vbr.mp3"),
        Of("mp3-cbr-without-index", "audio/mpeg", "cbr-bare.mp3"),
        Of("mp3-vbr-without-index", "audio/mpeg", "vbr-bare.mp3"),
        Of("mp3-behind-a-large-tag", "audio/mpeg", "vbr-bare.mp3") with
        {
            Bytes = () => [.. "ID3"u8, 4, 0, 0, 0, 6, 0, 0, .. new byte[6 << 14], .. Bytes("vbr-bare.mp3")],
        },
        Of("m4a", "audio/mp4", "plain.m4a"),
        Of("mp4-fragments", "video/mp4", "fragments.mp4"),
        Of("mp4-fragments-with-index", "video/mp4", "dash.mp4"),
        Of("aac", "audio/aac", "plain.aac"),
        Of("ogg-opus", "audio/ogg", "plain.opus"),
        Of("ogg-vorbis", "audio/ogg", "vorbis.ogg"),
        Of("ogg-flac", "audio/ogg", "flac.ogg"),
        Of("flac", "audio/flac", "plain.flac"),
        Of("webm-sound", "audio/webm", "plain.webm"),
        Of("webm-sound-stream", "audio/webm", "stream.webm"),
        Of("mp4-film", "video/mp4", "film.mp4"),
        Of("mp4-film-fragments", "video/mp4", "film-fragments.mp4"),
        Of("mov-film", "video/quicktime", "film.mov"),
        Of("webm-film", "video/webm", "film.webm"),
        Of("webm-film-stream", "video/webm", "film-stream.webm"),
        Of("mkv-film", "video/x-matroska", "film.mkv"),
        Of("ogv-film", "video/ogg", "film.ogv"),
        new("opus-hour-of-silence", "audio/ogg", () => File.ReadAllBytes(Path.Combine(Hours.Value, "hour.opus")), Hour),
        new("mp3-hour-of-silence", "audio/mpeg", () => File.ReadAllBytes(Path.Combine(Hours.Value, "hour.mp3")),
            Hour + 7.3), // a minute of frames is a little longer than one
        new("wav-speech", "audio/wav", () => Spoken.Value, 2.8),
    ];

    static SoundSpecimen Of(string name, string contentType, string file) =>
        new(name, contentType, () => Bytes(file), Length);

    public static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(Files.Value, file));

    static string Make()
    {
        var folder = Tools.Folder();
        Run($"-f lavfi -i sine=440:duration={Length}:sample_rate=48000 -ac 1 -ar 8000 mono.wav -ac 2 stereo.wav "
            + "-b:a 128k cbr.mp3 -q:a 4 vbr.mp3 -b:a 64k -ar 22050 -write_xing 0 -id3v2_version 0 cbr-bare.mp3 "
            + "-q:a 4 -write_xing 0 -id3v2_version 0 vbr-bare.mp3 -b:a 96k plain.m4a "
            + "-movflags empty_moov -frag_duration 1000000 fragments.mp4 "
            + "-movflags empty_moov+dash+global_sidx -frag_duration 1000000 dash.mp4 plain.aac "
            + "-c:a libopus plain.opus -c:a libvorbis vorbis.ogg -c:a flac flac.ogg plain.flac "
            + "-c:a libopus plain.webm");
        Run($"-f lavfi -i testsrc=size=160x120:rate=15:duration={Length} -f lavfi -i sine=440:duration={Length} "
            + "film.mp4 -movflags frag_keyframe+empty_moov -g 15 film-fragments.mp4 film.mov film.mkv "
            + "-c:v libvpx -deadline realtime -c:a libopus film.webm -c:v libtheora -c:a libvorbis film.ogv");
        // A pipe cannot go back to its beginning: what is written there last stays unknown.
        Pipe("-i mono.wav -f wav -", "stream.wav");
        Pipe("-i plain.webm -c copy -f webm -cluster_time_limit 1000 -", "stream.webm");
        Pipe("-i film.webm -c copy -f webm -", "film-stream.webm");
        return folder;

        void Run(string arguments) => Tools.Run(Tools.Ffmpeg, ["-v", "error", "-y", .. arguments.Split(' ')], folder);

        void Pipe(string arguments, string file) => File.WriteAllBytes(Path.Combine(folder, file),
            Tools.Run(Tools.Ffmpeg, ["-v", "error", .. arguments.Split(' ')], folder).Output);
    }

    static string MakeHours()
    {
        var folder = Tools.Folder();
        Run("-f lavfi -i anullsrc=r=8000:cl=mono:d=60 -c:a libopus -b:a 6k minute.opus -b:a 8k minute.mp3");
        Run("-stream_loop 59 -i minute.opus -c copy hour.opus");
        Run("-stream_loop 59 -i minute.mp3 -c copy hour.mp3");
        return folder;

        void Run(string arguments) => Tools.Run(Tools.Ffmpeg, ["-v", "error", "-y", .. arguments.Split(' ')], folder);
    }
}
