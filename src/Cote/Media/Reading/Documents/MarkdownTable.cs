namespace Cote.Media.Reading;

/// <summary>
/// A table whose cells are written as they come. One inside the cell of another is a part of that cell's text.
/// </summary>
sealed class MarkdownTable(TextDraft draft, MarkdownTable? outer)
{
    const int MostSpan = 64;

    bool IsInner => outer is not null && outer._isInCell && ReferenceEquals(outer._draft, _draft);

    readonly TextDraft _draft = draft;
    int _rows;
    int _cells;
    int _span;
    bool _isInCell;
    bool _hasBegun;

    public void StartRow() => (_cells, _hasBegun) = (0, false);

    public void StartCell()
    {
        (_span, _isInCell) = (1, true);
        _cells++;
        if (IsInner)
            return;
        if (!_hasBegun)
        {
            if (_rows == 0)
                _draft.Paragraph();
            _draft.Line();
            _draft.Append("|");
            _hasBegun = true;
        }
        _draft.Append(" ");
        _draft.Cells++;
    }

    /// <summary>How many columns the cell takes that has begun.</summary>
    public void Span(int columns) => _span = Math.Clamp(columns, 1, MostSpan);

    public void EndCell()
    {
        if (!_isInCell)
            return;
        _isInCell = false;
        if (IsInner)
        {
            _draft.Append(" ");
            return;
        }
        _draft.Cells--;
        _draft.EndCell();
        for (; _span > 1; _span--, _cells++)
            _draft.Append(" |");
    }

    public void EndRow()
    {
        if (_cells == 0 || IsInner)
            return;
        _draft.Line();
        if (_rows++ == 0)
            _draft.Append("|" + string.Concat(Enumerable.Repeat(" --- |", _cells)));
        _draft.Line();
    }

    /// <summary>Ends the table; the table around it.</summary>
    public MarkdownTable? End()
    {
        if (!IsInner)
            _draft.Paragraph();
        return outer;
    }
}
