using System.Text;
using Cote.Media.Reading;

namespace Cote.Tests.Media.Reading;

[Trait("Rows", "none")]
public sealed class DocumentsTests
{
    internal static readonly DocumentBounds Bounds =
        new(2_000_000, 20_000, 20, 50 * 1_048_576, TimeSpan.FromMinutes(1));

    public static TheoryData<string> Names => [.. DocumentCorpus.All.Select(x => x.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_document_reads_as_it_should(string name)
    {
        var specimen = DocumentCorpus.All.Single(x => x.Name == name);
        var bytes = specimen.Bytes();
        if (specimen.Word is { } word)
        {
            Should.Throw<UnreadableException>(() => Documents.Read(bytes, specimen.ContentType, Bounds))
                .Word.ShouldBe(word);
            return;
        }

        var document = Documents.Read(bytes, specimen.ContentType, Bounds);

        var at = 0;
        var inOneLine = document.Text.Replace('\n', ' ');
        foreach (var part in specimen.Has)
        {
            // Where lines end is up to the page, unless a specimen says it.
            var text = part.Contains('\n') ? document.Text : inOneLine;
            var found = text.IndexOf(part, at, StringComparison.Ordinal);
            (found >= 0).ShouldBeTrue($"after {at} there is no “{part}” in:\n{Beginning(document.Text)}");
            at = found;
        }
        foreach (var part in specimen.HasNot)
            document.Text.ShouldNotContain(part, Case.Sensitive);
        document.Pictures.Count.ShouldBe(specimen.Pictures);
        ShouldBeWellFormed(document.Text);
    }

    [Fact]
    public void Every_type_that_is_read_has_its_specimens()
    {
        var types = DocumentCorpus.All.Select(x => x.ContentType).Distinct().ToList();
        types.Count.ShouldBe(7);
        types.ShouldAllBe(x => Documents.Reads(x));
        Documents.Reads("text/plain").ShouldBeFalse();
    }

    [Fact]
    public void The_outline_lists_headings_sheets_slides_and_bookmarks()
    {
        OutlineOf("docx: report").ShouldBe("Quarterly report\n  Figures");
        OutlineOf("odt: report").ShouldBe("Quarterly report\n  Figures");
        OutlineOf("xlsx: a million rows").ShouldBe("Long: 1000000 rows, 2 columns");
        OutlineOf("xlsx: cells of all types").ShouldBe("One: 4 rows, 7 columns");
        OutlineOf("ods: sales").ShouldBe("Sales: 5003 rows, 4 columns\nKept back (hidden): 1 row, 1 column");
        OutlineOf("pptx: slides").ShouldBe("1. Opening\n2. Numbers");
        OutlineOf("odp: slides").ShouldBe("1. Opening\n2. Numbers");
        OutlineOf("pdf: bookmarks").ShouldBe("Chapter one\n  Section\nÉté");
    }

    [Fact]
    public void A_text_ends_where_it_is_long_enough()
    {
        var bounds = Bounds with { MaxCharacters = 1_000 };
        foreach (var (bytes, type) in new[]
        {
            (OfficeSpecimens.MillionRows(), Packages.Excel),
            (PdfFile.Of(Enumerable.Repeat(PdfFile.Text(72, 700, "words"), 500)), "application/pdf"),
            (Packages.Docx(Packages.Paragraph(OfficeSources.Prose("word", 500))), Packages.Word),
        })
        {
            var document = Documents.Read(bytes, type, bounds);
            document.IsCut.ShouldBeTrue(type);
            document.Text.Length.ShouldBeInRange(500, 1_000);
            ShouldBeWellFormed(document.Text);
            Documents.Read(bytes, type, Bounds).Text.ShouldStartWith(document.Text);
        }
    }

    [Fact]
    public void A_text_that_was_read_whole_is_not_cut() =>
        Documents.Read(PdfSpecimens.Plain("words"), "application/pdf", Bounds).IsCut.ShouldBeFalse();

    static string OutlineOf(string name)
    {
        var specimen = DocumentCorpus.All.Single(x => x.Name == name);
        return Documents.Read(specimen.Bytes(), specimen.ContentType, Bounds).Outline;
    }

    static void ShouldBeWellFormed(string text)
    {
        text.Where(x => char.IsControl(x) && x is not ('\n' or '\t')).ShouldBeEmpty();
        text.EnumerateRunes().Count(x => x == Rune.ReplacementChar).ShouldBe(0, "a half of a letter is none");
        text.ShouldNotContain("\n\n\n\n");
        text.ShouldBe(text.Trim());
    }

    static string Beginning(string text) => text[..Math.Min(3_000, text.Length)];
}
