using System.Text;
using ImageMagick;
using static Cote.Tests.Media.Reading.PictureParts;

namespace Cote.Tests.Media.Reading;

/// <summary>Pictures of every kind that people upload, made once a run by the machine's own tools.</summary>
public static class PictureCorpus
{
    const int Width = 60;
    const int Height = 40;
    const string Upright = "RGBW";

    /// <summary>Of each orientation that Exif data knows: the corners of a picture that is stored upright.</summary>
    static readonly string[] Orientations =
        ["RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"];

    static readonly Lazy<string> Files = new(Make);

    /// <summary>A comment, a maker and a place that a photo tells of who took it.</summary>
    public static readonly string[] Secrets =
        ["GPS-52.5200N", "Maker-of-cameras", "a comment of mine", "ns.adobe.com", "photographer@example.org"];

    public static IReadOnlyList<PictureSpecimen> All { get; } =
        [.. Photos(), .. Drawings(), .. Pages(), .. Animations(), .. Large(), .. Broken()];

    static IEnumerable<PictureSpecimen> Photos()
    {
        for (var i = 1; i <= 8; i++)
        {
            var orientation = i;
            yield return Turned($"jpeg-orientation-{i}", "image/jpeg", i,
                () => WithExif(Bytes("plain.jpg"), orientation));
        }
        yield return Plain("jpeg-progressive", "image/jpeg", "progressive.jpg");
        yield return Plain("jpeg-grey", "image/jpeg", "grey.jpg") with { Corners = null };
        yield return Plain("jpeg-cmyk", "image/jpeg", "cmyk.jpg");
        yield return Plain("jpeg-adobe-rgb", "image/jpeg", "adobe-rgb.jpg");
        yield return Plain("jpeg-cut", "image/jpeg", "plain.jpg") with
        {
            Bytes = () => Cut(Bytes("noise.jpg"), 0.6),
            Width = 300,
            Height = 200,
            Corners = null,
        };
        yield return Plain("jpeg-with-secrets", "image/jpeg", "plain.jpg") with { Bytes = WithSecrets };
        yield return Plain("heic", "image/heic", "plain.heic");
        yield return new("heic-turned", "image/heic", () => PictureParts.Turned(Bytes("plain.heic"), 1), Height, Width,
            "GWRB");
        yield return Plain("heic-exif-alone-does-not-turn", "image/heic", "exif.heic");
        yield return Plain("avif", "image/avif", "plain.avif");
        yield return new("avif-turned", "image/avif", () => PictureParts.Turned(Bytes("plain.avif"), 3), Height, Width,
            "BRWG");
        yield return Plain("jp2", "image/jp2", "plain.jp2");
    }

    static IEnumerable<PictureSpecimen> Drawings()
    {
        for (var i = 1; i <= 8; i++)
        {
            var orientation = i;
            yield return Turned($"png-orientation-{i}", "image/png", i,
                () => WithChunk(Bytes("plain.png"), "eXIf", Exif(orientation)));
        }
        yield return Plain("png-16-bit", "image/png", "deep.png");
        yield return Plain("png-grey", "image/png", "grey.png") with { Corners = null };
        yield return Plain("png-palette-clear", "image/png", "clear.png") with { Corners = "CGBW" };
        yield return Plain("png-alpha", "image/png", "alpha.png") with { Corners = "CGBW" };
        yield return Plain("bmp", "image/bmp", "plain.bmp");
        yield return Plain("bmp-3", "image/bmp", "old.bmp");
        yield return Plain("webp", "image/webp", "plain.webp");
        yield return Plain("webp-exif-does-not-turn", "image/webp", "exif.webp");
        yield return Plain("webp-alpha", "image/webp", "alpha.webp") with { Corners = "CGBW" };
    }

