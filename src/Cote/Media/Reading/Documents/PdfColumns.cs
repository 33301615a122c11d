namespace Cote.Media.Reading;

/// <summary>
/// Tells two columns of prose, whose lines some programs write side by side, from a table of two columns: lines of
/// prose are long, fill their column, and go on for long.
/// </summary>
static class PdfColumns
{
    const int FewestLines = 6;
    const int FewestLetters = 25;
    const double FullLine = 0.85;
    const double MostlyFull = 0.6;

    public static IEnumerable<PdfRow> Separate(List<PdfRow> rows)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var end = i;
            while (end < rows.Count && IsPair(rows[end], rows[i]))
                end++;
            if (end - i < FewestLines || !(Enumerable.Range(0, 2).All(x => IsProse(rows[i..end], x))))
            {
                yield return rows[i];
                continue;
            }
            for (var column = 0; column < 2; column++)
            {
                var block = new PdfBlock(rows[i].Blocks[column].Lines[0]);
                for (var j = i + 1; j < end; j++)
                    block.Add(rows[j].Blocks[column].Lines[0]);
                yield return new PdfRow(block);
            }
            i = end - 1;
        }
    }

    static bool IsPair(PdfRow row, PdfRow first) =>
        row.Blocks.Count == 2 && row.Blocks.TrueForAll(x => x.Lines.Count == 1)
        && row.Blocks[0].Start < row.Blocks[1].Start
        && Math.Abs(row.Blocks[1].Start - first.Blocks[1].Start) < 2 * row.Blocks[0].Last.Size;

    static bool IsProse(List<PdfRow> rows, int column)
    {
        var lines = rows.ConvertAll(x => x.Blocks[column].Lines[0]);
        var (start, end) = (lines.Min(x => x.Start), lines.Max(x => x.End));
        return lines.Average(x => x.Signs.Count) >= FewestLetters
            && lines.Count(x => x.End - x.Start >= FullLine * (end - start)) >= MostlyFull * lines.Count;
    }
}
