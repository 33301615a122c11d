using Cote.Cluster;
using Cote.Events;

namespace Cote.Chats;

/// <summary>A document that is to be in the index.</summary>
/// <param name="MessageId">Empty for a title.</param>
/// <param name="Text">Of a title that is gone it is empty: then there is to be none.</param>
sealed record SearchDocument(string ChatId, string MessageId, string? Sender, Timestamp Timestamp, string Text)
{
    /// <summary>The message's id, or the chat's.</summary>
    public string Id => MessageId.Length > 0 ? MessageId : ChatId;
}

/// <summary>A step of the index for one user: what it gains and loses, and how far it has come then.</summary>
/// <param name="From">How far it was; a step of another node since makes this one change nothing.</param>
/// <param name="To">How far it has come.</param>
sealed record SearchStep(SearchMark From, SearchMark To)
{
    public IReadOnlyList<SearchDocument> Added { get; init; } = [];

    /// <summary>Places in the index.</summary>
    public IReadOnlyList<long> Removed { get; init; } = [];
}

/// <summary>The SQL that keeps the index.</summary>
sealed class SearchIndex(Database db, Node node)
{
    const long LeaseMilliseconds = 15_000;

    /// <summary>
    /// Makes this the node that keeps the index; false where another one is. It saves work: two that did the same would
    /// hinder each other, but break nothing.
    /// </summary>
    public async Task<bool> HoldAsync()
    {
        if (db.Engine.IsSingleProcess)
            return true;
        var batch = new WriteBatch();
        var held = batch.Execute($"""
            insert into search_lease (name, owner, until)
            values ('index', {node.Id}, {db.Dialect.Now} + {LeaseMilliseconds})
            on conflict (name) do update set owner = excluded.owner, until = excluded.until
            where search_lease.owner = excluded.owner or search_lease.until < {db.Dialect.Now}
            """);
        await db.WriteAsync(batch);
        return held.Changed == 1;
    }

