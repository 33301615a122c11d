using System.Globalization;
using System.Text;

namespace Cote.Chats;

/// <summary>
/// The names under which a document stands in the index. Each begins with the short name of its user: what one user's
/// search reads is never more than that user's.
/// </summary>
readonly struct SearchTerms(long user)
{
    const int LongestBeginning = 4;
    const int LongestWord = 64;
    const int MostBytes = 192 * 1_024;

    readonly string _user = user.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>A word, a letter of a run or two letters of one; words that begin so begin with this term.</summary>
    public string Word(string word)
    {
        if (word.Length > LongestWord)
            word = word[..(char.IsHighSurrogate(word[LongestWord - 1]) ? LongestWord - 1 : LongestWord)];
        return $"{_user}.{word}";
    }

    /// <summary>
    /// A word that begins so, for the short beginnings that so many words have that the engine would read for long.
    /// </summary>
    public string? Beginning(string letters) => letters.Length <= LongestBeginning ? $"{_user}-{letters}" : null;

    /// <summary>The chat that a document belongs to, or the few that share this name.</summary>
    public string Chat(string id)
    {
        var hash = 14_695_981_039_346_656_037; // FNV-1a: the same on every node and in every version
        foreach (var unit in id)
            hash = (hash ^ unit) * 1_099_511_628_211;
        return $"{_user}_c{hash & 0xFFFFFFFFFF:x}";
    }

    /// <summary>A message of this sender.</summary>
    public string Sender(string sender) => $"{_user}_s{sender}";

    /// <summary>A document of more terms than an index row takes: it is read whatever it is searched for.</summary>
    public string Unlimited => $"{_user}_all";

    /// <summary>All terms of a document, with blanks between them.</summary>
    public string Of(string text, string chatId, string? sender)
    {
        var terms = new HashSet<string> { Chat(chatId) };
        if (sender is not null)
            terms.Add(Sender(sender));
        var bytes = 0;
        foreach (var term in OfPieces(FoldedText.Of(text)))
        {
            if (!terms.Add(term) || (bytes += Encoding.UTF8.GetByteCount(term)) <= MostBytes)
                continue;
            terms.Add(Unlimited);
            break;
        }
        return string.Join(' ', terms);
    }

    /// <summary>The terms that a run is found by: its pairs, or its only letter.</summary>
    public IEnumerable<string> Find(string run)
    {
        var letters = Letters(run);
        if (letters.Count == 1)
            return [Word(run)];
        return PairsOf(letters).Select(Word);
    }

    IEnumerable<string> OfPieces(FoldedText folded)
    {
        foreach (var (start, end, kind) in folded.Pieces())
        {
            var piece = folded.Text[start..end];
            foreach (var term in kind == UnitKind.Run ? OfRun(piece) : OfWord(piece))
                yield return term;
        }
    }

    IEnumerable<string> OfRun(string run)
    {
        var letters = Letters(run);
        return letters.Concat(PairsOf(letters)).Select(Word);
    }

    IEnumerable<string> OfWord(string word)
    {
        yield return Word(word);
        for (var length = 2; length <= LongestBeginning && length <= word.Length; length++)
            if (!char.IsHighSurrogate(word[length - 1]))
                yield return Beginning(word[..length])!;
    }

    static List<string> Letters(string run) => [.. run.EnumerateRunes().Select(x => x.ToString())];

    static IEnumerable<string> PairsOf(List<string> letters) => letters.Zip(letters.Skip(1), (x, y) => x + y);
}
