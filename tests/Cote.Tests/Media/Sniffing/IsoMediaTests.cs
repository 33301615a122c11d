using System.Diagnostics;
using Cote.Media;
using static Cote.Tests.Media.Sniffing.Boxes;

namespace Cote.Tests.Media.Sniffing;

/// <summary>Films and HEIF images by their brands, and their boxes wherever they lie.</summary>
public sealed class IsoMediaTests
{
    static readonly byte[] Movie = Box("moov", Box("mvhd", new byte[100]));
    static readonly byte[] Photo = Meta(1, [Size(4_032, 3_024)], (1, [1]));

    [Theory]
    [InlineData("video/mp4", "XAVC", "XAVC mp42 iso2")] // Sony
    [InlineData("video/mp4", "iso7", "iso7 isom mp42")]
    [InlineData("video/mp4", "iso9", "iso9")]
    [InlineData("video/mp4", "3gp7", "3gp7 isom")]
    [InlineData("video/mp4", "3g2a", "3g2a")]
    [InlineData("video/mp4", "hvc1", "hvc1 isom mp42")]
    [InlineData("video/mp4", "av01", "av01 iso6 mp41")]
    [InlineData("video/mp4", "cmfc", "cmfc iso6")]
    [InlineData("video/mp4", "f4v ", "isom mp42 m4v ")]
    [InlineData("video/mp4", "????", "abcd efgh isom")] // a brand of next year
    [InlineData("video/mp4", "M4V ", "M4V M4A mp42 isom")] // films of iTunes name the sound's brand too
    [InlineData("video/quicktime", "niko", "niko qt   ")]
    [InlineData("audio/mp4", "M4A ", "M4A mp42 isom")]
    [InlineData("audio/mp4", "????", "M4A mp42 isom")]
    public void A_film_or_sound_is_known_by_any_of_its_brands(string type, string major, string compatible) =>
        Detect([.. Brands(major, Four(compatible)), .. Movie], "a.mp4")!.ContentType.ShouldBe(type);

    [Theory]
    [InlineData("video/mp4", "crx ", "crx isom")] // Canon's raw photo names a film's brand
    [InlineData("video/mp4", "????", "abcd efgh")]
    [InlineData("image/heic", "heic", "mif1 heic")] // an image without a size
    public void What_none_of_the_brands_makes_sure_is_refused(string wouldBe, string major, string compatible)
    {
        Detect([.. Brands(major, Four(compatible)), .. Movie], "a.mp4").ShouldBeNull();

        var (next, brand) = wouldBe == "image/heic" ? (Photo, "heic") : (Movie, "isom"); // so this is not why
        Detect([.. Brands(brand, Four(compatible)), .. next], "a.mp4")!.ContentType.ShouldBe(wouldBe);
    }

    [Theory]
    [InlineData("image/heic", "hevm", "mif1 hevm")]
    [InlineData("image/heic", "hevs", "msf1 hevs")]
    [InlineData("image/heic", "mif1", "mif1")]
    [InlineData("image/heic", "mif2", "mif2 heic")]
    [InlineData("image/heic", "MiHB", "MiHB MiHE miaf heic mif1")]
    [InlineData("image/heic", "heic", "mif1 MiHE MiPr miaf MiHB heic tmap")]
    [InlineData("image/avif", "mif1", "mif1 miaf avif")]
    [InlineData("image/avif", "avis", "avis msf1 miaf")]
    [InlineData("image/avif", "????", "miaf mif1 avif")]
    public void An_image_is_known_by_any_of_its_brands(string type, string major, string compatible) =>
        Detect([.. Brands(major, Four(compatible)), .. Photo], "a").ShouldBe(new(type, 4_032, 3_024));

