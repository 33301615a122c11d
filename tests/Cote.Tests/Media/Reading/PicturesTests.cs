using System.Text;
using Cote.Media;
using Cote.Media.Reading;
using ImageMagick;

namespace Cote.Tests.Media.Reading;

/// <summary>What models and browsers get of pictures: upright, small enough, and nothing but a picture.</summary>
public sealed class PicturesTests
{
    const int Most = 3_932_160;
    const int Side = 8_000;

    public static TheoryData<string> Readable => [.. PictureCorpus.All.Where(x => x.Word is null).Select(x => x.Name)];

    public static TheoryData<string> Unreadable =>
        [.. PictureCorpus.All.Where(x => x.Word is not null).Select(x => x.Name)];

    [Theory]
    [MemberData(nameof(Readable))]
    public void A_picture_is_shown_as_viewers_show_it(string name)
    {
        var specimen = Specimen(name);

        var picture = Pictures.ForModel(specimen.Bytes(), specimen.ContentType, Most, Side);

        (picture.Width, picture.Height).ShouldBe(Fitted(specimen, picture));
        picture.Bytes.Length.ShouldBeLessThanOrEqualTo(Most);
        picture.ContentType.ShouldBeOneOf("image/png", "image/jpeg");
        ImageMetadata.IsPlain(picture.Bytes, picture.ContentType).ShouldBeTrue();
        if (specimen.Corners is { } corners)
            CornersOf(picture).ShouldBe(corners);
    }

    [Theory]
    [MemberData(nameof(Readable))]
    public void A_thumbnail_is_a_small_upright_WebP(string name)
    {
        var specimen = Specimen(name);

        var picture = Pictures.Thumbnail(specimen.Bytes(), specimen.ContentType, 32);

        picture.ContentType.ShouldBe("image/webp");
        picture.Width.ShouldBe(Math.Min(32, specimen.Width));
        if (specimen.Width <= 60)
            ((double)picture.Height).ShouldBe(
                Math.Min(16_383, specimen.Height * Math.Min(1, 32.0 / specimen.Width)), tolerance: 1);
        picture.Bytes.Length.ShouldBeLessThan(8_192);
        ImageMetadata.IsPlain(picture.Bytes, "image/webp").ShouldBeTrue();
        if (specimen.Corners is { } corners)
            CornersOf(picture).ShouldBe(corners);
    }

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void What_is_no_picture_is_told_in_one_word(string name)
    {
        var specimen = Specimen(name);

        Should.Throw<UnreadableException>(() =>
            Pictures.ForModel(specimen.Bytes(), specimen.ContentType, Most, Side)).Word.ShouldBe(specimen.Word);
        Should.Throw<UnreadableException>(() =>
            Pictures.Thumbnail(specimen.Bytes(), specimen.ContentType, 64)).Word.ShouldBe(specimen.Word);
    }

    // Drawings keep their edges, photos their size.
    [Theory]
    [InlineData("png-orientation-1", "image/png")]
    [InlineData("bmp", "image/png")]
    [InlineData("gif-animated", "image/png")]
    [InlineData("tiff-fax", "image/png")]
    [InlineData("webp-alpha", "image/png")]
    [InlineData("webp", "image/jpeg")]
    [InlineData("heic", "image/jpeg")]
    [InlineData("jpeg-orientation-6", "image/jpeg")]
    public void A_drawing_becomes_a_PNG_and_a_photo_a_JPEG(string name, string contentType)
    {
        var specimen = Specimen(name);
        Pictures.ForModel(specimen.Bytes(), specimen.ContentType, Most, Side).ContentType.ShouldBe(contentType);
    }

    [Theory]
    [InlineData(90, "BRWG")]
    [InlineData(180, "WBGR")]
    [InlineData(270, "GWRB")]
    [InlineData(-90, "GWRB")]
    [InlineData(360, "RGBW")]
    public void A_turn_comes_after_what_the_file_says(int turn, string corners)
    {
        foreach (var name in new[] { "png-orientation-1", "tiff-lzw", "heic" })
            CornersOf(Pictures.ForModel(Specimen(name).Bytes(), Specimen(name).ContentType, Most, Side, turn))
                .ShouldBe(corners);
        var turned = Specimen("jpeg-orientation-6"); // to the right, and back
        CornersOf(Pictures.ForModel(turned.Bytes(), turned.ContentType, Most, Side, 270)).ShouldBe("RGBW");
    }

    [Fact]
    public void Nothing_is_left_of_what_a_photo_tells_of_its_maker()
    {
        var photo = Specimen("jpeg-with-secrets").Bytes();
        var before = Encoding.Latin1.GetString(photo);
        foreach (var secret in PictureCorpus.Secrets)
            before.ShouldContain(secret);

        foreach (var made in new[] { Pictures.ForModel(photo, "image/jpeg", Most, Side),
            Pictures.Thumbnail(photo, "image/jpeg", 64) })
        {
            var after = Encoding.Latin1.GetString(made.Bytes);
            foreach (var secret in PictureCorpus.Secrets.Append("behind the end").Append("Exif"))
                after.ShouldNotContain(secret);
        }
        ImageMetadata.IsPlain(photo, "image/jpeg").ShouldBeFalse();
    }

