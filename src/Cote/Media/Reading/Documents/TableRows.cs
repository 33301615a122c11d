namespace Cote.Media.Reading;

/// <summary>
/// The rows of a sheet: cells at their columns, the first row as the header. Rows without text are left out, and so
/// are the columns in the middle of a wide gap.
/// </summary>
sealed class TableRows(TextDraft draft)
{
    const int WidestGap = 50;
    const int MostCells = 16_384;

    readonly List<string> _cells = [];
    int _gap;
    bool _hasHeader;

    /// <summary>How many columns the widest row has.</summary>
    public int Columns { get; private set; }

    /// <summary>How many rows have been ended, those without text included.</summary>
    public int Rows { get; private set; }

    /// <summary>In which column the next cell stands, from 0 on.</summary>
    public int Next { get; private set; }

    /// <summary>Leaves cells empty.</summary>
    public void Pass(int count)
    {
        count = Math.Clamp(count, 0, MostCells - Math.Min(MostCells, Next));
        Next += count;
        _gap += count;
    }

    public void Add(string text)
    {
        if (text.Length == 0 || Next >= MostCells)
        {
            Pass(1);
            return;
        }
        for (var i = Math.Min(_gap, WidestGap); i > 0; i--)
            _cells.Add("");
        _gap = 0;
        _cells.Add(text);
        Columns = Math.Max(Columns, ++Next);
    }

    public bool IsRowEmpty => _cells.Count == 0;

    /// <summary>Ends the row.</summary>
    /// <param name="repeated">How often it is written.</param>
    /// <param name="counted">How many rows it is.</param>
    public void End(int repeated = 1, int counted = 1)
    {
        Rows = (int)Math.Min(int.MaxValue, Rows + (long)counted);
        for (; _cells.Count > 0 && repeated > 0 && !draft.IsFull; repeated--)
            Write();
        _cells.Clear();
        (_gap, Next) = (0, 0);
    }

    void Write()
    {
        draft.Line();
        draft.Append("|");
        foreach (var cell in _cells)
        {
            draft.Append(" ");
            draft.Cells++;
            draft.Append(cell);
            draft.Cells--;
            draft.EndCell();
        }
        draft.Line();
        if (_hasHeader)
            return;
        _hasHeader = true;
        draft.Append("|" + string.Concat(Enumerable.Repeat(" --- |", _cells.Count)));
        draft.Line();
    }
}
