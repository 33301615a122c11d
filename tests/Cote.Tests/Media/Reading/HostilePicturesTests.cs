using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Cote.Media.Reading;
using ImageMagick;

namespace Cote.Tests.Media.Reading;

/// <summary>Pictures that are made to cost, or to reach what is no picture.</summary>
public sealed class HostilePicturesTests
{
    const int Most = 3_932_160;

    static readonly string[] Types = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff",
        "image/heic", "image/avif", "image/jp2"];

    public static TheoryData<string, string, string, byte[]> Bombs => new()
    {
        { "too large", "a PNG of 3,600 megapixels", "image/png", PictureParts.PngOfZeros(60_000, 60_000) },
        { "too large", "a GIF with a canvas of 4,300 megapixels and a frame of one", "image/gif",
            Samples.Gif(65_535, 65_535) },
        { "damaged", "a BMP of 2,500 megapixels", "image/bmp",
            [.. Samples.Bmp(50_000, 50_000)[..26], 1, 0, 24, 0, .. new byte[90]] },
        { "too large", "a TIFF of 2,500 megapixels", "image/tiff", Tiff(50_000, 50_000, next: 0) },
    };

    [Theory]
    [MemberData(nameof(Bombs), DisableDiscoveryEnumeration = true)] // a runner writes out what it has found
    public void A_bomb_is_given_up(string word, string what, string contentType, byte[] file)
    {
        file.Length.ShouldBeLessThan(5 * 1_048_576, what); // so it is one
        foreach (var read in new Action[] { () => Pictures.ForModel(file, contentType, Most, 8_000),
            () => Pictures.Thumbnail(file, contentType, 64) })
            Should.Throw<UnreadableException>(read, what).Word.ShouldBe(word, what);
    }

    // All frames together would take 12 GB, and all pages for ever.
    [Fact]
    public void Of_many_pictures_in_a_file_only_the_first_is_read()
    {
        var gif = Encoded("-size 2000x2000 xc:red gif:-");
        var end = gif.AsSpan().LastIndexOf((byte)0x3B);
        var frame = gif.AsSpan().IndexOf((byte)0x2C);
        byte[] frames = [.. gif[..end],
            .. Enumerable.Repeat(gif[frame..end], 1_000).SelectMany(x => x), 0x3B];
        Size(Pictures.ForModel(frames, "image/gif", Most, 8_000)).ShouldBe((2_000, 2_000));

        Size(Pictures.ForModel(Tiff(4, 3, next: 8), "image/tiff", Most, 8_000)).ShouldBe((4, 3), "one that loops");
        var pages = Tiff(4, 3, next: int.MaxValue);
        var chain = new byte[1_000_000 * 6];
        for (var i = 0; i < 1_000_000; i++)
            BinaryPrimitives.WriteInt32LittleEndian(chain.AsSpan(i * 6 + 2), pages.Length + (i + 1) * 6);
        BinaryPrimitives.WriteInt32LittleEndian(pages.AsSpan(NextDirectory), pages.Length);
        Size(Pictures.ForModel([.. pages, .. chain], "image/tiff", Most, 8_000)).ShouldBe((4, 3));
    }

    // What ImageMagick also reads: programs that draw, names of files and of places on the network.
    [Theory]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='/etc/passwd'/></svg>")]
    [InlineData("push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1:1/x'\npop graphic-context")]
    [InlineData("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\nshowpage")]
    [InlineData("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj")]
    [InlineData("<image><read filename='/etc/passwd'/><write filename='/tmp/x'/></image>")]
    [InlineData("id=ImageMagick version=1.0\nclass=DirectClass columns=1 rows=1 depth=8\n\f\n:\x1a abc")]
    [InlineData("@/etc/passwd")]
    [InlineData("P6 1 1 255\nabc")]
    [InlineData("ephemeral:/etc/passwd")]
    public void Nothing_else_that_the_library_reads_is_a_picture(string text)
    {
        foreach (var type in Types)
            Should.Throw<UnreadableException>(() =>
                Pictures.ForModel(Encoding.UTF8.GetBytes(text), type, Most, 8_000)).Word.ShouldBe("damaged", type);
    }

    [Fact]
    public void A_type_that_is_not_known_is_not_read()
    {
        var file = PictureCorpus.Bytes("plain.png");
        Pictures.ForModel(file, "image/png", Most, 8_000).Width.ShouldBe(60);
        foreach (var type in new[] { "image/svg+xml", "text/plain", "application/pdf", "png", "" })
            Should.Throw<UnreadableException>(() => Pictures.ForModel(file, type, Most, 8_000)).Word
                .ShouldBe("damaged", type);
    }

    // The reader of HEIF takes paths only, and the library writes bytes into a file for it.
    [Fact]
    public async Task No_file_is_made_on_the_way()
    {
        var folder = Tools.Folder();
        ImageLibrary.Prepare();
        MagickNET.SetTempDirectory(folder);
        var made = new ConcurrentQueue<string>();
        using var watch = new FileSystemWatcher(folder);
        watch.Created += (_, x) => made.Enqueue(Path.GetFileName(x.FullPath));
        watch.EnableRaisingEvents = true;

        foreach (var (file, type) in new[] { ("plain.heic", "image/heic"), ("plain.avif", "image/avif"),
            ("plain.tiff", "image/tiff"), ("plain.jp2", "image/jp2") })
            Pictures.ForModel(PictureCorpus.Bytes(file), type, Most, 8_000).Width.ShouldBe(60);
        await File.WriteAllTextAsync(Path.Combine(folder, "last"), "");
        await Patience.UntilAsync(() => Task.FromResult(made.Contains("last")), "the folder tells of a file");
        made.ShouldBe(["last"]);

        using var careless =
            new MagickImage(PictureCorpus.Bytes("plain.heic"), new MagickReadSettings { Format = MagickFormat.Heic });
        await Patience.UntilAsync(() => Task.FromResult(made.Count > 1), "it would have told of one");
    }

    const int NextDirectory = 8 + 2 + 9 * 12;

    static byte[] Encoded(string arguments) => Tools.Run(Tools.Convert, arguments.Split(' ')).Output;

    static (int, int) Size(EncodedPicture picture) => (picture.Width, picture.Height);

    // One grey strip without compression, as long as the sides say for the small one.
    static byte[] Tiff(int width, int height, int next)
    {
        (int Tag, int Type, int Value)[] entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1),
            (262, 3, 1), (273, 4, NextDirectory + 4), (277, 3, 1), (278, 4, height), (279, 4, 12)];
        var file = new byte[NextDirectory + 4 + 12];
        "II*\0"u8.CopyTo(file);
        file[4] = 8;
        file[8] = (byte)entries.Length;
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = file.AsSpan(10 + i * 12);
            BinaryPrimitives.WriteInt16LittleEndian(entry, (short)entries[i].Tag);
            BinaryPrimitives.WriteInt16LittleEndian(entry[2..], (short)entries[i].Type);
            entry[4] = 1;
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], entries[i].Value);
        }
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(NextDirectory), next);
        return file;
    }
}
