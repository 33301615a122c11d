using System.Globalization;
using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>The notes and comments of a Word document: parts of their own, to which its text refers.</summary>
sealed class WordNotes
{
    const int MostComments = 20_000;

    readonly MainDocumentPart _main;
    readonly Func<OpenXmlPart, XmlWalk> _open;
    readonly Dictionary<string, string> _comments = new(StringComparer.Ordinal);
    readonly Dictionary<(string Kind, string Id), int> _numbers = [];

    public WordNotes(MainDocumentPart main, Func<OpenXmlPart, XmlWalk> open, int mostCharacters)
    {
        (_main, _open) = (main, open);
        if (main.WordprocessingCommentsPart is not { } comments)
            return;
        using var xml = open(comments);
        while (mostCharacters > 0 && _comments.Count < MostComments && xml.Read())
        {
            if (!xml.IsStart("comment") || xml.Attribute("id") is not { } id)
                continue;
            var author = xml.Attribute("author") ?? "";
            var text = ReadTexts(xml, mostCharacters);
            mostCharacters -= text.Length;
            _comments[id] = $"[comment by {(author.Length > 0 ? author : "somebody")}: {text}]";
        }
    }

    public string Comment(string? id) => id is not null && _comments.TryGetValue(id, out var text) ? text : "";

    /// <summary>The mark of a note where the text refers to it.</summary>
    public string Refer(string reference, string? id)
    {
        var key = (reference == "footnoteReference" ? "footnote" : "endnote", id ?? "");
        if (!_numbers.TryGetValue(key, out var number))
            _numbers[key] = number = _numbers.Count + 1;
        return Mark(number);
    }

    /// <summary>Writes the notes to which the text referred.</summary>
    public void WriteTo(TextDraft draft)
    {
        foreach (var part in new OpenXmlPart?[] { _main.FootnotesPart, _main.EndnotesPart }.OfType<OpenXmlPart>())
        {
            using var xml = _open(part);
            while (!draft.IsFull && xml.Read())
            {
                if (xml.Step != XmlStep.Start || xml.Name is not ("footnote" or "endnote")
                    || !_numbers.TryGetValue((xml.Name, xml.Attribute("id") ?? ""), out var number))
                    continue;
                draft.Paragraph();
                draft.Append(Mark(number) + ": ");
                draft.Append(ReadTexts(xml, draft.Left));
            }
        }
    }

    static string Mark(int number) => $"[^{number.ToString(CultureInfo.InvariantCulture)}]";

    // The texts in an element that has just begun, its paragraphs as one line.
    static string ReadTexts(XmlWalk xml, int most)
    {
        var draft = new TextDraft(most);
        var (name, depth, isText) = (xml.Name, xml.Depth, false);
        draft.Cells = 1;
        while (xml.Read() && !(xml.IsEnd(name) && xml.Depth == depth))
        {
            if (xml.Step == XmlStep.Text && isText)
                xml.WriteTo(draft);
            else if (xml.Step == XmlStep.Start && xml.Name is "del" or "moveFrom" or "Fallback")
                xml.Skip();
            else if (xml.Name is "p" or "br")
                draft.Line();
            if (xml.Step != XmlStep.Text)
                isText = xml.IsStart("t");
        }
        return draft.ToString().Replace("\\|", "|", StringComparison.Ordinal);
    }
}
