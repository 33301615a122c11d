using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Geometry;
using UglyToad.PdfPig.Graphics.Operations;
using UglyToad.PdfPig.Outline.Destinations;
using UglyToad.PdfPig.Parser;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;
using UglyToad.PdfPig;

namespace Cote.Media.Reading;

/// <summary>A letter, or several that one sign stands for, on a page as it is shown.</summary>
/// <param name="Text">May be empty, where the letters are of the sign before.</param>
/// <param name="X">Where its baseline begins.</param>
/// <param name="Y">Where its baseline begins.</param>
/// <param name="EndX">Where its baseline ends.</param>
/// <param name="EndY">Where its baseline ends.</param>
/// <param name="Size">The height of the font.</param>
readonly record struct PdfGlyph(string Text, double X, double Y, double EndX, double EndY, double Size);

/// <summary>What is read of a page.</summary>
sealed class PdfPage
{
    public List<PdfGlyph> Glyphs { get; } = [];

    /// <summary>Whether more stands on it.</summary>
    public bool IsCut { get; set; }

    /// <summary>Whether it has no text to speak of, and pictures cover it.</summary>
    public bool IsPicture { get; set; }

    /// <summary>The largest picture as a file, where it can be had.</summary>
    public byte[]? Picture { get; set; }

    /// <summary>By how many degrees the picture is turned clockwise on the page.</summary>
    public int Turn { get; set; }
}

/// <summary>
/// Makes pages of what the library reads. The library's own pages keep every line that is drawn, and read to their
/// end however long that takes.
/// </summary>
sealed class PdfPageFactory(
    IPdfTokenScanner pdfScanner,
    IResourceStore resourceStore,
    ILookupFilterProvider filterProvider,
    IPageContentParser pageContentParser,
    ParsingOptions parsingOptions)
    : BasePageFactory<PdfPage>(pdfScanner, resourceStore, filterProvider, pageContentParser, parsingOptions)
{
    const int FewLetters = 25; // a stamp or a page number
    const double MostOfPage = 0.5;
    const double SomeOfPage = 0.05;

    protected override PdfPage ProcessPage(
        int pageNumber,
        DictionaryToken dictionary,
        NamedDestinations namedDestinations,
        MediaBox mediaBox,
        CropBox cropBox,
        UserSpaceUnit userSpaceUnit,
        PageRotationDegrees rotation,
        TransformationMatrix initialMatrix,
        IReadOnlyList<IGraphicsStateOperation> operations)
    {
        var page = new PdfPage();
        var document = ((PdfOptions)ParsingOptions).Document;
        var content = new PdfContent(pageNumber, ResourceStore, PdfScanner, PageContentParser, FilterProvider, cropBox,
            userSpaceUnit, rotation, initialMatrix, ParsingOptions, page, document);
        content.Process(pageNumber, operations);
        var letters = page.Glyphs.Sum(x => string.IsNullOrWhiteSpace(x.Text) ? 0 : x.Text.Length);
        var area = Math.Abs(cropBox.Bounds.Width * cropBox.Bounds.Height
            * (initialMatrix.A * initialMatrix.D - initialMatrix.B * initialMatrix.C));
        page.IsPicture = content.Largest is not null && letters < FewLetters
            && content.Covered >= area * (letters == 0 ? SomeOfPage : MostOfPage);
        // The names of colour spaces are known only while the page is at hand.
        if (page.IsPicture && document.HasRoomForPicture)
            (page.Picture, page.Turn) = (content.ReadLargest(), content.TurnOfLargest);
        return page;
    }
}
