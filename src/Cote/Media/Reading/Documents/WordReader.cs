using System.IO.Packaging;
using System.Globalization;
using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>
/// The text of a Word document as Markdown, as it reads with all changes accepted. Headers and footers are left out.
/// </summary>
sealed class WordReader
{
    readonly Unpacking _unpacking;
    readonly MainDocumentPart _main;
    readonly WordStyles _styles;
    readonly WordNotes _notes;
    readonly DocumentDraft _document;
    readonly Stack<Paragraph> _paragraphs = new();
    readonly Stack<TextDraft> _outer = new();
    readonly Queue<string> _boxes = new();
    readonly ListNumbers _numbers = new();
    TextDraft _draft;
    MarkdownTable? _table;
    Paragraph? _spare;
    bool _isHiddenRun;
    bool _isText;

    sealed class Paragraph
    {
        public void Clear() =>
            (Style, Outline, List, ListLevel, HasBegun, Heading) = (null, null, null, null, false, 0);

        public string? Style { get; set; }

        public int? Outline { get; set; }

        public string? List { get; set; }

        public int? ListLevel { get; set; }

        public bool HasBegun { get; set; }

        public int Heading { get; set; }

        /// <summary>Where in the draft the heading begins.</summary>
        public int Start { get; set; }
    }

    WordReader(Unpacking unpacking, MainDocumentPart main, DocumentDraft document)
    {
        (_unpacking, _main, _document, _draft) = (unpacking, main, document, document.Text);
        _styles = new WordStyles(main, Open);
        _notes = new WordNotes(main, Open, document.Text.Left);
    }

    public static void Read(byte[] file, DocumentDraft document)
    {
        using var unpacking = new Unpacking(file);
        unpacking.CheckRelations();
        using var zip = Package.Open(new MemoryStream(file, writable: false), FileMode.Open, FileAccess.Read);
        using var package = WordprocessingDocument.Open(zip);
        if (package.MainDocumentPart is not { } main)
            throw new UnreadableException(UnreadableException.Damaged);
        var reader = new WordReader(unpacking, main, document);
        using (var xml = reader.Open(main))
            reader.ReadBody(xml);
        reader._notes.WriteTo(document.Text);
    }

    XmlWalk Open(OpenXmlPart part) => new(_unpacking.Count(part.GetStream(FileMode.Open, FileAccess.Read)));

    void ReadBody(XmlWalk xml)
    {
        while (!_document.IsDone && xml.Read())
        {
            if (xml.Step == XmlStep.Text)
                WriteText(xml);
            else if (xml.Step == XmlStep.Start)
                Start(xml);
            else
                End(xml);
        }
    }

    void WriteText(XmlWalk xml)
    {
        if (!_isText || _isHiddenRun)
            return;
        Begin();
        xml.WriteTo(_draft);
    }

    void Start(XmlWalk xml)
    {
        switch (xml.Name)
        {
            // What a change replaced, what another reader takes instead, and what is no part of the text.
            case "del" or "moveFrom" or "pPrChange" or "rPrChange" or "sectPr" or "tblPrChange" or "sdtPr"
                or "instrText" or "delText" or "rt":
                xml.Skip();
                break;
            case "trPr" or "tblPr" or "tcPr" or "tblGrid":
                StartProperties(xml);
                break;
            case "tbl":
                _table = new MarkdownTable(_draft, _table);
                break;
            case "tr":
                _table?.StartRow();
                break;
            case "tc":
                _table?.StartCell();
                break;
            case "txbxContent":
                _outer.Push(_draft);
                _draft = new TextDraft(_document.Text.Left);
                break;
            default:
                StartInParagraph(xml);
                break;
        }
    }

    // A deleted row stands in the file with a mark of its own.
    void StartProperties(XmlWalk xml)
    {
        var (name, depth) = (xml.Name, xml.Depth);
        while (xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (name == "trPr" && xml.IsStart("del"))
            {
                xml.SkipTo(depth - 1);
                return;
            }
            if (name == "tcPr" && xml.IsStart("gridSpan"))
                _table?.Span(xml.Number("val") ?? 1);
        }
    }

