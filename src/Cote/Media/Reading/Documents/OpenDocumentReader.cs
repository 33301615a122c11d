namespace Cote.Media.Reading;

/// <summary>Texts, spreadsheets and presentations of OpenDocument, all of one vocabulary.</summary>
static class OpenDocumentReader
{
    public static void Read(byte[] file, DocumentDraft document)
    {
        using var unpacking = new Unpacking(file);
        if (unpacking.Open("META-INF/manifest.xml") is { } manifest)
            using (var xml = new XmlWalk(manifest))
                while (xml.Read())
                    if (xml.IsStart("encryption-data"))
                        throw new UnreadableException(UnreadableException.Encrypted);
        var styles = new OpenDocumentStyles();
        if (unpacking.Open("styles.xml") is { } stylesPart)
            using (var xml = new XmlWalk(stylesPart))
                while (xml.Read())
                    if (xml.Step == XmlStep.Start)
                        styles.Take(xml);
        using var content = new XmlWalk(
            unpacking.Open("content.xml") ?? throw new UnreadableException(UnreadableException.Damaged));
        while (!document.IsDone && content.Read())
        {
            if (content.Step != XmlStep.Start)
                continue;
            switch (content.Name)
            {
                case "text":
                    new OpenDocumentText(document, document.Text, styles).ReadBody(content);
                    break;
                case "spreadsheet":
                    new OpenDocumentSheets(document, styles).Read(content);
                    break;
                case "presentation":
                    ReadSlides(content, document, styles);
                    break;
                default:
                    styles.Take(content);
                    break;
            }
        }
    }

    static void ReadSlides(XmlWalk xml, DocumentDraft document, OpenDocumentStyles styles)
    {
        var number = 0;
        while (!document.IsDone && xml.Read())
            if (xml.IsStart("page"))
                ReadSlide(xml, document, styles, ++number);
    }

    static void ReadSlide(XmlWalk xml, DocumentDraft document, OpenDocumentStyles styles, int number)
    {
        var (depth, isHidden) = (xml.Depth, styles.Hides(xml.Attribute("style-name")));
        var (title, body, notes) =
            (new TextDraft(DocumentDraft.LongestTitle), new TextDraft(document.Text.Left), new TextDraft(
                document.Text.Left));
        var isNotes = false;
        title.Cells = 1;
        while (xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (xml.Name == "notes")
                isNotes = xml.Step == XmlStep.Start;
            if (xml.Step != XmlStep.Start || xml.Name is not ("frame" or "custom-shape" or "rect" or "ellipse" or "g"
                or "line" or "connector" or "path" or "polygon" or "annotation"))
                continue;
            var role = xml.Attribute("class");
            if (xml.Name == "g" || (isNotes && role != "notes") || xml.Attribute("placeholder") == "true"
                || role is "header" or "footer" or "date-time" or "page-number")
                continue;
            var draft = isNotes ? notes : role == "title" ? title : body;
            draft.Paragraph();
            new OpenDocumentText(document: null, draft, styles).Read(xml);
        }
        SlideReader.Write(document, number, title.ToString().Replace("\\|", "|", StringComparison.Ordinal), isHidden,
            body.ToString(), notes.ToString());
    }
}
