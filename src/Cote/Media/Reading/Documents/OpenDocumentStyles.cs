namespace Cote.Media.Reading;

/// <summary>What the styles of an OpenDocument file make of lists, sheets and slides.</summary>
sealed class OpenDocumentStyles
{
    const int MostStyles = 100_000;

    readonly HashSet<(string List, int Level)> _numbered = [];
    readonly HashSet<string> _hidden = new(StringComparer.Ordinal);
    string? _list;
    string? _style;

    /// <summary>Whether the items of a list have numbers.</summary>
    public bool IsNumbered(string? list, int level) => list is not null && _numbered.Contains((list, level));

    /// <summary>Whether a style hides the sheet or slide that has it.</summary>
    public bool Hides(string? style) => style is not null && _hidden.Contains(style);

    /// <summary>Takes what an element says that begins.</summary>
    public void Take(XmlWalk xml)
    {
        switch (xml.Name)
        {
            case "list-style":
                _list = xml.Attribute("name");
                break;
            case "list-level-style-number" when _list is not null && _numbered.Count < MostStyles:
                // A level of a list can be without a number: that of headings is.
                if (xml.Number("level") is { } level && xml.Attribute("num-format") is { Length: > 0 })
                    _numbered.Add((_list, level));
                break;
            case "style":
                _style = xml.Attribute("name");
                break;
            case "table-properties" when xml.Attribute("display") == "false":
            case "drawing-page-properties" when xml.Attribute("visibility") == "hidden":
                if (_style is not null && _hidden.Count < MostStyles)
                    _hidden.Add(_style);
                break;
        }
    }
}