    /// <summary>Leaves the work to another node.</summary>
    public async Task LeaveAsync()
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from search_lease where owner = {node.Id}");
        await db.WriteAsync(batch);
    }

    /// <summary>
    /// Users of whom the index lacks something, after one and up to another where one is named, so many at most.
    /// </summary>
    public Task<IReadOnlyList<string>> ListBehindAsync(
        string after, string? last, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select h.user_id from heads h left join search_marks s on s.user_id = h.user_id
            where {Slices.Holds($"h.user_id", after, last)} and h.seq > 0 and (s.user_id is null or s.mark < h.seq or s.goal > 0)
            order by h.user_id limit {limit}
            """, row => row.GetString(0), ct);

    /// <summary>Gives a user the first free number, and a place to begin at.</summary>
    public async Task BeginAsync(SearchMark mark)
    {
        var batch = new WriteBatch();
        batch.Execute($"""
            insert into search_marks (user_id, number, mark, goal, place)
            select u.id, (select coalesce(max(number), 0) + 1 from search_marks), {mark.Mark}, {mark.Goal}, {mark.Place}
            from users u where u.id = {mark.UserId} and u.erased_at is null
            on conflict (user_id) do nothing
            """);
        await db.WriteAsync(batch); // where another took the number, the next round tries again
    }

    /// <summary>The events that follow the mark: what they are, of which chat and message.</summary>
    public Task<IReadOnlyList<(long Seq, string Type, string ChatId, string? MessageId)>> ListEventsAsync(
        SearchMark mark, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select seq, type, chat_id, message_id from events where user_id = {mark.UserId} and seq > {mark.Mark}
            order by seq limit {limit}
            """, row => (row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3)), ct);

    /// <summary>The places of documents of these chats.</summary>
    public Task<IReadOnlyList<long>> ListPlacesAsync(
        string userId, IEnumerable<string> chats, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select id from search_documents where user_id = {userId} and chat_id {db.Dialect.In(chats)}
            limit {limit}
            """, row => row.GetInt64(0), ct);

    /// <summary>Messages that the index lacks, of those with an id that <paramref name="which"/> selects.</summary>
    public Task<IReadOnlyList<SearchDocument>> ListMissingAsync(
        string userId, Sql which, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select m.chat_id, m.id, m.sender, m.timestamp, m.content from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and {SearchStore.IsSearched}
            where m.user_id = {userId} and {SearchStore.HasText} and {which} and {SearchStore.IsMissing} limit {limit}
            """, ReadDocument, ct);

    /// <summary>The ids of a user's messages before one, the newest first.</summary>
    public Task<IReadOnlyList<string>> ListIdsAsync(string userId, string before, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"select id from messages where user_id = {userId} and id < {before} order by id desc limit {limit}",
            row => row.GetString(0), ct);

    /// <summary>These messages.</summary>
    public Sql AreMessages(IEnumerable<string> ids) => $"m.id {db.Dialect.In(ids)}";

    /// <summary>The messages of these chats.</summary>
    public Sql AreOfChats(IEnumerable<string> chats) => $"m.chat_id {db.Dialect.In(chats)}";

    /// <summary>These chats.</summary>
    public Sql IsOneOf(IEnumerable<string> chats) => $"c.id {db.Dialect.In(chats)}";

    /// <summary>Titles of chats that <paramref name="which"/> selects; those of deleted chats are empty.</summary>
    public Task<IReadOnlyList<SearchDocument>> ListTitlesAsync(
        string userId, Sql which, long limit, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select c.id, '', null, c.created_at, case when {SearchStore.IsSearched} then c.title else '' end
            from chats c where c.user_id = {userId} and {which} limit {limit}
            """, ReadDocument, ct);

    /// <summary>Takes a message, or with an empty id the title, out, in the unit that deletes it.</summary>
    public static void Remove(EventTransaction transaction, string chatId, string messageId) => transaction.Execute($"""
        delete from search_documents where user_id = {transaction.UserId} and chat_id = {chatId}
          and message_id = {messageId} and exists (select 1 from {transaction.Locked})
        """);

    /// <summary>
    /// Removes what is there of chats that were deleted since, so much in one unit; true where more may be left.
    /// </summary>
    public async Task<bool> RemoveOfDeletedChatsAsync(Timestamp since, int most)
    {
        var batch = new WriteBatch();
        var removed = batch.Execute($"""
            delete from search_documents where id in (
              select d.id from chats c join search_documents d on d.user_id = c.user_id and d.chat_id = c.id
              where c.deleted_at >= {since} limit {(long)most})
            """);
        await db.WriteAsync(batch);
        return removed.Changed >= most;
    }

    /// <summary>
    /// Commits steps of several users. False where a place was taken meanwhile: nothing was changed, and the same
    /// again finds another place.
    /// </summary>
    public async Task<bool> CommitAsync(IReadOnlyList<SearchStep> steps, CancellationToken ct)
    {
        var batch = new WriteBatch();
        foreach (var step in steps)
            Lock(batch, step);
        var removed = steps.SelectMany(x => x.Removed).ToList();
        if (removed.Count > 0)
            batch.Execute($"delete from search_documents where id {db.Dialect.In(removed)}");
        foreach (var step in steps)
            ReplaceTitles(batch, step);
        foreach (var (place, step, document) in await PlaceAsync(steps, ct))
            Add(batch, place, step, document);
        foreach (var step in steps)
            batch.Execute($"""
                update search_marks set mark = {step.To.Mark}, goal = {step.To.Goal}, place = {step.To.Place}
                where {IsAt(step)}
                """);
        return await db.WriteAsync(batch) == Outcome.Committed;
    }

    // What is deleted while the step is written must not come back with it.
    void Lock(WriteBatch batch, SearchStep step)
    {
        batch.Lock($"select 1 from search_marks where user_id = {step.From.UserId}");
        var messages = step.Added.Where(x => x.MessageId.Length > 0).Select(x => x.MessageId);
        batch.Lock($"""
            select 1 from messages where user_id = {step.From.UserId} and id {db.Dialect.In(messages)}
            order by id
            """);
        var chats = step.Added.Where(x => x.MessageId.Length == 0).Select(x => x.ChatId);
        batch.Lock($"""
            select 1 from chats where user_id = {step.From.UserId} and id {db.Dialect.In(chats)} order by id
            """);
    }

    void ReplaceTitles(WriteBatch batch, SearchStep step)
    {
        foreach (var title in step.Added.Where(x => x.MessageId.Length == 0))
            batch.Execute($"""
                delete from search_documents where user_id = {step.From.UserId} and chat_id = {title.ChatId}
                  and message_id = '' and terms <> {db.Dialect.Terms(TermsOf(step, title))}
                """);
    }

    void Add(WriteBatch batch, long place, SearchStep step, SearchDocument document)
    {
        var terms = db.Dialect.Terms(TermsOf(step, document));
        Sql source = $"chats c where c.user_id = {step.From.UserId} and c.id = {document.ChatId}";
        source = document.MessageId.Length == 0 ? (Sql)$"{source} and c.title = {document.Text}" : (Sql)$"""
            {source} and exists (
              select 1 from messages m
              where m.user_id = {step.From.UserId} and m.id = {document.MessageId} and {SearchStore.HasText})
            """;
        batch.Execute($"""
            insert into search_documents (id, user_id, chat_id, message_id, terms)
            select {place}, c.user_id, c.id, {document.MessageId}, {terms} from {source} and {SearchStore.IsSearched}
              and exists (select 1 from search_marks where {IsAt(step)})
            on conflict (user_id, chat_id, message_id) do nothing
            """);
    }

    static string TermsOf(SearchStep step, SearchDocument document) =>
        new SearchTerms(step.From.Number).Of(document.Text, document.ChatId, document.Sender);

    static Sql IsAt(SearchStep step) => $"""
        search_marks.user_id = {step.From.UserId} and search_marks.mark = {step.From.Mark}
          and search_marks.goal = {step.From.Goal} and search_marks.place = {step.From.Place}
        """;

    // Ascending, as the embedded index takes them best. A place that is taken leads to another one nearby.
    async Task<IReadOnlyList<(long Place, SearchStep Step, SearchDocument Document)>> PlaceAsync(
        IReadOnlyList<SearchStep> steps, CancellationToken ct)
    {
        var open = steps.SelectMany(x => x.Added.Where(y => y.Text.Length > 0), (step, document) => (step, document))
            .ToList();
        var placed = new SortedDictionary<long, (SearchStep Step, SearchDocument Document)>();
        for (var attempt = 0; open.Count > 0; attempt++)
        {
            var wanted = open.Select(x => (
                Place: SearchStore.PlaceOf(x.document.Timestamp, x.document.Id, attempt), Item: x)).ToList();
            var taken = (await db.ListAsync(
                $"select id from search_documents where id {db.Dialect.In(wanted.Select(x => x.Place))}",
                row => row.GetInt64(0), ct)).ToHashSet();
            open = [.. from x in wanted where taken.Contains(x.Place) || !placed.TryAdd(x.Place, x.Item) select x.Item];
        }
        return [.. placed.Select(x => (x.Key, x.Value.Step, x.Value.Document))];
    }

    static SearchDocument ReadDocument(Row row) => new(
        row.GetString(0), row.GetString(1), row.GetStringOrNull(2), new(row.GetInt64(3)), row.GetString(4));
}
