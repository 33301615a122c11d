using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Geometry;
using UglyToad.PdfPig.Graphics;
using UglyToad.PdfPig.Graphics.Operations;
using UglyToad.PdfPig.Parser;
using UglyToad.PdfPig.PdfFonts;
using UglyToad.PdfPig.Tokenization.Scanner;
using UglyToad.PdfPig.Tokens;

namespace Cote.Media.Reading;

/// <summary>
/// Runs what draws a page and keeps its letters and its largest picture. It ends where a page has more letters than
/// the text has room for, or takes longer than there is time for: forms that draw forms do both.
/// </summary>
sealed class PdfContent(
    int pageNumber,
    IResourceStore resourceStore,
    IPdfTokenScanner pdfScanner,
    IPageContentParser pageContentParser,
    ILookupFilterProvider filterProvider,
    CropBox cropBox,
    UserSpaceUnit userSpaceUnit,
    PageRotationDegrees rotation,
    in TransformationMatrix initialMatrix,
    ParsingOptions parsingOptions,
    PdfPage page,
    DocumentDraft document)
    : BaseStreamProcessor<PdfPage>(pageNumber, resourceStore, pdfScanner, pageContentParser, filterProvider, cropBox,
        userSpaceUnit, rotation, initialMatrix, parsingOptions)
{
    const int MostGlyphs = 200_000;
    const int MostOperations = 5_000_000;
    const int OperationsBetweenLooks = 4_096;
    const int LongestReplacement = 10_000;
    const int DeepestForm = 32;

    readonly Stack<bool> _marked = new();
    string? _replacement;
    double _largest;
    int _operations;
    int _forms;

    /// <summary>The largest picture: a part of the file, or one that stands in the page's content.</summary>
    public object? Largest { get; private set; }

    /// <summary>How much of the page all pictures cover together.</summary>
    public double Covered { get; private set; }

    public int TurnOfLargest { get; private set; }

    public override PdfPage Process(int pageNumberCurrent, IReadOnlyList<IGraphicsStateOperation> operations)
    {
        PageNumber = pageNumberCurrent;
        CloneAllStates();
        try
        {
            ProcessOperations(operations);
        }
        catch (PageIsFullException)
        {
            page.IsCut = true;
        }
        return page;
    }

    public byte[]? ReadLargest() =>
        PdfPictures.Read(Largest, PdfScanner, FilterProvider, ResourceStore);

    protected override void ProcessOperations(IReadOnlyList<IGraphicsStateOperation> operations)
    {
        foreach (var operation in operations)
        {
            Count();
            operation.Run(this);
        }
    }

    protected override void ProcessFormXObject(StreamToken formStream, NameToken xObjectName)
    {
        if (_forms >= DeepestForm)
            return;
        _forms++;
        base.ProcessFormXObject(formStream, xObjectName);
        _forms--;
    }

    public override void RenderGlyph(
        IFont font,
        CurrentGraphicsState currentState,
        double fontSize,
        double pointSize,
        int code,
        string unicode,
        long currentOffset,
        in TransformationMatrix renderingMatrix,
        in TransformationMatrix textMatrix,
        in TransformationMatrix transformationMatrix,
        CharacterBoundingBox characterBoundingBox)
    {
        Count();
        if (_replacement is not null)
            (unicode, _replacement) = (_replacement, "");
        // Letters of a font that is written from top to bottom follow each other downwards.
        var end = font.IsVertical ? new PdfPoint(0, -1) : new PdfPoint(characterBoundingBox.Width, 0);
        var (x, y) = Place(new PdfPoint(0, 0), renderingMatrix, textMatrix, transformationMatrix);
        var (endX, endY) = Place(end, renderingMatrix, textMatrix, transformationMatrix);
        var (topX, topY) = Place(new PdfPoint(0, 1), renderingMatrix, textMatrix, transformationMatrix);
        var size = Math.Sqrt((topX - x) * (topX - x) + (topY - y) * (topY - y));
        if (!double.IsFinite(x + y + endX + endY + size))
            return;
        if (page.Glyphs.Count >= MostGlyphs)
            throw new PageIsFullException();
        page.Glyphs.Add(new(unicode, x, y, endX, endY, Math.Max(size, 0.1)));
    }

    static (double X, double Y) Place(
        PdfPoint point, in TransformationMatrix rendering, in TransformationMatrix text, in TransformationMatrix page)
    {
        var placed = page.Transform(text.Transform(rendering.Transform(point)));
        return (placed.X, placed.Y);
    }

    protected override void RenderXObjectImage(XObjectContentRecord xObjectContentRecord) =>
        Take(xObjectContentRecord, xObjectContentRecord.AppliedTransformation);

    protected override void RenderInlineImage(InlineImage inlineImage) =>
        Take(inlineImage, CurrentTransformationMatrix);

    // A picture is a square of length 1 that is stretched and turned.
    void Take(object picture, in TransformationMatrix matrix)
    {
        var area = Math.Abs(matrix.A * matrix.D - matrix.B * matrix.C);
        if (!double.IsFinite(area))
            return;
        Covered += area;
        if (area <= _largest)
            return;
        (_largest, Largest) = (area, picture);
        var quarters = (int)Math.Round(Math.Atan2(matrix.B, matrix.A) / (Math.PI / 2));
        TurnOfLargest = (4 - quarters) % 4 * 90;
    }

    void Count()
    {
        _operations++;
        if (_operations > MostOperations || (_operations % OperationsBetweenLooks == 0 && document.LookAtTime()))
            throw new PageIsFullException();
    }

    // What a part of the page says where its signs do not: an abbreviation in full, a picture of a word.
    public override void BeginMarkedContent(
        NameToken name, NameToken? propertyDictionaryName, DictionaryToken? properties)
    {
        if (propertyDictionaryName is not null)
            properties ??= ResourceStore.GetMarkedContentPropertiesDictionary(propertyDictionaryName);
        var text = properties is null || !properties.TryGet(NameToken.ActualText, out var token) ? null : token switch
        {
            StringToken letters => letters.Data,
            HexToken letters => letters.Data,
            _ => null,
        };
        var isReplaced = text is { Length: <= LongestReplacement } && _replacement is null;
        _marked.Push(isReplaced);
        if (isReplaced)
            _replacement = text;
    }

    public override void EndMarkedContent()
    {
        if (_marked.TryPop(out var isReplaced) && isReplaced)
            _replacement = null;
    }

    // Nothing that is drawn is kept.
    public override void BeginSubpath()
    {
    }

    public override PdfPoint? CloseSubpath() => null;

    public override void StrokePath(bool close)
    {
    }

    public override void FillPath(FillingRule fillingRule, bool close)
    {
    }

    public override void FillStrokePath(FillingRule fillingRule, bool close)
    {
    }

    public override void MoveTo(double x, double y)
    {
    }

    public override void BezierCurveTo(double x2, double y2, double x3, double y3)
    {
    }

    public override void BezierCurveTo(double x1, double y1, double x2, double y2, double x3, double y3)
    {
    }

    public override void LineTo(double x, double y)
    {
    }

    public override void Rectangle(double x, double y, double width, double height)
    {
    }

    public override void EndPath()
    {
    }

    public override void ClosePath()
    {
    }

    public override void ModifyClippingIntersect(FillingRule clippingRule)
    {
    }

    protected override void ClipToRectangle(PdfRectangle rectangle, FillingRule clippingRule)
    {
    }

    public override void PaintShading(NameToken shadingName)
    {
    }

    sealed class PageIsFullException : Exception;
}
