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
        PdfCircles.Check(file);
        var filters = new PdfFilters();
        var options = new PdfOptions(document)
        {
            UseLenientParsing = true,
            SkipMissingFonts = true,
            MaxStackDepth = DeepestObject,
            FilterProvider = filters,
        };
        using var pdf = OpenOrRepair(file, options);
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
        document.IsCut |= (options.IsRepaired || failure is not null) && !document.IsEmpty;
        if (document.IsEmpty && options.IsRepaired)
            throw new UnreadableException(UnreadableException.Damaged, failure);
        if (document.IsEmpty && failure is not null)
            throw failure is PdfDocumentEncryptedException { InnerException: { } inner } ? inner : failure;
    }

    static PdfDocument OpenOrRepair(byte[] file, PdfOptions options)
    {
        try
        {
            return Open(file, options);
        }
        catch (Exception error) when (error is not (UnreadableException or OutOfMemoryException))
        {
            if (PdfRepair.Repair(file) is not { } repaired)
                throw;
            options.IsRepaired = true;
            return Open(repaired, options);
        }
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
        if (!page.IsPicture)
            Mark(document, number, "");
        else if (page.Picture is { } picture && document.Add(new(number, picture, page.Turn)))
            Mark(document, number, ": a picture");
        else if (page.Picture is null && document.HasRoomForPicture)
            Mark(document, number, ": a picture that cannot be read");
        else
        {
            Mark(document, number, ": a picture that is left out");
            document.IsCut = true;
        }
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

    /// <summary>Whether the file's end was missing.</summary>
    public bool IsRepaired { get; set; }
}
