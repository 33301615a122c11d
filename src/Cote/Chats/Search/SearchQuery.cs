using Cote.Data;

namespace Cote.Chats;

/// <summary>
/// What is looked for: all of its words and runs of letters, the last word as a beginning, and quotations as they
/// stand. Every text that the index gives is compared here again, so that both engines find the same.
/// </summary>
sealed class SearchQuery
{
    const int MostTerms = 32; // in the index; the others are compared in the text alone

    readonly HashSet<string> _words = new(StringComparer.Ordinal);
    readonly List<string> _runs = [];
    readonly List<FoldedText> _quotations = [];
    string? _beginning;

    /// <summary>True where it has no letter or digit: it finds nothing.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Reads what was typed. A quote that is not closed is a sign like any other.</summary>
    public static SearchQuery Parse(string text)
    {
        var query = new SearchQuery();
        for (var at = 0; at < text.Length;)
        {
            var open = NextQuote(text, at);
            var close = open < text.Length ? NextQuote(text, open + 1) : text.Length;
            if (close == text.Length)
                open = close;
            query.AddWords(text[at..open], isLast: open == text.Length);
            if (open < text.Length)
                query.AddQuotation(text[(open + 1)..close]);
            at = close + 1;
        }
        return query;
    }

    /// <summary>What the index is asked for.</summary>
    public TermQuery Terms(SearchTerms terms, string? chatId, string? sender)
    {
        var all = new HashSet<string>();
        if (chatId is not null)
            all.Add(terms.Chat(chatId));
        if (sender is not null)
            all.Add(terms.Sender(sender));
        var words = _words.Concat(_quotations.SelectMany(x => PiecesOf(x, UnitKind.Word)));
        var runs = _runs.Concat(_quotations.SelectMany(x => PiecesOf(x, UnitKind.Run)));
        var wanted = words.OrderByDescending(x => x.Length).Select(terms.Word).Concat(runs.SelectMany(terms.Find));
        all.UnionWith(wanted.Take(MostTerms));
        var beginning = _beginning;
        if (beginning is not null && terms.Beginning(beginning) is { } term)
        {
            all.Add(term);
            beginning = null;
        }
        return new([.. all], beginning is null ? null : terms.Word(beginning), terms.Unlimited);
    }

    /// <summary>Where it stands in a text, as places in the folded one in no order; null where it does not.</summary>
    public List<(int Start, int End)>? Match(FoldedText text)
    {
        var found = new List<(int, int)>();
        return MatchWords(text, found) && _runs.All(x => FindAll(text, x, found))
            && _quotations.All(x => FindAll(text, x.Text, found)) ? found : null;
    }

    void AddWords(string text, bool isLast)
    {
        var folded = FoldedText.Of(text);
        var words = new List<string>();
        var lastKind = UnitKind.Sign;
        foreach (var (start, end, kind) in folded.Pieces())
        {
            (IsEmpty, lastKind) = (false, kind);
            (kind == UnitKind.Run ? _runs : words).Add(folded.Text[start..end]);
        }
        if (isLast && lastKind == UnitKind.Word && words[^1].EnumerateRunes().Count() > 1)
        {
            _beginning = words[^1];
            words.RemoveAt(words.Count - 1);
        }
        _words.UnionWith(words);
    }

    void AddQuotation(string text)
    {
        var folded = FoldedText.Of(text.Trim());
        if (folded.Text.Length == 0)
            return;
        _quotations.Add(folded);
        IsEmpty &= !folded.Pieces().Any();
    }

    bool MatchWords(FoldedText text, List<(int, int)> found)
    {
        if (_words.Count == 0 && _beginning is null)
            return true;
        var missing = new HashSet<string>(_words, StringComparer.Ordinal);
        var lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        var hasBeginning = _beginning is null;
        foreach (var (start, end, kind) in text.Pieces())
        {
            if (kind != UnitKind.Word)
                continue;
            var piece = text.Text.AsSpan(start, end - start);
            if (lookup.TryGetValue(piece, out var word))
            {
                missing.Remove(word);
                found.Add((start, end));
            }
            if (_beginning is not null && piece.StartsWith(_beginning, StringComparison.Ordinal))
            {
                hasBeginning = true;
                found.Add((start, start + _beginning.Length));
            }
        }
        return hasBeginning && missing.Count == 0;
    }

    // A quotation begins and ends where words do; letters of a run stand anywhere.
    static bool FindAll(FoldedText text, string wanted, List<(int, int)> found)
    {
        var isThere = false;
        for (var at = 0; (at = text.Text.IndexOf(wanted, at, StringComparison.Ordinal)) >= 0;)
        {
            var end = at + wanted.Length;
            if (IsWithinWord(text, at) || IsWithinWord(text, end))
            {
                at++;
                continue;
            }
            isThere = true;
            found.Add((at, end));
            at = end;
        }
        return isThere;
    }

    static bool IsWithinWord(FoldedText text, int at) => at > 0 && at < text.Kinds.Count
        && text.Kinds[at - 1] == UnitKind.Word && text.Kinds[at] == UnitKind.Word;

    static IEnumerable<string> PiecesOf(FoldedText text, UnitKind kind) =>
        text.Pieces().Where(x => x.Kind == kind).Select(x => text.Text[x.Start..x.End]);

    // Keyboards of phones and of languages write other quotes.
    static int NextQuote(string text, int from)
    {
        var at = text.AsSpan(from).IndexOfAny("\"\u201c\u201d\u201e\uff02");
        return at < 0 ? text.Length : from + at;
    }
}
