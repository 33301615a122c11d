namespace Cote.Media.Reading;

/// <summary>The texts of a slide or of its notes.</summary>
sealed class SlideText(int mostCharacters)
{
    readonly TextDraft _body = new(mostCharacters);
    readonly TextDraft _title = new(DocumentDraft.LongestTitle) { Cells = 1 };
    MarkdownTable? _table;
    string? _placeholder;
    bool _isText;
    bool _isNotes;

    public string Title => _title.ToString().Replace("\\|", "|", StringComparison.Ordinal);

    public string Body => _body.ToString();

    public bool IsHidden { get; private set; }

    // Of a shape with a role: the title stands above all else, and what each slide repeats is left out.
    TextDraft? Draft => _isNotes ? _placeholder == "body" ? _body : null : _placeholder switch
    {
        "title" or "ctrTitle" when _table is null => _title,
        "dt" or "ftr" or "sldNum" or "hdr" => null,
        _ => _body,
    };

    public void Read(XmlWalk xml, bool isNotes)
    {
        _isNotes = isNotes;
        while (!_body.IsFull && xml.Read())
        {
            if (xml.Step == XmlStep.Text)
            {
                if (_isText && Draft is { } draft)
                    xml.WriteTo(draft);
            }
            else if (xml.Step == XmlStep.Start)
                Start(xml);
            else
                End(xml);
        }
    }

    /// <summary>A drawing of shapes, whose texts stand in a part of their own.</summary>
    public void ReadDiagram(XmlWalk xml)
    {
        _placeholder = null;
        _body.Paragraph();
        Read(xml, isNotes: false);
    }

    void Start(XmlWalk xml)
    {
        switch (xml.Name)
        {
            case "sld":
                IsHidden = xml.Attribute("show") is "0" or "false";
                break;
            case "sp" or "graphicFrame":
                _placeholder = null;
                break;
            case "ph":
                _placeholder = xml.Attribute("type") ?? "";
                break;
            case "txBody":
                if (_table is null)
                    _body.Paragraph();
                break;
            case "p":
                Draft?.Line();
                break;
            case "pPr" when _table is null && xml.Number("lvl") is > 0 and var level && Draft is { } draft:
                draft.Append(new string(' ', 2 * Math.Min(level, 8)) + "- ");
                break;
            case "br":
                Draft?.Append("\n");
                break;
            case "t":
                _isText = true;
                break;
            case "tbl":
                _table = new MarkdownTable(_body, _table);
                break;
            case "tr":
                _table?.StartRow();
                break;
            case "tc":
                _table?.StartCell();
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
            case "tc":
                _table?.EndCell();
                break;
            case "tr":
                _table?.EndRow();
                break;
            case "tbl":
                _table = _table?.End();
                break;
        }
    }
}
