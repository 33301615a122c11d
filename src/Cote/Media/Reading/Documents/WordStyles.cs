using DocumentFormat.OpenXml.Packaging;

namespace Cote.Media.Reading;

/// <summary>What the styles and lists of a Word document make of its paragraphs.</summary>
sealed class WordStyles
{
    const int MostStyles = 10_000;
    const int LongestChain = 20;

    readonly Dictionary<string, Style> _styles = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> _lists = new(StringComparer.Ordinal);
    readonly Dictionary<(string List, int Level), bool> _isNumbered = [];

    sealed class Style
    {
        public string? BasedOn { get; set; }

        public int? Outline { get; set; }

        public string? List { get; set; }

        public int? ListLevel { get; set; }

        public bool IsHidden { get; set; }
    }

    public WordStyles(MainDocumentPart main, Func<OpenXmlPart, XmlWalk> open)
    {
        if (main.StyleDefinitionsPart is { } styles)
            using (var xml = open(styles))
                ReadStyles(xml);
        if (main.NumberingDefinitionsPart is { } lists)
            using (var xml = open(lists))
                ReadLists(xml);
    }

    /// <summary>The level of a heading from 0 on, or null.</summary>
    public int? OutlineOf(string? style) => Find(style, x => x.Outline);

    public string? ListOf(string? style) => Find(style, x => x.List);

    public int? ListLevelOf(string? style) => Find(style, x => x.ListLevel);

    public bool IsHidden(string? style) => Find(style, x => x.IsHidden ? true : (bool?)null) ?? false;

    /// <summary>Whether the items of a list have numbers; null where it is none.</summary>
    public bool? IsNumbered(string? list, int level) =>
        list is not null && _lists.TryGetValue(list, out var form)
        && _isNumbered.TryGetValue((form, level), out var isNumbered) ? isNumbered : null;

    T? Find<T>(string? style, Func<Style, T?> what)
    {
        for (var i = 0; i < LongestChain && style is not null && _styles.TryGetValue(style, out var found); i++)
        {
            if (what(found) is { } value)
                return value;
            style = found.BasedOn;
        }
        return default;
    }

    void ReadStyles(XmlWalk xml)
    {
        Style? style = null;
        while (xml.Read())
        {
            if (xml.Step != XmlStep.Start)
                continue;
            switch (xml.Name)
            {
                case "style" when _styles.Count < MostStyles && xml.Attribute("styleId") is { } id:
                    _styles[id] = style = new Style();
                    break;
                case "basedOn" when style is not null:
                    style.BasedOn = xml.Attribute("val");
                    break;
                case "outlineLvl" when style is not null:
                    style.Outline = xml.Number("val");
                    break;
                case "numId" when style is not null:
                    style.List = xml.Attribute("val");
                    break;
                case "ilvl" when style is not null:
                    style.ListLevel = xml.Number("val");
                    break;
                case "vanish" when style is not null:
                    style.IsHidden = xml.IsOn();
                    break;
                case "tblStylePr" or "docDefaults" or "latentStyles":
                    xml.Skip();
                    break;
            }
        }
    }

    void ReadLists(XmlWalk xml)
    {
        string? form = null, list = null;
        var level = 0;
        while (xml.Read())
        {
            if (xml.Step != XmlStep.Start)
                continue;
            switch (xml.Name)
            {
                case "abstractNum":
                    (form, list) = (xml.Attribute("abstractNumId"), null);
                    break;
                case "lvl":
                    level = xml.Number("ilvl") ?? 0;
                    break;
                case "numFmt" when form is not null && _isNumbered.Count < MostStyles:
                    if (xml.Attribute("val") is { } kind and not "none")
                        _isNumbered[(form, level)] = kind != "bullet";
                    break;
                case "num":
                    (form, list) = (null, xml.Attribute("numId"));
                    break;
                case "abstractNumId" when list is not null && _lists.Count < MostStyles:
                    _lists[list] = xml.Attribute("val") ?? "";
                    break;
            }
        }
    }
}
