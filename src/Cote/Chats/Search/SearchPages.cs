using Cote.Data;

namespace Cote.Chats;

/// <summary>What a user looks for, and where.</summary>
sealed record SearchRequest(string UserId, SearchQuery Query, string? ChatId, string? Sender);

/// <summary>A page of what was found.</summary>
/// <param name="Hits">The newest first.</param>
/// <param name="Next">Where the next page begins; null where there is none.</param>
/// <param name="IsComplete">False while the index has not come so far that everything can be found.</param>
sealed record SearchPage(IReadOnlyList<SearchHit> Hits, long? Next, bool IsComplete);

/// <summary>
/// Finds pages: of the events that the index does not have yet, of the newest texts as they stand, and then of those
/// that the index names. What most texts have is found among the newest, where an index would read for long; what few
/// have is found in the index.
/// </summary>
sealed class SearchPages(SearchStore store)
{
    /// <summary>The most texts that are looked at for a page.</summary>
    public const int MostTexts = 2_000;

    const int Newest = 250; // are read before the index is asked
    const int AtOnce = 250;
    const long MostUnits = SearchStore.MostUnits; // of all texts that are looked at for a page

    public async Task<SearchPage> FindAsync(SearchRequest request, long before, int limit, CancellationToken ct)
    {
        if (request.Query.IsEmpty)
            return new([], null, true);
        var mark = await store.FindMarkAsync(request.UserId, ct); // first: what the index gains since is read twice
        var news = await store.ListNewAsync(mark, ct);
        var finding = new Finding(request, limit, news.Texts, before);
        var walk = new Walk(store, request, finding, before);
        var isOver = await walk.OverNewestAsync(Newest, ct);
        if (!isOver && mark.Number > 0)
            isOver = await walk.OverIndexAsync(
                request.Query.Terms(new(mark.Number), request.ChatId, request.Sender), MostTexts - Newest, ct);
        var (hits, next) = finding.Page(isOver ? null : walk.Reached);
        return new(hits, next, mark.IsNear && news.IsWhole);
    }

    /// <summary>Walks over documents from the newest on, until the page is full or enough was looked at.</summary>
    sealed class Walk(SearchStore store, SearchRequest request, Finding finding, long before)
    {
        long _units;

        /// <summary>The place that was looked at last.</summary>
        public long Reached { get; private set; } = before;

        /// <summary>Looks at the newest texts as they are; true where these were all.</summary>
        public async Task<bool> OverNewestAsync(int most, CancellationToken ct)
        {
            var texts = await store.ListNewestAsync(request.UserId, request.ChatId, Reached, most, Look, ct);
            return texts.Count < most && !IsEnough;
        }

        /// <summary>Looks at the texts that the index names; true where these were all.</summary>
        public async Task<bool> OverIndexAsync(TermQuery terms, int most, CancellationToken ct)
        {
            while (!IsEnough && most > 0)
            {
                var places = await store.ListPlacesAsync(terms, Reached, Math.Min(AtOnce, most), ct);
                if (places.Count > 0)
                    await store.ListAtAsync(request.UserId, places, Look, ct);
                if (!IsEnough && places.Count < Math.Min(AtOnce, most))
                    return true;
                if (!IsEnough)
                    Reached = places[^1]; // the last of them may be gone
                most -= places.Count;
            }
            return false;
        }

        bool IsEnough => finding.IsFull || _units > MostUnits;

        bool Look(SearchText text)
        {
            finding.Look(text);
            Reached = text.Id;
            _units += text.Text.Length;
            return IsEnough;
        }
    }

    /// <summary>Gathers what is found.</summary>
    sealed class Finding
    {
        readonly SearchRequest _request;
        readonly int _limit;
        readonly HashSet<(string, string)> _seen = [];
        readonly List<(SearchText Text, SearchHit Hit)> _found = [];
        readonly List<(SearchText Text, SearchHit Hit)> _news = [];

        public Finding(SearchRequest request, int limit, IReadOnlyList<SearchText> news, long before)
        {
            (_request, _limit) = (request, limit);
            foreach (var text in news)
                if (_seen.Add((text.ChatId, text.MessageId)) && text.Id < before && Hit(text) is { } hit)
                    _news.Add((text, hit));
        }

        /// <summary>True where the page is full, and one more shows that there is a next one.</summary>
        public bool IsFull => _found.Count > _limit;

        /// <summary>Looks whether this text is found.</summary>
        public void Look(SearchText text)
        {
            if (!_seen.Contains((text.ChatId, text.MessageId)) && Hit(text) is { } hit)
                _found.Add((text, hit));
        }

        /// <summary>
        /// The newest of all that was found; <paramref name="reached"/> is the place after which nothing was looked at.
        /// </summary>
        public (IReadOnlyList<SearchHit> Hits, long? Next) Page(long? reached)
        {
            var all = _found.Concat(_news.Where(x => reached is null || x.Text.Id >= reached))
                .OrderByDescending(x => x.Text.Id).ToList();
            var next = all.Count > _limit ? all[_limit - 1].Text.Id : reached;
            // Texts of one moment stand by chance in the index, and here as they stand in their chat.
            var page = all.Take(_limit).OrderByDescending(x => x.Text.Timestamp.Milliseconds)
                .ThenByDescending(x => x.Text.Seq);
            return ([.. page.Select(x => x.Hit)], next);
        }

        SearchHit? Hit(SearchText text)
        {
            if (_request.ChatId is { } chat && chat != text.ChatId
                || _request.Sender is { } sender && sender != text.Sender)
                return null;
            var folded = FoldedText.Of(text.Text);
            if (_request.Query.Match(folded) is not { } found)
                return null;
            var snippet = Snippet.Of(text.Text, folded, found);
            var isTitle = text.MessageId.Length == 0;
            return new(text.ChatId, text.Title, isTitle ? null : text.MessageId, isTitle ? null : text.Seq, text.Sender,
                text.Timestamp, text.IsOnPath ? null : false, snippet.Text, snippet.Ranges);
        }
    }
}
