using System.Text;

namespace Cote.Media.Reading;

/// <summary>
/// A text as it grows, up to a length: without control characters, with at most two blank lines in a row and no space
/// at the end of a line. In the cell of a table a line's end is a space.
/// </summary>
sealed class TextDraft(int most)
{
    const int MostSpaces = 100;
    const int MostBreaks = 3;

    readonly StringBuilder _text = new();
    int _marked;
    int _breaks;
    int _spaces;
    bool _isAfterReturn;
    char _highSurrogate;

    /// <summary>Whether something was left out.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Whether there is nothing but marks.</summary>
    public bool IsEmpty => _text.Length <= _marked;

    public int Length => _text.Length;

    public int Left => Math.Max(0, most - _text.Length);

    /// <summary>How many cells deep the text stands that comes next.</summary>
    public int Cells { get; set; }

    public void Append(ReadOnlySpan<char> text)
    {
        foreach (var letter in text)
        {
            if (IsFull)
                return;
            Append(letter);
        }
    }

    /// <summary>Writes what the document does not say itself: the number of a page.</summary>
    public void Mark(string text)
    {
        var before = _text.Length;
        Append(text);
        _marked += _text.Length - before;
    }

    /// <summary>Begins a new line, unless one has just begun.</summary>
    public void Line() => Break(1);

    /// <summary>Leaves a line blank, unless it is.</summary>
    public void Paragraph() => Break(2);

    /// <summary>Ends the cell of a row, whose spaces at the end are not kept.</summary>
    public void EndCell()
    {
        EndSurrogate();
        (_spaces, _breaks) = (0, 0);
        Put(" |");
    }

    public void Fill() => IsFull = true;

    /// <summary>What was written since a length, shortened and in one line.</summary>
    public string From(int start, int longest) => start >= _text.Length ? ""
        : _text.ToString(start, Math.Min(longest, _text.Length - start)).Replace('\n', ' ').Trim();

    public override string ToString() => _text.ToString();

    void Break(int count)
    {
        (_spaces, _breaks) = (0, Math.Max(_breaks, count));
        EndSurrogate();
    }

    void Append(char letter)
    {
        var isAfterReturn = _isAfterReturn;
        _isAfterReturn = letter == '\r';
        if (letter is '\r' or '\u2028' or '\u2029' || (letter == '\n' && !isAfterReturn))
        {
            EndSurrogate();
            (_spaces, _breaks) = (0, Math.Min(_breaks + 1, MostBreaks));
        }
        else if (letter == ' ')
            AppendSpace();
        else if (char.IsHighSurrogate(letter))
        {
            EndSurrogate();
            _highSurrogate = letter;
        }
        else if (char.IsLowSurrogate(letter))
        {
            if (_highSurrogate == 0)
                Put("\uFFFD");
            else
                Put([_highSurrogate, letter]);
            _highSurrogate = '\0';
        }
        else if (letter == '\t' || !(char.IsControl(letter) || letter is '\uFFFE' or '\uFFFF' or '\uFEFF'))
        {
            EndSurrogate();
            if (letter == '|' && Cells > 0)
                Put("\\|");
            else
                Put([letter == '\t' && Cells > 0 ? ' ' : letter]);
        }
    }

    void AppendSpace()
    {
        EndSurrogate();
        _spaces = Math.Min(_spaces + 1, MostSpaces);
    }

    void EndSurrogate()
    {
        if (_highSurrogate == 0)
            return;
        _highSurrogate = '\0';
        Put("\uFFFD");
    }

    // Breaks and spaces are written before what follows them, so that none stands at the end.
    void Put(ReadOnlySpan<char> letters)
    {
        var (breaks, spaces) = Cells > 0 && _breaks > 0 ? (0, Math.Max(1, _spaces)) : (_breaks, _spaces);
        if (_text.Length == 0)
            (breaks, spaces) = (0, 0);
        (_breaks, _spaces) = (0, 0);
        if (_text.Length + breaks + spaces + letters.Length > most)
        {
            IsFull = true;
            return;
        }
        _text.Append('\n', breaks).Append(' ', spaces).Append(letters);
    }
}
