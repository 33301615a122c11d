using System.Globalization;
using System.Text;

namespace Cote.Chats;

/// <summary>What a unit of a folded text is.</summary>
enum UnitKind : byte
{
    /// <summary>It separates words.</summary>
    Sign,

    /// <summary>A letter or digit of a word.</summary>
    Word,

    /// <summary>A letter of a script without spaces, or of Korean: it is looked for wherever it stands.</summary>
    Run,
}

/// <summary>
/// A text as search compares it: folded, any white space as one blank, and for each unit the place it comes from.
/// </summary>
sealed class FoldedText
{
    readonly StringBuilder _text;
    readonly List<int> _from;
    readonly List<UnitKind> _kinds;

    FoldedText(int length) => (_text, _from, _kinds) = (new(length), new(length), new(length));

    /// <summary>The folded text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The length of the text that was folded.</summary>
    public int SourceLength { get; private init; }

    /// <summary>The kind of each unit of <see cref="Text"/>; the units of a surrogate pair have the same.</summary>
    public IReadOnlyList<UnitKind> Kinds => _kinds;

    /// <summary>Folds a text.</summary>
    public static FoldedText Of(string text)
    {
        var folded = new FoldedText(text.Length) { SourceLength = text.Length };
        for (var i = 0; i < text.Length;)
        {
            if (text[i] < 0x80)
            {
                folded.AddAscii(text[i], i);
                i++;
                continue;
            }
            var rune = Rune.TryGetRuneAt(text, i, out var whole) ? whole : Rune.ReplacementChar; // half a pair
            if (Folding.Of(rune) is not { } others)
                folded.Add(rune, i);
            else
                foreach (var other in others.EnumerateRunes())
                    folded.Add(other, i);
            i += whole.Value == 0 ? 1 : rune.Utf16SequenceLength;
        }
        folded.Text = folded._text.ToString();
        return folded;
    }

    /// <summary>The place in the source at which a unit begins.</summary>
    public int StartOf(int unit) => _from[unit];

    /// <summary>The place in the source after a unit, and after the marks on it.</summary>
    public int EndOf(int unit)
    {
        var from = _from[unit];
        while (++unit < _from.Count)
            if (_from[unit] > from)
                return _from[unit];
        return SourceLength;
    }

    /// <summary>The words and runs, as places in <see cref="Text"/>.</summary>
    public IEnumerable<(int Start, int End, UnitKind Kind)> Pieces()
    {
        for (var start = 0; start < _kinds.Count;)
        {
            var end = start + 1;
            while (end < _kinds.Count && _kinds[end] == _kinds[start])
                end++;
            if (_kinds[start] != UnitKind.Sign)
                yield return (start, end, _kinds[start]);
            start = end;
        }
    }

    void AddAscii(char unit, int from)
    {
        if (char.IsAsciiLetterOrDigit(unit))
            AddUnit(char.ToLowerInvariant(unit), UnitKind.Word, from);
        else if (unit > ' ' && unit != '\x7f')
            AddUnit(unit, UnitKind.Sign, from);
        else
            AddBlank(from);
    }

    void Add(Rune rune, int from)
    {
        if (rune.IsAscii)
        {
            AddAscii((char)rune.Value, from);
            return;
        }
        if (Folding.IsSecond(rune.Value) && _text.Length > 0)
        {
            // No surrogate pair is the first of two.
            if (Folding.Compose(_text[^1], rune.Value) is { } composed)
            {
                _text[^1] = (char)composed;
                return;
            }
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
                return; // a sign of kana on something else
        }
        var kind = KindOf(rune);
        if (kind == UnitKind.Sign && Rune.IsWhiteSpace(rune))
        {
            AddBlank(from);
            return;
        }
        Span<char> units = stackalloc char[2];
        foreach (var unit in units[..rune.EncodeToUtf16(units)])
            AddUnit(unit, kind, from);
    }

    void AddBlank(int from)
    {
        if (_text.Length == 0 || _text[^1] != ' ')
            AddUnit(' ', UnitKind.Sign, from);
    }

    void AddUnit(char unit, UnitKind kind, int from)
    {
        _text.Append(unit);
        _kinds.Add(kind);
        _from.Add(from);
    }

    static UnitKind KindOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.OtherNumber => IsOfRun(rune.Value) ? UnitKind.Run : UnitKind.Word, // letters, marks, digits
        _ => UnitKind.Sign,
    };

    // Han, Kana, Bopomofo, Hangul and Thai, after folding: forms of compatibility are gone.
    static bool IsOfRun(int point) => point switch
    {
        < 0x0E00 => false,
        <= 0x0E7F => true,
        >= 0x1100 and <= 0x11FF or >= 0x3005 and <= 0x3007 or >= 0x3021 and <= 0x312F => true,
        >= 0x3131 and <= 0x318E or >= 0x31A0 and <= 0x31BF or >= 0x31F0 and <= 0x31FF => true,
        >= 0x3400 and <= 0x9FFF or >= 0xA960 and <= 0xA97F or >= 0xAC00 and <= 0xD7FF => true,
        >= 0xF900 and <= 0xFAFF => true,
        >= 0x1AFF0 and <= 0x1B16F or >= 0x20000 and <= 0x3FFFD => true,
        _ => false,
    };
}