    static IEnumerable<PictureSpecimen> Pages()
    {
        yield return Plain("tiff", "image/tiff", "plain.tiff");
        yield return Plain("tiff-lzw", "image/tiff", "lzw.tiff");
        yield return Plain("tiff-cmyk", "image/tiff", "cmyk.tiff");
        yield return Plain("tiff-16-bit", "image/tiff", "deep.tiff");
        yield return Plain("tiff-float", "image/tiff", "float.tiff");
        yield return Plain("tiff-pages", "image/tiff", "pages.tiff");
        yield return Plain("tiff-big-endian", "image/tiff", "msb.tiff");
        yield return Plain("tiff-fax", "image/tiff", "fax.tiff") with { Corners = "KKKW" };
        yield return new("tiff-orientation-6", "image/tiff", () => Bytes("turned.tiff"), Height, Width,
            Orientations[5]);
    }

    static IEnumerable<PictureSpecimen> Animations()
    {
        yield return Plain("gif", "image/gif", "plain.gif");
        yield return Plain("gif-animated", "image/gif", "frames.gif");
        yield return Plain("gif-small-first-frame", "image/gif", "offset.gif") with { Corners = "CCCW" };
        yield return Plain("webp-animated", "image/webp", "frames.webp");
    }

    static IEnumerable<PictureSpecimen> Large()
    {
        yield return new("png-one-pixel", "image/png", () => Bytes("one.png"), 1, 1, "RRRR");
        yield return new("gif-one-pixel", "image/gif", () => Bytes("one.gif"), 1, 1, "RRRR");
        yield return new("png-strip", "image/png", () => PngOfZeros(1, 20_000), 1, 20_000);
        yield return new("jpeg-40-megapixels", "image/jpeg", () => Bytes("large.jpg"), 8_000, 5_000);
        yield return new("png-40-megapixels", "image/png", () => Bytes("large.png"), 8_000, 5_000);
    }

    static IEnumerable<PictureSpecimen> Broken()
    {
        yield return Damaged("png-garbage", "image/png",
            () => [.. Bytes("plain.png")[..33], .. new byte[500].Select((_, i) => (byte)(i * 31))]);
        yield return Damaged("png-cut-in-header", "image/png", () => Bytes("plain.png")[..40]);
        yield return Damaged("jpeg-without-pixels", "image/jpeg", () => Samples.Jpeg()[..^10]);
        yield return Damaged("webp-cut", "image/webp", () => Cut(Bytes("plain.webp"), 0.5));
        yield return Damaged("heic-cut", "image/heic", () => Cut(Bytes("plain.heic"), 0.5));
        yield return Damaged("avif-cut", "image/avif", () => Cut(Bytes("plain.avif"), 0.5));
        yield return Damaged("text-as-png", "image/png", () => "hello, this is no picture at all"u8.ToArray());
        yield return Damaged("svg-as-png", "image/png",
            () => Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"));
        yield return Damaged("png-as-jpeg", "image/jpeg", () => Bytes("plain.png"));
        yield return new("nothing", "image/png", () => [], 0, 0, null, "empty");
    }

    static PictureSpecimen Plain(string name, string contentType, string file) =>
        new(name, contentType, () => Bytes(file), Width, Height, Upright);

    static PictureSpecimen Turned(string name, string contentType, int orientation, Func<byte[]> bytes) => new(name,
        contentType, bytes, orientation < 5 ? Width : Height, orientation < 5 ? Height : Width,
        Orientations[orientation - 1]);

    static PictureSpecimen Damaged(string name, string contentType, Func<byte[]> bytes) =>
        new(name, contentType, bytes, 0, 0, null, "damaged");

    public static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(Files.Value, file));

    static byte[] WithSecrets() => [.. WithSegment(WithSegment(
        WithExif(Bytes("plain.jpg"), 1, Secrets[0] + Secrets[1]), 0xFE, Encoding.ASCII.GetBytes(Secrets[2])), 0xE1,
        Encoding.ASCII.GetBytes($"http://{Secrets[3]}/xap/1.0/\0<x>{Secrets[4]}</x>")), .. "behind the end"u8];

