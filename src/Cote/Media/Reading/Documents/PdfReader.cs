using System.Globalization;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Exceptions;

namespace Cote.Media.Reading;

/// <summary>
/// The text of a PDF page by page, in the order of reading; a page that is a picture is kept as its picture.
/// </summary>
static class PdfReader
{
    const int DeepestObject = 128;

    public static void Read(byte[] file, DocumentDraft document)
    {
        var filters = new PdfFilters();
        using var pdf = Open(file, new PdfOptions(document)
        {
            UseLenientParsing = true,
            SkipMissingFonts = true,
            MaxStackDepth = DeepestObject,
            FilterProvider = filters,
        });
        pdf.AddPageFactory<PdfPage, PdfPageFactory>();
        PdfOutline.Write(pdf, document);
        var failure = default(Exception);
        for (var number = 1; number <= pdf.NumberOfPages && !document.IsDone && !document.LookAtTime(); number++)
        {
            filters.StartPage();
            try
            {
                WritePage(pdf.GetPage<PdfPage>(number), number, document);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // One page that is broken leaves the others.
                failure ??= error;
                Mark(document, number, ": cannot be read");
            }
        }
        if (document.IsEmpty && failure is not null)
            throw failure is PdfDocumentEncryptedException { InnerException: { } inner } ? inner : failure;
    }

    static PdfDocument Open(byte[] file, PdfOptions options)
    {
        try
        {
            return PdfDocument.Open(file, options);
        }
        catch (PdfDocumentEncryptedException error)
        {
            throw new UnreadableException(UnreadableException.Encrypted, error);
        }
    }

    static void WritePage(PdfPage page, int number, DocumentDraft document)
    {
        Mark(document, number, !page.IsPicture ? ""
            : page.Picture is not { } picture
                ? document.HasRoomForPicture ? ": a picture that cannot be read" : ": a picture that is left out"
            : document.Add(new(number, picture, page.Turn)) ? ": a picture"
            : ": a picture that is left out");
        PdfLayout.Write(page.Glyphs, document.Text);
        document.IsCut |= page.IsCut;
    }

    static void Mark(DocumentDraft document, int number, string what)
    {
        document.Text.Paragraph();
        document.Text.Mark(string.Create(CultureInfo.InvariantCulture, $"[page {number}{what}]"));
        document.Text.Line();
    }
}

/// <summary>The library hands its options to what reads pages, and these carry what the reading goes into.</summary>
sealed class PdfOptions(DocumentDraft document) : ParsingOptions
{
    public DocumentDraft Document => document;
}
