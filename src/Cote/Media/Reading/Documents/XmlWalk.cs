using System.Globalization;
using System.Xml;

namespace Cote.Media.Reading;

/// <summary>What <see cref="XmlWalk"/> stands at.</summary>
enum XmlStep
{
    Start,
    End,
    Text,
}

/// <summary>
/// Reads XML from its beginning to its end, within bounds of depth and names, without document types and thus without
/// entities, and without ever following a reference. Every element has a start and an end, an empty one too.
/// </summary>
sealed class XmlWalk : IDisposable
{
    const int DeepestElement = 512;
    const int MostNames = 20_000;
    const int LongestNames = 1_048_576;

    readonly XmlReader _xml;
    readonly char[] _letters = new char[4_096];
    readonly Stack<bool> _choices = new();
    bool _endsNext;

    public XmlWalk(Stream stream) => _xml = XmlReader.Create(stream, new XmlReaderSettings
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        CloseInput = true,
        NameTable = new Names(),
    });

    public XmlStep Step { get; private set; }

    /// <summary>The element's name without its prefix; of a text, nothing.</summary>
    public string Name { get; private set; } = "";

    public int Depth { get; private set; }

    public bool Read()
    {
        if (_endsNext)
        {
            (_endsNext, Step) = (false, XmlStep.End);
            return true;
        }
        while (_xml.Read())
        {
            Depth = _xml.Depth;
            if (Depth > DeepestElement)
                throw new UnreadableException(UnreadableException.TooLarge);
            switch (_xml.NodeType)
            {
                case XmlNodeType.Element:
                    (Step, Name, _endsNext) = (XmlStep.Start, _xml.LocalName, _xml.IsEmptyElement);
                    if (Choose())
                        return true;
                    Skip();
                    break;
                case XmlNodeType.EndElement:
                    (Step, Name) = (XmlStep.End, _xml.LocalName);
                    if (Name == "AlternateContent")
                        _choices.TryPop(out _);
                    return true;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace
                    or XmlNodeType.Whitespace:
                    (Step, Name) = (XmlStep.Text, "");
                    return true;
            }
        }
        return false;
    }

    public bool IsStart(string name) => Step == XmlStep.Start && Name == name;

    public bool IsEnd(string name) => Step == XmlStep.End && Name == name;

    /// <summary>Goes to the end of the element that has just begun.</summary>
    public void Skip() => SkipTo(Depth);

    /// <summary>Goes to the end of the element around it that is so deep.</summary>
    public void SkipTo(int depth)
    {
        while (Read())
            if (Step == XmlStep.End && Depth <= depth)
                return;
    }

    // Office programs write some content twice, for new and for old readers: the first choice is read. False where
    // an element is another choice.
    bool Choose()
    {
        switch (Name)
        {
            case "AlternateContent":
                if (!_endsNext)
                    _choices.Push(false);
                return true;
            case "Choice" or "Fallback" when _choices.TryPop(out var isChosen):
                _choices.Push(true);
                return !isChosen;
            default:
                return true;
        }
    }

    /// <summary>An attribute's value by its name without prefix.</summary>
    /// <param name="isRelation">Whether it names a part of the package, as <c>r:id</c> does.</param>
    public string? Attribute(string name, bool isRelation = false)
    {
        if (Step != XmlStep.Start)
            return null;
        string? value = null;
        for (var has = _xml.MoveToFirstAttribute(); has && value is null; has = _xml.MoveToNextAttribute())
            if (_xml.LocalName == name && isRelation == _xml.NamespaceURI.EndsWith(
                "/relationships", StringComparison.Ordinal))
                value = _xml.Value;
        _xml.MoveToElement();
        return value;
    }

    public int? Number(string name) => int.TryParse(Attribute(name), NumberStyles.AllowLeadingSign,
        CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Whether a switch is on: it is where it has no value.</summary>
    public bool IsOn(string name = "val") => Attribute(name) is not ("0" or "false" or "off");

    /// <summary>Writes the text at which it stands, piece by piece.</summary>
    /// <param name="collapse">Whether white space is one space however long it is, as in HTML.</param>
    public void WriteTo(TextDraft draft, bool collapse = false)
    {
        var isAfterSpace = false;
        while (!draft.IsFull && _xml.ReadValueChunk(_letters, 0, _letters.Length) is > 0 and var read)
        {
            if (!collapse)
            {
                draft.Append(_letters.AsSpan(0, read));
                continue;
            }
            foreach (var letter in _letters.AsSpan(0, read))
            {
                var isSpace = letter is ' ' or '\t' or '\r' or '\n';
                if (!isSpace || !isAfterSpace)
                    draft.Append([isSpace ? ' ' : letter]);
                isAfterSpace = isSpace;
            }
        }
    }

    public void Dispose() => _xml.Dispose();

    // A name is kept as long as the reader is: a file of nothing but names would fill the memory.
    sealed class Names : NameTable
    {
        int _count;
        int _length;

        public override string Add(char[] key, int start, int len) =>
            Get(key, start, len) ?? Counted(base.Add(key, start, len));

        public override string Add(string key) => Get(key) ?? Counted(base.Add(key));

        string Counted(string name) => ++_count <= MostNames && (_length += name.Length) <= LongestNames ? name
            : throw new UnreadableException(UnreadableException.TooLarge);
    }
}