    static string Make()
    {
        var folder = Tools.Folder();
        File.WriteAllBytes(Path.Combine(folder, "plain.ppm"), Ppm(Width, Height));
        File.WriteAllBytes(Path.Combine(folder, "adobe.icc"), ColorProfiles.AdobeRGB1998.ToByteArray());
        Tools.Run(Tools.Convert, Words("""
            plain.ppm
            -quality 95 -sampling-factor 1x1 -write plain.jpg -interlace JPEG -write progressive.jpg -interlace none
            -write PNG24:plain.png -write plain.bmp -write BMP3:old.bmp -write plain.gif
            -compress none -write plain.tiff -endian MSB -write msb.tiff -endian LSB
            -compress LZW -write lzw.tiff
            ( +clone -depth 16 -write deep.tiff -write PNG48:deep.png +delete )
            ( +clone -colorspace CMYK -write cmyk.tiff -write cmyk.jpg +delete )
            ( +clone -colorspace Gray -write grey.png -write grey.jpg +delete )
            ( +clone -transparent red -write PNG8:clear.png -write PNG32:alpha.png +delete )
            ( +clone -profile adobe.icc -quality 95 -write adobe-rgb.jpg +delete )
            -write plain.jp2 null:
            """), folder);
        Tools.Run(Tools.Convert, Words("plain.ppm -compress LZW -orient right-top -write turned.tiff "
            + "-orient top-left -depth 32 -define quantum:format=floating-point float.tiff"), folder);
        Tools.Run(Tools.Convert, Words("plain.ppm -colorspace Gray -threshold 99% -type bilevel -compress Group4 "
            + "fax.tiff"), folder);
        Tools.Run(Tools.Convert, Words("plain.ppm ( +clone -negate ) ( +clone -flip ) -write frames.gif "
            + "-compress LZW pages.tiff"), folder);
        Tools.Run(Tools.Convert, Words("-page 60x40+30+20 -size 30x20 xc:white -page 60x40+0+0 xc:red offset.gif"),
            folder);
        Tools.Run(Tools.Convert, Words("-size 1x1 xc:red -write one.png -write one.gif null:"), folder);
        Tools.Run(Tools.Convert, Words("-size 300x200 -seed 7 plasma: -quality 90 noise.jpg"), folder);
        Tools.Run(Tools.Ffmpeg, Words("-v error -y -f lavfi -i testsrc2=size=8000x5000:rate=1 -frames:v 1 "
            + "-pix_fmt rgb24 large.png -frames:v 1 large.jpg"), folder);
        File.WriteAllBytes(Path.Combine(folder, "exif.jpg"), WithExif(
            File.ReadAllBytes(Path.Combine(folder, "plain.jpg")), 6));
        Tools.Run(Tools.HeifEnc, Words("-q 90 -p chroma=444 plain.jpg -o plain.heic"), folder);
        Tools.Run(Tools.HeifEnc, Words("-q 90 -p chroma=444 exif.jpg -o exif.heic"), folder);
        Tools.Run(Tools.Ffmpeg, Words("-v error -y -i plain.png -pix_fmt yuv444p -frames:v 1 -c:v libaom-av1 "
            + "-still-picture 1 -crf 10 plain.avif"), folder);
        Tools.Run(Tools.Cwebp, Words("-quiet -lossless plain.png -o plain.webp"), folder);
        Tools.Run(Tools.Cwebp, Words("-quiet -lossless alpha.png -o alpha.webp"), folder);
        File.WriteAllBytes(Path.Combine(folder, "exif.bin"), Exif(6));
        Tools.Run(Tools.WebpMux, Words("-set exif exif.bin plain.webp -o exif.webp"), folder);
        Tools.Run(Tools.WebpMux, Words("-frame plain.webp +100 -frame alpha.webp +100 -o frames.webp"), folder);
        return folder;
    }

    static string[] Words(string text) => text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
}
