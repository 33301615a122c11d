using System.Globalization;

namespace Cote.Media.Reading;

/// <summary>The text in an element of an OpenDocument file as Markdown, without what is deleted or hidden.</summary>
/// <param name="document">Where headings are listed; null in a slide or cell, whose paragraphs are lines.</param>
/// <param name="draft">Where the text goes.</param>
/// <param name="styles">The styles of the file.</param>
sealed class OpenDocumentText(DocumentDraft? document, TextDraft draft, OpenDocumentStyles styles)
{
    const int MostRepeated = 50;
    const int MostSpaces = 100;

    readonly Stack<(string? Style, bool IsNew)> _lists = new();
    readonly Stack<(TextDraft Draft, int Paragraphs, int Number)> _outer = new();
    readonly Queue<string> _boxes = new();
    readonly List<string> _notes = [];
    readonly ListNumbers _numbers = new();
    readonly TextDraft _whole = draft;
    TextDraft _draft = draft;
    MarkdownTable? _table;
    int _paragraphs;
    int _heading;
    int _start;
    bool _isNewItem;

    /// <summary>Reads the body of a text, which has just begun, and writes its notes below it.</summary>
    public void ReadBody(XmlWalk xml)
    {
        Read(xml);
        foreach (var note in _notes)
        {
            _whole.Paragraph();
            _whole.Append(note);
        }
    }

    /// <summary>Reads an element that has just begun, to its end.</summary>
    public void Read(XmlWalk xml)
    {
        var depth = xml.Depth;
        if (xml.Name == "annotation")
            Start(xml);
        while (!_whole.IsFull && document is not { IsDone: true } && xml.Read())
        {
            if (xml.Step == XmlStep.Text)
            {
                if (_paragraphs > 0)
                    xml.WriteTo(_draft, collapse: true);
            }
            else if (xml.Step == XmlStep.Start)
                Start(xml);
            else
            {
                End(xml);
                if (xml.Depth == depth)
                    break;
            }
        }
    }

    void Start(XmlWalk xml)
    {
        switch (xml.Name)
        {
            case "tracked-changes" or "forms" or "note-citation" or "title" or "desc" or "creator" or "date"
                or "date-string" or "creator-initials" or "hidden-text" or "ruby-text" or "sequence-decls" or "image"
                or "object" or "event-listeners" or "index-title-template":
                xml.Skip();
                break;
            case "s":
                _draft.Append(new string(' ', Math.Clamp(xml.Number("c") ?? 1, 1, MostSpaces)));
                break;
            case "tab":
                _draft.Append("\t");
                break;
            case "line-break":
                _draft.Append("\n");
                break;
            case "list":
                _lists.Push((xml.Attribute("style-name") ?? (_lists.TryPeek(out var outer) ? outer.Style : null),
                    xml.Attribute("continue-numbering") != "true"));
                break;
            case "list-item":
                _isNewItem = true;
                break;
            case "p" or "h":
                StartParagraph(xml);
                break;
            case "note-body" or "text-box":
                Enter(0);
                break;
            case "annotation":
                StartComment(xml);
                break;
            default:
                StartInTable(xml);
                break;
        }
    }

    void StartInTable(XmlWalk xml)
    {
        switch (xml.Name)
        {
            case "table":
                _table = new MarkdownTable(_draft, _table);
                break;
            case "table-row":
                _table?.StartRow();
                break;
            case "table-cell" or "covered-table-cell":
                _table?.StartCell();
                _table?.Span(Math.Min(xml.Number("number-columns-repeated") ?? 1, MostRepeated));
                break;
        }
    }

    void End(XmlWalk xml)
    {
        switch (xml.Name)
        {
            case "p" or "h":
                EndParagraph();
                break;
            case "list":
                _lists.TryPop(out _);
                if (_lists.Count == 0)
                    _draft.Paragraph();
                break;
            case "note-body" when Leave() is var (text, number):
                _notes.Add($"{Mark(number)}: {text}");
                _draft.Append(Mark(number));
                break;
            case "text-box" when Leave() is var (text, _):
                _boxes.Enqueue(text);
                WriteBoxes();
                break;
            case "annotation" when Leave() is var (text, _):
                _draft.Append(text + "]");
                break;
            case "table-cell" or "covered-table-cell":
                _table?.EndCell();
                break;
            case "table-row":
                _table?.EndRow();
                break;
            case "table":
                _table = _table?.End();
                break;
        }
    }

    // A note, a box or a comment stands in the middle of a paragraph and has paragraphs of its own.
    void Enter(int cells)
    {
        _outer.Push((_draft, _paragraphs, _notes.Count + 1));
        (_draft, _paragraphs) = (new TextDraft(_whole.Left) { Cells = cells }, 0);
    }

    (string Text, int Number)? Leave()
    {
        if (!_outer.TryPop(out var outer))
            return null;
        var text = _draft.ToString();
        (_draft, _paragraphs) = (outer.Draft, outer.Paragraphs);
        return (text, outer.Number);
    }

    void StartComment(XmlWalk xml)
    {
        var (depth, author) = (xml.Depth, "somebody");
        while (xml.Read() && !(xml.Step == XmlStep.End && xml.Depth == depth))
        {
            if (xml.IsStart("creator"))
                author = SharedTexts.ReadPlain(xml, DocumentDraft.LongestTitle);
            else if (xml.Step == XmlStep.Start && xml.Name is "date" or "date-string" or "creator-initials")
                xml.Skip();
            else if (xml.Step == XmlStep.Start)
                break;
        }
        Enter(cells: 1);
        _draft.Append($"[comment by {author}: ");
        if (xml.Step == XmlStep.Start)
            Start(xml);
        else
            End(xml);
    }

    void StartParagraph(XmlWalk xml)
    {
        _paragraphs++;
        if (_draft.Cells > 0)
        {
            _draft.Line();
            return;
        }
        if (xml.Name == "h")
        {
            _heading = Math.Clamp(xml.Number("outline-level") ?? 1, 1, 10);
            _draft.Paragraph();
            _draft.Append(new string('#', Math.Min(6, _heading)));
            _start = _draft.Length;
            _draft.Append(" ");
        }
        else if (_lists.TryPeek(out var list))
        {
            _draft.Line();
            var level = Math.Min(_lists.Count, 9);
            var mark = styles.IsNumbered(list.Style, level)
                ? _numbers.Next(list.Style!, level).ToString(CultureInfo.InvariantCulture) + ". " : "- ";
            _draft.Append(new string(' ', 2 * (level - 1)) + (_isNewItem ? mark : "  "));
            _isNewItem = false;
        }
        else if (document is null)
            _draft.Line();
        else
            _draft.Paragraph();
    }

    void EndParagraph()
    {
        _paragraphs = Math.Max(0, _paragraphs - 1);
        if (_paragraphs > 0)
            return;
        if (_heading > 0)
        {
            document?.AddToOutline(_heading - 1, _draft.From(_start, DocumentDraft.LongestTitle));
            _draft.Paragraph();
        }
        _heading = 0;
        _draft.Line();
        WriteBoxes();
    }

    void WriteBoxes()
    {
        while (_paragraphs == 0 && _boxes.TryDequeue(out var box))
        {
            _draft.Paragraph();
            _draft.Append(box);
            _draft.Paragraph();
        }
    }

    static string Mark(int number) => $"[^{number.ToString(CultureInfo.InvariantCulture)}]";
}