    public static TheoryData<string, byte[]> Places
    {
        get
        {
            var brands = Brands("heic", "mif1", "heic");
            byte[] size = Size(4_032, 3_024), pixels = Box("mdat", new byte[200_000]);
            return new()
            {
                { "meta behind 200 KB of pixels", [.. brands, .. pixels, .. Photo] },
                { "sizes behind 70 KB of other boxes in meta",
                    [.. brands, .. Box("meta", UInt32(0), Box("free", new byte[70_000]), Photo[12..])] },
                { "pixels whose size stands in 64 bits",
                    [.. brands, .. LargeBox("mdat", new byte[100_000]), .. Photo] },
                { "meta whose size stands in 64 bits", [.. brands, .. LargeBox("meta", Photo[8..])] },
                { "meta that reaches to the end", [.. brands, .. OpenBox("meta", Photo[8..])] },
                { "a property that reaches to the end of its parent",
                    [.. brands, .. Box("meta", UInt32(0), Box("iprp", Box("ipco", OpenBox("ispe", size[8..]))))] },
                { "free space before the brands", [.. Box("free", new byte[100]), .. brands, .. Photo] },
                { "a box of one's own before the brands", [.. Box("uuid", new byte[32]), .. brands, .. Photo] },
                { "brands whose size stands in 64 bits", [.. LargeBox("ftyp", brands[8..]), .. Photo] },
                { "meta that claims more than there is", [.. brands, .. UInt32(50_000_000), .. Photo[4..]] },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Boxes_are_found_wherever_they_lie(string place, byte[] file) =>
        Detect(file, "a.heic").ShouldBe(new("image/heic", 4_032, 3_024), place);

    [Fact]
    public void A_film_of_before_there_were_brands_is_QuickTime()
    {
        Detect([.. Box("wide"), .. Box("mdat", new byte[100_000]), .. Movie], "a.mov")!.ContentType
            .ShouldBe("video/quicktime");
        Detect([.. Movie, .. OpenBox("mdat", new byte[100])], "a.mov")!.ContentType.ShouldBe("video/quicktime");
        Detect([.. Box("moov", Box("cmov", new byte[50]))], "a.mov")!.ContentType.ShouldBe("video/quicktime");

        Detect([.. Box("wide"), .. Box("mdat", new byte[100_000])], "a.mov").ShouldBeNull();
        Detect([.. Box("free", new byte[100]), .. Box("moov", Box("junk", new byte[50]))], "a.mov").ShouldBeNull();
        Detect("12 mdat is a box, and this is a text about it."u8.ToArray(), "a.txt")!.ContentType
            .ShouldBe("text/plain");
    }

    // What is asked of the disk is bounded by the number of boxes, not by the size or the lies of the file.
    [Fact]
    public void A_hostile_file_is_given_up_within_a_moment()
    {
        var brands = Brands("heic", "mif1", "heic");
        byte[] crumbs = [.. Enumerable.Repeat(Box("free"), 1_000_000).SelectMany(x => x)];
        var (half, nested) = (Size(10, 10), Photo);
        for (var i = 0; i < 200; i++)
            nested = Box("meta", UInt32(0), nested);
        (string, byte[])[] files =
        [
            ("a million boxes before meta", [.. brands, .. crumbs, .. Photo]),
            ("a million boxes in meta", [.. brands, .. Box("meta", UInt32(0), crumbs)]),
            ("a million properties", [.. brands, .. Box("meta", UInt32(0), Box("iprp", Box("ipco", crumbs)))]),
            ("boxes in boxes", [.. brands, .. nested]),
            ("a size smaller than its header", [.. brands, .. UInt32(7), .. Photo[4..]]),
            ("a size in 64 bits smaller than its header", [.. brands, .. LargeBox("meta", Photo[8..], size: 15)]),
            ("a size in 64 bits beyond all",
                [.. brands, .. LargeBox("mdat", new byte[100], size: ulong.MaxValue), .. Photo]),
            ("a size in 64 bits that is cut", [.. brands, .. UInt32(1), .. "meta"u8, 0, 0]),
            ("half a property", [.. brands, .. Box("meta", UInt32(0), Box("iprp", Box("ipco", half[..10])))]),
            ("brands that fill the file", [.. UInt32(0), .. "ftyp"u8, .. new byte[5_000_000]]),
        ];
        var began = Stopwatch.GetTimestamp();

        foreach (var (what, file) in files)
            Detect(file, "a.heic").ShouldBeNull(what);

        Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(10)); // a read a crumb would take minutes
    }

    [Fact]
    public void The_first_bytes_of_what_is_refused_tell_it_and_those_of_what_is_taken_never_do()
    {
        foreach (var row in FileTypesTests.Taken)
            for (var length = 1; length < row.Data.Item3.Length; length += 1 + length / 50)
                FileTypes.IsRefused(row.Data.Item3.AsSpan(0, length)).ShouldBeFalse($"{row.Data.Item2}, {length}");
        var text = string.Concat(Enumerable.Repeat("Grüße 世界 ", 100));
        for (var length = 1; length < 700; length++)
            FileTypes.IsRefused(System.Text.Encoding.UTF8.GetBytes(text).AsSpan(0, length)).ShouldBeFalse();
        FileTypes.IsRefused(System.Text.Encoding.UTF8.GetBytes(new string(' ', 510) + "<book>")).ShouldBeFalse();

        byte[] program = [.. "MZ"u8, 0x90, 0, 3, .. Samples.Noise(1_000)];
        FileTypes.IsRefused(program).ShouldBeTrue();
        FileTypes.IsRefused([0x7F, .. "ELF"u8, .. new byte[1_000]]).ShouldBeTrue();
        FileTypes.IsRefused(System.Text.Encoding.UTF8.GetBytes("<!DOCTYPE html><title>x</title>"
            + new string('x', 600))).ShouldBeTrue();
        FileTypes.IsRefused([.. System.Text.Encoding.UTF8.GetBytes(new string('x', 300)), 0xC3, 0x28,
            .. new byte[300]]).ShouldBeTrue();
        FileTypes.IsRefused(program.AsSpan(0, 100)).ShouldBeFalse(); // too short to be sure
    }

    static string[] Four(string brands) =>
        [.. brands.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(x => x.PadRight(4))];

    static FileType? Detect(byte[] bytes, string name) => FileTypesTests.Detect(bytes, name);
}
