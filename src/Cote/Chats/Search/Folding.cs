using System.Globalization;
using System.Text;

namespace Cote.Chats;

/// <summary>
/// The folding of search: NFKC with full case folding, and without the marks that a letter can do without. The
/// framework's own works only with ICU, which this program runs without. A vowel sign of an Indian script or of Thai is
/// no such mark, and は, ば and ぱ are three letters.
/// </summary>
static class Folding
{
    // Hangul is composed by arithmetic: UAX 15, section 16.
    const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    const int Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;
    const int FirstVoicing = 0x3099, LastVoicing = 0x309A;

    static readonly Lazy<Tables> Unicode = new(ReadTables);

    sealed record Tables(
        Dictionary<int, string> Folded, Dictionary<(int First, int Second), int> Voiced);

    /// <summary>What stands for a character beyond ASCII, perhaps nothing; null where it stands for itself.</summary>
    public static string? Of(Rune rune) => Unicode.Value.Folded.GetValueOrDefault(rune.Value);

    /// <summary>The letter that two make together: parts of a Hangul syllable, or kana and its sign.</summary>
    public static int? Compose(int first, int second)
    {
        if (second is >= FirstVoicing and <= LastVoicing)
            return Unicode.Value.Voiced.TryGetValue((first, second), out var voiced) ? voiced : null;
        if (first is >= LeadBase and < LeadBase + Leads && second is >= VowelBase and < VowelBase + Vowels)
            return SyllableBase + ((first - LeadBase) * Vowels + second - VowelBase) * Trails;
        if (first is >= SyllableBase and < SyllableBase + Syllables && (first - SyllableBase) % Trails == 0
            && second is > TrailBase and < TrailBase + Trails)
            return first + second - TrailBase;
        return null;
    }

    /// <summary>Whether a folded character may be the second of two that <see cref="Compose"/> takes.</summary>
    public static bool IsSecond(int point) =>
        point is >= FirstVoicing and <= LastVoicing or >= VowelBase and < TrailBase + Trails;

    static Tables ReadTables()
    {
        var tables = new Tables([], []);
        using var reader = new StreamReader(typeof(Folding).Assembly.GetManifestResourceStream("fold.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var fields = line.Split(' ');
            if (fields[0] == "-")
                for (var point = Hex(fields[1]); point <= Hex(fields[2]); point++)
                    tables.Folded[point] = "";
            else if (fields[1] == "=")
                tables.Folded[Hex(fields[0])] = string.Concat(fields.Skip(2).Select(x => new Rune(Hex(x)).ToString()));
            else
                tables.Voiced[(Hex(fields[0]), Hex(fields[1]))] = Hex(fields[3]);
        }
        return tables;
    }

    static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
