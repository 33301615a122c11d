using System.IO.Packaging;
using System.Globalization;
using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>The texts of a PowerPoint presentation, slide by slide, each with its notes.</summary>
sealed class SlideReader
{
    const int MostSlides = 10_000;

    readonly Unpacking _unpacking;
    readonly DocumentDraft _document;

    SlideReader(Unpacking unpacking, DocumentDraft document) => (_unpacking, _document) = (unpacking, document);

    public static void Read(byte[] file, DocumentDraft document)
    {
        using var unpacking = new Unpacking(file);
        unpacking.CheckRelations();
        using var zip = Package.Open(new MemoryStream(file, writable: false), FileMode.Open, FileAccess.Read);
        using var package = PresentationDocument.Open(zip);
        if (package.PresentationPart is not { } presentation)
            throw new UnreadableException(UnreadableException.Damaged);
        var reader = new SlideReader(unpacking, document);
        var number = 0;
        foreach (var slide in reader.SlidesOf(presentation))
        {
            if (document.IsDone || document.LookAtTime())
                return;
            reader.ReadSlide(slide, ++number);
        }
    }

    XmlWalk Open(OpenXmlPart part) => new(_unpacking.Count(part.GetStream(FileMode.Open, FileAccess.Read)));

    List<SlidePart> SlidesOf(PresentationPart presentation)
    {
        var parts = presentation.Parts.ToDictionary(
            x => x.RelationshipId, x => x.OpenXmlPart as SlidePart, StringComparer.Ordinal);
        var slides = new List<SlidePart>();
        using var xml = Open(presentation);
        while (slides.Count < MostSlides && xml.Read())
            if (xml.IsStart("sldId") && xml.Attribute("id", isRelation: true) is { } id
                && parts.GetValueOrDefault(id) is { } slide)
                slides.Add(slide);
        return slides;
    }

    void ReadSlide(SlidePart slide, int number)
    {
        var text = new SlideText(_document.Text.Left);
        using (var xml = Open(slide))
            text.Read(xml, isNotes: false);
        foreach (var diagram in slide.GetPartsOfType<DiagramDataPart>())
            using (var xml = Open(diagram))
                text.ReadDiagram(xml);
        var notes = new SlideText(_document.Text.Left);
        if (slide.NotesSlidePart is { } part)
            using (var xml = Open(part))
                notes.Read(xml, isNotes: true);
        Write(_document, number, text.Title, text.IsHidden, text.Body, notes.Body);
    }

    /// <summary>Writes a slide of any program's presentation.</summary>
    public static void Write(
        DocumentDraft document, int number, string title, bool isHidden, string body, string notes)
    {
        var draft = document.Text;
        draft.Paragraph();
        draft.Mark(string.Create(CultureInfo.InvariantCulture, $"## Slide {number}"));
        if (isHidden)
            draft.Mark(" (hidden)");
        if (title.Length > 0)
            draft.Append(": " + title);
        draft.Paragraph();
        draft.Append(body);
        if (notes.Length > 0)
        {
            draft.Paragraph();
            draft.Append("Notes: " + notes);
        }
        if (title.Length > 0)
            document.AddToOutline(0, string.Create(CultureInfo.InvariantCulture, $"{number}. {title}"));
    }
}