    [Theory]
    [InlineData("jpeg-40-megapixels", 2_000_000, 1_568)]
    [InlineData("png-40-megapixels", 2_000_000, 2_000)]
    [InlineData("jpeg-40-megapixels", 20_000, 2_000)]
    [InlineData("jpeg-cut", 3_000, 8_000)]
    [InlineData("png-strip", 100_000, 1_000)]
    [InlineData("png-strip", 700, 20_000)]
    public void A_picture_is_scaled_until_it_fits(string name, int bytes, int side)
    {
        var specimen = Specimen(name);

        var picture = Pictures.ForModel(specimen.Bytes(), specimen.ContentType, bytes, side);

        picture.Bytes.Length.ShouldBeLessThanOrEqualTo(bytes);
        Math.Max(picture.Width, picture.Height).ShouldBeLessThanOrEqualTo(side);
        Math.Min(picture.Width, picture.Height).ShouldBeGreaterThan(0);
        if (specimen.Width > 1)
            (picture.Width / (double)picture.Height).ShouldBe(specimen.Width / (double)specimen.Height, 0.02);
    }

    [Fact]
    public void What_does_not_fit_at_any_size_is_too_large() =>
        Should.Throw<UnreadableException>(() => Pictures.ForModel(Specimen("jpeg-cut").Bytes(), "image/jpeg", 100, 800))
            .Word.ShouldBe("too large");

    // The numbers of Adobe RGB mean stronger colours than those of sRGB: (100, 180, 100) is (2, 181, 94) there.
    [Fact]
    public void Colours_are_converted_by_their_profile()
    {
        ImageLibrary.Prepare();
        using var made = new MagickImage([.. Enumerable.Repeat<byte[]>([100, 180, 100], 1_024).SelectMany(x => x)],
            new PixelReadSettings(32, 32, StorageType.Char, PixelMapping.RGB));
        made.SetProfile(ColorProfiles.AdobeRGB1998);
        var file = made.ToByteArray(MagickFormat.Png);

        var (red, green, blue) = FirstPixel(Pictures.ForModel(file, "image/png", Most, Side));

        ((int)red).ShouldBeInRange(0, 20);
        ((int)green).ShouldBeInRange(177, 185);
        ((int)blue).ShouldBeInRange(90, 99);
    }

    static PictureSpecimen Specimen(string name) => PictureCorpus.All.Single(x => x.Name == name);

    static (int, int) Fitted(PictureSpecimen specimen, EncodedPicture picture)
    {
        var factor = Math.Min(1, Side / (double)Math.Max(specimen.Width, specimen.Height));
        return specimen.Width * specimen.Height > 1_000_000
            ? (picture.Width, (int)Math.Round(picture.Width * specimen.Height / (double)specimen.Width))
            : (Math.Max(1, (int)Math.Round(specimen.Width * factor)), (int)Math.Round(specimen.Height * factor));
    }

    static (byte, byte, byte) FirstPixel(EncodedPicture picture)
    {
        using var image = Decode(picture);
        using var pixels = image.GetPixels();
        var bytes = pixels.ToByteArray(PixelMapping.RGB)!;
        return (bytes[0], bytes[1], bytes[2]);
    }

    static MagickImage Decode(EncodedPicture picture) => new(picture.Bytes, picture.ContentType switch
    {
        "image/png" => MagickFormat.Png,
        "image/webp" => MagickFormat.WebP,
        _ => MagickFormat.Jpeg,
    });

    internal static string CornersOf(EncodedPicture picture)
    {
        using var image = Decode(picture);
        using var pixels = image.GetPixels();
        var bytes = pixels.ToByteArray(PixelMapping.RGBA)!;
        var (right, bottom) = (picture.Width - 1, picture.Height - 1);
        return string.Concat(new[] { (0, 0), (right, 0), (0, bottom), (right, bottom) }.Select(x =>
            NameOf(bytes.AsSpan((x.Item2 * picture.Width + x.Item1) * 4, 4))));
    }

    static char NameOf(ReadOnlySpan<byte> pixel) => pixel[3] < 128 ? 'C' : (pixel[0], pixel[1], pixel[2]) switch
    {
        ( > 180, < 75, < 75) => 'R',
        ( < 75, > 180, < 75) => 'G',
        ( < 75, < 75, > 180) => 'B',
        ( > 180, > 180, > 180) => 'W',
        ( < 75, < 75, < 75) => 'K',
        _ => '?',
    };
}