    void StartInParagraph(XmlWalk xml)
    {
        var paragraph = _paragraphs.TryPeek(out var found) ? found : null;
        switch (xml.Name)
        {
            case "p":
                _paragraphs.Push(_spare ?? new Paragraph());
                _spare = null;
                break;
            case "pStyle" when paragraph is not null:
                paragraph.Style = xml.Attribute("val");
                break;
            case "outlineLvl" when paragraph is not null:
                paragraph.Outline = xml.Number("val");
                break;
            case "numId" when paragraph is not null:
                paragraph.List = xml.Attribute("val");
                break;
            case "ilvl" when paragraph is not null:
                paragraph.ListLevel = xml.Number("val");
                break;
            case "r":
                _isHiddenRun = false;
                break;
            case "vanish":
                _isHiddenRun = xml.IsOn();
                break;
            case "rStyle":
                _isHiddenRun |= _styles.IsHidden(xml.Attribute("val"));
                break;
            case "t":
                _isText = true;
                break;
            case "tab" or "ptab" when xml.Attribute("pos") is null && !_isHiddenRun && paragraph is not null:
                Write(paragraph.HasBegun ? "\t" : "");
                break;
            case "br" or "cr" when !_isHiddenRun:
                Write("\n");
                break;
            case "noBreakHyphen":
                Write("-");
                break;
            case "footnoteReference" or "endnoteReference" when !_isHiddenRun:
                Write(_notes.Refer(xml.Name, xml.Attribute("id")));
                break;
            case "commentReference":
                Write(_notes.Comment(xml.Attribute("id")));
                break;
        }
    }

    void End(XmlWalk xml)
    {
        switch (xml.Name)
        {
            case "t":
                _isText = false;
                break;
            case "r":
                _isHiddenRun = false;
                break;
            case "pPr":
                _isHiddenRun = false;
                break;
            case "p" when _paragraphs.TryPop(out var paragraph):
                EndParagraph(paragraph);
                paragraph.Clear();
                _spare = paragraph;
                break;
            case "tc":
                _table?.EndCell();
                break;
            case "tr":
                _table?.EndRow();
                break;
            case "tbl":
                _table = _table?.End();
                break;
            case "txbxContent" when _outer.TryPop(out var outer):
                _boxes.Enqueue(_draft.ToString());
                _draft = outer;
                break;
        }
    }

    void Write(string text)
    {
        if (text.Length == 0)
            return;
        Begin();
        _draft.Append(text);
    }

    // What stands before a paragraph is known where its text begins.
    void Begin()
    {
        if (!_paragraphs.TryPeek(out var paragraph) || paragraph.HasBegun)
            return;
        paragraph.HasBegun = true;
        if (_draft.Cells > 0)
            return;
        if ((paragraph.Outline ?? _styles.OutlineOf(paragraph.Style)) is >= 0 and < 9 and var level)
        {
            paragraph.Heading = level + 1;
            _draft.Paragraph();
            _draft.Append(new string('#', Math.Min(6, paragraph.Heading)));
            paragraph.Start = _draft.Length;
            _draft.Append(" ");
            return;
        }
        var list = paragraph.List ?? _styles.ListOf(paragraph.Style);
        var depth = Math.Clamp(paragraph.ListLevel ?? _styles.ListLevelOf(paragraph.Style) ?? 0, 0, 8);
        if (_styles.IsNumbered(list, depth) is not { } isNumbered)
        {
            _draft.Paragraph();
            return;
        }
        _draft.Line();
        var number = _numbers.Next(list!, depth);
        _draft.Append(new string(' ', 2 * depth)
            + (isNumbered ? number.ToString(CultureInfo.InvariantCulture) + ". " : "- "));
    }

    void EndParagraph(Paragraph paragraph)
    {
        if (paragraph.Heading > 0)
            _document.AddToOutline(paragraph.Heading - 1, _draft.From(paragraph.Start, DocumentDraft.LongestTitle));
        if (paragraph.HasBegun)
            _draft.Line();
        if (paragraph.Heading > 0)
            _draft.Paragraph();
        while (_outer.Count == 0 && _boxes.TryDequeue(out var box))
        {
            _draft.Paragraph();
            _draft.Append(box);
            _draft.Paragraph();
        }
    }
}
