namespace Cote.Media.Reading;

/// <summary>Lines below each other: of a paragraph, or of a cell.</summary>
sealed class PdfBlock(PdfSegment first)
{
    public List<PdfSegment> Lines { get; } = [first];

    public double Start { get; private set; } = first.Start;

    public double End { get; private set; } = first.End;

    public PdfSegment Last => Lines[^1];

    public void Add(PdfSegment line)
    {
        Lines.Add(line);
        (Start, End) = (Math.Min(Start, line.Start), Math.Max(End, line.End));
    }
}

/// <summary>Blocks beside each other: a row of a table. Most rows are a single block: a paragraph.</summary>
sealed class PdfRow(PdfBlock first)
{
    const double WidestLeading = 2.0; // in heights of the font
    const double WidestRow = 4.0;
    const int MostLinesOfCell = 8;
    const int FewestLinesOfProse = 3;
    const int FewestLettersOfProse = 30;
    const int LongestMark = 4;

    public List<PdfBlock> Blocks { get; } = [first];

    PdfSegment Last => Blocks[^1].Last;

    double Top => Blocks.Max(x => x.Lines[0].Height);

    double Bottom => Blocks.Min(x => x.Last.Height);

    /// <summary>Puts lines, in the order of the file, into rows.</summary>
    public static List<PdfRow> Of(IEnumerable<PdfSegment> lines)
    {
        var rows = new List<PdfRow>();
        foreach (var line in lines)
        {
            if (rows.Count == 0 || !rows[^1].TryAdd(line, rows))
                rows.Add(new PdfRow(new PdfBlock(line)));
        }
        return rows;
    }

    bool TryAdd(PdfSegment line, List<PdfRow> rows)
    {
        var block = Blocks[^1];
        if (line.Angle != Last.Angle)
            return false;
        if (line.IsOnLineOf(Last))
        {
            if (IsOver(line, Last))
                return false;
            if (block.Lines.Count > 1)
            {
                // The last line of what seemed to be a paragraph is the first cell of a row.
                Blocks[^1] = Without(block);
                rows.Add(new PdfRow(new PdfBlock(block.Last)));
            }
            rows[^1].Blocks.Add(new PdfBlock(line));
            return true;
        }
        if (line.Height < Last.Height)
            return TryAddBelow(line, block);
        // A cell beside one of several lines begins above the last of them.
        if (line.Height > Top + 0.4 * line.Size
            || Blocks.Exists(x => IsProse(x) || IsOver(line, x)))
            return false;
        Blocks.Add(new PdfBlock(line));
        return true;
    }

    bool TryAddBelow(PdfSegment line, PdfBlock block)
    {
        var isClose = Last.Height - line.Height <= WidestLeading * Math.Max(Last.Size, line.Size);
        // The line below a row belongs to its last cell only where it is not wider than that.
        var isBelow = line.Start < block.End && line.End > block.Start
            && (Blocks.Count == 1 || line.Start >= block.Start - line.Size / 2);
        if (!isClose || !isBelow)
            return false;
        block.Add(line);
        return true;
    }

    static bool IsProse(PdfBlock block) => block.Lines.Count > MostLinesOfCell
        || (block.Lines.Count >= FewestLinesOfProse
            && block.Lines.Average(x => x.Signs.Count) >= FewestLettersOfProse);

    static PdfBlock Without(PdfBlock block)
    {
        var rest = new PdfBlock(block.Lines[0]);
        foreach (var line in block.Lines.Skip(1).SkipLast(1))
            rest.Add(line);
        return rest;
    }

    static bool IsOver(PdfSegment line, PdfSegment other) =>
        line.Start < other.End - 0.2 * line.Size && line.End > other.Start + 0.2 * line.Size;

    static bool IsOver(PdfSegment line, PdfBlock block) =>
        line.Start < block.End - 0.2 * line.Size && line.End > block.Start + 0.2 * line.Size;

    /// <summary>Whether a blank line stands between it and the row before.</summary>
    public bool IsApartFrom(PdfRow before)
    {
        var (last, first) = (before.Blocks[0].Last, Blocks[0].Lines[0]);
        var widest = Blocks.Count > 1 && before.Blocks.Count > 1 ? WidestRow : WidestLeading;
        return last.Angle != first.Angle || first.Height > before.Top
            || before.Bottom - first.Height > widest * Math.Max(last.Size, first.Size);
    }

    public string Read(bool isPageRightToLeft)
    {
        if (Blocks.Count == 1)
            return string.Join('\n', Blocks[0].Lines.Select(x => x.Read(isPageRightToLeft)));
        var cells = (isPageRightToLeft ? Blocks.OrderByDescending(x => x.End) : Blocks.OrderBy(x => x.Start))
            .Select(x => string.Join(' ', x.Lines.Select(y => y.Read(isPageRightToLeft)))).ToList();
        return cells.Count == 2 && IsMark(cells[0]) ? $"{cells[0]} {cells[1]}" : string.Join(" | ", cells);
    }

    // What stands before an item of a list: a bullet, "12." or "a)".
    static bool IsMark(string cell) =>
        cell.Length <= LongestMark && (cell[^1] is '.' or ')' || !char.IsLetterOrDigit(cell[0]))
        && !cell.AsSpan().ContainsAny("+-$%");
}
