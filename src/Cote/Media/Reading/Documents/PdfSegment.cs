namespace Cote.Media.Reading;

/// <summary>A sign in the direction of its line.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Start">Where it begins along the line.</param>
/// <param name="End">Where it ends.</param>
readonly record struct PdfSign(string Text, double Start, double End)
{
    public bool IsSpace => Text.Length > 0 && string.IsNullOrWhiteSpace(Text);
}

/// <summary>Signs that follow each other on one line without a wide gap: a line of prose, or of a cell.</summary>
sealed class PdfSegment
{
    /// <summary>A gap between cells, in heights of the font, where spaces are signs of their own.</summary>
    public const double WideGap = 0.75;

    /// <summary>The same where gaps are the only spaces.</summary>
    public const double WideGapForSpaces = 1.0;

    const double WideSpaces = 2.5;
    const double FarthestBack = 1.2;
    const double SpaceGap = 0.18;
    const double SmallLetter = 0.85;

    readonly List<PdfSign> _signs = [];
    readonly double _wideGap;
    PdfSign _lastLetter;
    bool _hasSpace;
    bool _isRightToLeft;

    public PdfSegment(int angle, double height, double size, PdfSign sign, double wideGap)
    {
        _wideGap = wideGap;
        (Angle, Height, Size, Start, End) = (angle, height, size, sign.Start, sign.End);
        Add(sign);
    }

    /// <summary>The direction of the text, in degrees against the clock.</summary>
    public int Angle { get; }

    /// <summary>Where the baseline is, across the direction of the text; lines below have less.</summary>
    public double Height { get; private set; }

    public double Size { get; private set; }

    public double Start { get; private set; }

    public double End { get; private set; }

    public bool IsBlank => _signs.TrueForAll(x => string.IsNullOrWhiteSpace(x.Text));

    public IReadOnlyList<PdfSign> Signs => _signs;

    public bool IsOnLineOf(PdfSegment other) =>
        Angle == other.Angle && Math.Abs(Height - other.Height) < 0.4 * Math.Max(Size, other.Size);

    /// <summary>Takes a sign that follows in the file; false where it stands somewhere else.</summary>
    public bool TryAdd(int angle, double height, double size, PdfSign sign)
    {
        var em = Math.Max(Size, size);
        var isSmall = Math.Min(Size, size) < SmallLetter * em;
        if (angle != Angle || Math.Abs(height - Height) > (isSmall ? 0.5 : 0.25) * em)
            return false;
        if (IsDouble(sign, em))
            return true;
        var rightToLeft = _isRightToLeft || PdfBidi.IsRightToLeft(sign.Text);
        var gap = rightToLeft ? Math.Max(sign.Start - End, Start - sign.End) : sign.Start - _lastLetter.End;
        var limit = _hasSpace || sign.IsSpace ? WideSpaces : _wideGap;
        if (gap > limit * em || (!rightToLeft && gap < -FarthestBack * em))
            return false;
        if (size > Size)
            (Size, Height) = (size, isSmall ? height : Height);
        Add(sign);
        return true;
    }

    /// <summary>
    /// Takes the signs of a segment beside it where one of them is Hebrew or Arabic: each change between that and
    /// numbers or other letters begins at another place.
    /// </summary>
    public bool TryAdd(PdfSegment next)
    {
        if (!(_isRightToLeft || next._isRightToLeft) || !IsOnLineOf(next))
            return false;
        var gap = Math.Max(next.Start - End, Start - next.End);
        var hasSpace = _signs[^1].IsSpace || _signs[0].IsSpace || next._signs[0].IsSpace || next._signs[^1].IsSpace;
        if (gap > (hasSpace ? WideSpaces : WideGapForSpaces) * Size || gap < -WideGapForSpaces * Size)
            return false;
        foreach (var sign in next._signs)
            Add(sign);
        return true;
    }

    // Bold letters are sometimes made by printing them twice.
    bool IsDouble(PdfSign sign, double em)
    {
        for (var i = Math.Max(0, _signs.Count - 2); i < _signs.Count; i++)
            if (_signs[i].Text == sign.Text && Math.Abs(_signs[i].Start - sign.Start) < 0.1 * em
                && sign.End - sign.Start > 0.15 * em)
                return true;
        return false;
    }

    void Add(PdfSign sign)
    {
        _signs.Add(sign);
        if (sign.IsSpace)
        {
            _hasSpace = true;
            if (_signs.Count == 1)
                _lastLetter = sign;
            return;
        }
        (_lastLetter, _hasSpace) = (sign, false);
        _isRightToLeft |= PdfBidi.IsRightToLeft(sign.Text);
        (Start, End) = (Math.Min(Start, sign.Start), Math.Max(End, sign.End));
    }

    /// <summary>Its text in the order of reading, with the spaces that only its gaps say.</summary>
    public string Read(bool isPageRightToLeft)
    {
        if (_isRightToLeft)
            return PdfBidi.Read(_signs, Size * SpaceGap, isPageRightToLeft);
        var text = new System.Text.StringBuilder(_signs.Count);
        for (var i = 0; i < _signs.Count; i++)
        {
            if (i > 0 && _signs[i].Start - _signs[i - 1].End > Size * SpaceGap && !_signs[i - 1].IsSpace
                && !_signs[i].IsSpace)
                text.Append(' ');
            text.Append(_signs[i].Text);
        }
        return Collapse(text.ToString());
    }

    public static string Collapse(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
