using Cote.Media.Reading;

namespace Cote.Tests.Media.Reading;

[Trait("Rows", "none")]
public sealed class ScannedPdfTests
{
    [Theory]
    [InlineData("JPEG")]
    [InlineData("packed JPEG")]
    [InlineData("JPEG 2000")]
    [InlineData("gray")]
    [InlineData("fax")]
    [InlineData("turned fax")]
    public void The_picture_of_a_page_is_the_page(string kind)
    {
        var pdf = kind switch
        {
            "JPEG" => Scans.Jpeg(),
            "packed JPEG" => Scans.PackedJpeg(),
            "JPEG 2000" => Scans.Jpeg2000(),
            "gray" => Scans.Gray(),
            _ => Scans.Fax(isTurned: kind == "turned fax"),
        };

        var picture = Read(pdf).Pictures.ShouldHaveSingleItem();

        picture.Page.ShouldBe(1);
        picture.Turn.ShouldBe(0);
        ShouldStandUpright(picture);
    }

    [Theory]
    [InlineData("/Rotate 90", "0 600 -800 0 800 0", "[0 0 800 600]")] // scanned across, and turned back by hand
    [InlineData("/Rotate 180", "-600 0 0 -800 600 800", "[0 0 600 800]")]
    [InlineData("", "600 0 0 800 0 0", "[0 0 600 800]")]
    public void A_picture_that_stands_upright_on_its_page_is_not_turned(string rotate, string matrix, string box)
    {
        var picture = Read(Scans.Jpeg($"{rotate} /MediaBox {box}", matrix)).Pictures.ShouldHaveSingleItem();

        picture.Turn.ShouldBe(0);
        ShouldStandUpright(picture);
    }

    [Theory]
    [InlineData("/Rotate 90", "600 0 0 800 0 0", 90)]
    [InlineData("/Rotate 270", "600 0 0 800 0 0", 270)]
    [InlineData("", "-600 0 0 -800 600 800", 180)]
    [InlineData("/MediaBox [0 0 800 600]", "0 -600 800 0 0 600", 90)]
    public void A_picture_is_turned_as_its_page_shows_it(string page, string matrix, int turn) =>
        Read(Scans.Jpeg(page, matrix)).Pictures.ShouldHaveSingleItem().Turn.ShouldBe(turn);

    [Fact]
    public void No_more_pictures_are_taken_than_allowed()
    {
        var pdf = PdfSpecimens.Repeat(Scans.Jpeg(), 3);

        var document = Documents.Read(pdf, "application/pdf", DocumentsTests.Bounds with { MaxPictures = 2 });

        document.Pictures.Select(x => x.Page).ShouldBe([1, 2]);
        document.Text.ShouldContain("[page 3: a picture that is left out]");
        document.IsCut.ShouldBeTrue();
        Documents.Read(pdf, "application/pdf", DocumentsTests.Bounds).Pictures.Count.ShouldBe(3);
    }

    [Fact]
    public void A_small_picture_makes_no_page_with_text_a_scan() =>
        Read(Scans.Of("/Filter /DCTDecode", Samples.Jpeg(), matrix: "50 0 0 50 0 0",
            more: PdfFile.Text(72, 700, "A letter with a logo"))).Pictures.ShouldBeEmpty();

    static DocumentText Read(byte[] pdf) => Documents.Read(pdf, "application/pdf", DocumentsTests.Bounds);

    // A dark bar at the upper left, and all else light.
    static void ShouldStandUpright(PagePicture picture)
    {
        var pixels = Scans.Pixels(picture.Bytes, picture.Turn);
        pixels.GetLength(0).ShouldBe(Scans.Width);
        pixels.GetLength(1).ShouldBe(Scans.Height);
        pixels[180, 120].ShouldBeLessThan((byte)60);
        pixels[500, 120].ShouldBeGreaterThan((byte)200);
        pixels[180, 700].ShouldBeGreaterThan((byte)200);
    }
}
