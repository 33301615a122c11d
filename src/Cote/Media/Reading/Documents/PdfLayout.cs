namespace Cote.Media.Reading;

/// <summary>
/// Puts the letters of a page into lines, in the order of the file, which is that of reading with few exceptions.
/// What stands side by side is a row of cells, unless it is two columns of prose.
/// </summary>
static class PdfLayout
{
    const double FewestSpaces = 0.03;

    public static void Write(IReadOnlyList<PdfGlyph> glyphs, TextDraft draft)
    {
        var isRightToLeft = glyphs.Count(x => PdfBidi.IsRightToLeft(x.Text))
            > glyphs.Count(x => x.Text.Length > 0 && char.IsLetter(x.Text, 0)) / 2;
        PdfRow? before = null;
        foreach (var row in PdfColumns.Separate(PdfRow.Of(Segments(glyphs))))
        {
            if (draft.IsFull)
                return;
            if (before is not null && row.IsApartFrom(before))
                draft.Paragraph();
            else
                draft.Line();
            draft.Append(row.Read(isRightToLeft));
            before = row;
        }
    }

    static List<PdfSegment> Segments(IReadOnlyList<PdfGlyph> glyphs)
    {
        var segments = new List<PdfSegment>();
        PdfSegment? last = null;
        var angle = 0;
        var wideGap = glyphs.Count(x => x.Text == " ") > glyphs.Count * FewestSpaces
            ? PdfSegment.WideGap : PdfSegment.WideGapForSpaces;
        foreach (var glyph in glyphs)
        {
            if (glyph.Text.Length == 0)
                continue;
            var (x, y) = (glyph.EndX - glyph.X, glyph.EndY - glyph.Y);
            if (Math.Sqrt(x * x + y * y) > 0.01 * glyph.Size)
                angle = (int)Math.Round(Math.Atan2(y, x) * 180 / Math.PI);
            var (sin, cos) = Math.SinCos(angle * Math.PI / 180);
            var start = glyph.X * cos + glyph.Y * sin;
            var height = glyph.Y * cos - glyph.X * sin;
            var sign = new PdfSign(PresentationForms.Undo(glyph.Text), start, Math.Max(start, glyph.EndX * cos
                + glyph.EndY * sin));
            if (last is not null && last.TryAdd(angle, height, glyph.Size, sign))
                continue;
            Keep(segments, last);
            last = new PdfSegment(angle, height, glyph.Size, sign, wideGap);
        }
        Keep(segments, last);
        return segments;
    }

    // A line that is printed twice at the same place is bold.
    static void Keep(List<PdfSegment> segments, PdfSegment? segment)
    {
        if (segment is null || segment.IsBlank)
            return;
        if (segments.Count > 0 && segments[^1] is var last && last.IsOnLineOf(segment)
            && Math.Abs(last.Start - segment.Start) < 0.2 * last.Size
            && last.Signs.Select(x => x.Text).SequenceEqual(segment.Signs.Select(x => x.Text)))
            return;
        if (segments.Count == 0 || !segments[^1].TryAdd(segment))
            segments.Add(segment);
    }
}
