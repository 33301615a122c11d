using System.Globalization;
using System.Text;

namespace Cote.Primitives;

/// <summary>
/// Unicode's normalization form C (UAX 15): what looks the same and was typed on another keyboard becomes the same
/// text. The framework's <c>String.Normalize</c> returns its input unchanged where InvariantGlobalization is on, as it
/// is here, so the tables come with the program (docs/decisions/0026-typed-text.md).
/// </summary>
static class Nfc
{
    const char FirstAffected = '\u0300'; // every text without a character from here on is in this form already

    // Hangul is composed by arithmetic: UAX 15, section 16.
    const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    const int Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;

    static readonly Lazy<Tables> Unicode = new(ReadTables);

    sealed record Tables(
        Dictionary<int, (int First, int Second)> Decompositions, Dictionary<(int, int), int> Compositions,
        Dictionary<int, byte> Classes);

    /// <summary>The text in form C. Text with half a surrogate pair is returned as it is.</summary>
    public static string Normalize(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange(FirstAffected, '\uffff'))
            return text;
        var points = new List<int>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
                return text;
            Decompose(rune.Value, points);
            i += rune.Utf16SequenceLength - 1;
        }
        Reorder(points);
        Compose(points);
        var result = new StringBuilder(points.Count);
        foreach (var point in points)
            result.Append(new Rune(point).ToString());
        return result.ToString();
    }

    static void Decompose(int point, List<int> to)
    {
        if (point is >= SyllableBase and < SyllableBase + Syllables)
        {
            var index = point - SyllableBase;
            to.Add(LeadBase + index / (Vowels * Trails));
            to.Add(VowelBase + index % (Vowels * Trails) / Trails);
            if (index % Trails > 0)
                to.Add(TrailBase + index % Trails);
        }
        else if (Unicode.Value.Decompositions.TryGetValue(point, out var parts))
        {
            Decompose(parts.First, to);
            if (parts.Second != 0)
                Decompose(parts.Second, to);
        }
        else
        {
            to.Add(point);
        }
    }

    // Marks on one letter are sorted by their class; equal classes keep their order.
    static void Reorder(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            if (ClassOf(points[start]) == 0)
                continue;
            var end = start + 1;
            while (end < points.Count && ClassOf(points[end]) != 0)
                end++;
            var sorted = points[start..end].OrderBy(ClassOf).ToList(); // OrderBy is stable
            for (var i = start; i < end; i++)
                points[i] = sorted[i - start];
            start = end - 1;
        }
    }

    static void Compose(List<int> points)
    {
        var (starter, kept, lastClass) = (-1, 0, 0);
        foreach (var point in points.ToArray())
        {
            var cls = ClassOf(point);
            // A mark is blocked from its letter by one before it of the same class, and a letter by anything between.
            if (starter >= 0 && (kept == starter + 1 || (lastClass != 0 && lastClass < cls))
                && Pair(points[starter], point) is { } composed)
            {
                points[starter] = composed;
                continue;
            }
            points[kept] = point;
            if (cls == 0)
                starter = kept;
            lastClass = cls;
            kept++;
        }
        points.RemoveRange(kept, points.Count - kept);
    }

    static int? Pair(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + Leads && second is >= VowelBase and < VowelBase + Vowels)
            return SyllableBase + ((first - LeadBase) * Vowels + second - VowelBase) * Trails;
        if (first is >= SyllableBase and < SyllableBase + Syllables && (first - SyllableBase) % Trails == 0
            && second is > TrailBase and < TrailBase + Trails)
            return first + second - TrailBase;
        return Unicode.Value.Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    static int ClassOf(int point) => Unicode.Value.Classes.GetValueOrDefault(point);

    static Tables ReadTables()
    {
        var tables = new Tables([], [], []);
        using var reader = new StreamReader(typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var fields = line.Split(' ');
            if (fields[1] is not ("=" or ">"))
            {
                for (var point = Hex(fields[1]); point <= Hex(fields[2]); point++)
                    tables.Classes[point] = byte.Parse(fields[0], CultureInfo.InvariantCulture);
                continue;
            }
            var (whole, first, second) = (Hex(fields[0]), Hex(fields[2]), fields.Length > 3 ? Hex(fields[3]) : 0);
            tables.Decompositions[whole] = (first, second);
            if (fields[1] == "=")
                tables.Compositions[(first, second)] = whole;
        }
        return tables;
    }

    static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
