using Cote.Data;
using Cote.Events;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>A text that a search may find: of a message, or a title, whose <c>MessageId</c> is empty.</summary>
sealed record SearchText(
    long Id, string ChatId, string Title, string MessageId, long Seq, string? Sender, Timestamp Timestamp,
    bool IsOnPath, string Text);

/// <summary>How far the index follows a user's log.</summary>
/// <param name="Number">The user's short name in terms; 0 where the index has nothing of the user.</param>
/// <param name="Mark">The event up to which it has everything.</param>
/// <param name="Goal">While the user's rows are read anew, the event at which that leads; else 0.</param>
/// <param name="Place">The row that was read last.</param>
/// <param name="Head">The user's newest event.</param>
/// <param name="Tail">The user's newest event that was trimmed.</param>
sealed record SearchMark(string UserId, long Number, long Mark, long Goal, string Place, long Head, long Tail)
{
    /// <summary>The most events that a search reads itself.</summary>
    public const int MostEvents = 1_000;

    /// <summary>Whether all that the index lacks is events that a search can read.</summary>
    public bool IsNear => Goal == 0 && Mark >= Tail && Head - Mark <= MostEvents;
}

/// <summary>The SQL that searches.</summary>
sealed class SearchStore(Database db)
{
    /// <summary>The most units of texts that are read for one page.</summary>
    public const long MostUnits = 8_000_000;

    /// <summary>Which chats a search may find: <c>c</c> is the chat.</summary>
    public static readonly Sql IsSearched = $"c.deleted_at is null and c.is_temporary = 0";

    /// <summary>Which messages have a text to find: <c>m</c> is the message.</summary>
    public static readonly Sql HasText = $"m.deleted_at is null and m.event_seq > 0 and m.content <> ''";

    /// <summary>
    /// Which messages the index lacks: <c>m</c> is the message. Each is asked for by the unique index; a join would
    /// read all documents of the user on a PostgreSQL that has not analyzed its tables yet.
    /// </summary>
    public static readonly Sql IsMissing = $"""
        (select d.id from search_documents d
         where d.user_id = m.user_id and d.message_id = m.id limit 1) is null
        """;

    static readonly Sql OfMessage =
        $"c.id, c.title, m.id, m.seq, m.sender, m.timestamp, m.on_path, m.content";

    /// <summary>
    /// The columns of a document <c>d</c> with what it is made of. A row of something that is gone is none.
    /// </summary>
    static Sql Documents(string userId) => $"""
        c.id, c.title, d.message_id, coalesce(m.seq, 0), m.sender, coalesce(m.timestamp, c.created_at),
          coalesce(m.on_path, 1), coalesce(m.content, c.title), d.id
        from search_documents d
        join chats c on c.user_id = d.user_id and c.id = d.chat_id and {IsSearched}
        left join messages m on m.user_id = d.user_id and m.id = d.message_id and {HasText}
        where d.user_id = {userId} and (d.message_id = '' or m.id is not null)
        """;

    /// <summary>
    /// Where a text stands in the index: its time, and then by chance, so that the same text has the same place on
    /// every node. <paramref name="attempt"/> goes farther away where a place is taken.
    /// </summary>
    public static long PlaceOf(Timestamp timestamp, string id, int attempt = 0)
    {
        const int bits = 12;
        var hash = 14_695_981_039_346_656_037;
        foreach (var unit in id)
            hash = (hash ^ unit) * 1_099_511_628_211;
        hash ^= hash >> 29; // the low bits alone depend on the last letters only
        var milliseconds = Math.Clamp(timestamp.Milliseconds, 0, (1L << (62 - bits)) - 1);
        return (milliseconds << bits) + (long)(hash % (1UL << Math.Min(bits + 2 * attempt, 40)));
    }

    /// <summary>How far the index has come with a user.</summary>
    public async Task<SearchMark> FindMarkAsync(string userId, CancellationToken ct) =>
        (await ListMarksAsync([userId], ct)) is [var mark] ? mark : new(userId, 0, 0, 0, "", 0, 0);

    /// <summary>The same of several users.</summary>
    public Task<IReadOnlyList<SearchMark>> ListMarksAsync(IEnumerable<string> users, CancellationToken ct) =>
        db.ListAsync(
            $"""
            select h.user_id, coalesce(s.number, 0), coalesce(s.mark, 0), coalesce(s.goal, 0), coalesce(s.place, ''),
              h.seq, h.tail
            from heads h left join search_marks s on s.user_id = h.user_id
            where h.user_id {db.Dialect.In(users)}
            """, row => new SearchMark(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
                row.GetString(4), row.GetInt64(5), row.GetInt64(6)), ct);

    /// <summary>
    /// What the newest events after the mark tell of that the index does not have, and whether that is all of it: what
    /// appeared with a chat is left out where it is too much to read.
    /// </summary>
    public async Task<(IReadOnlyList<SearchText> Texts, bool IsWhole)> ListNewAsync(
        SearchMark mark, CancellationToken ct)
    {
        const int most = SearchMark.MostEvents;
        if (mark.Head == mark.Mark)
            return ([], true);
        var units = 0L;
        bool isMuch(SearchText text) => (units += text.Text.Length) > MostUnits;
        Sql ofEvents(Sql column, Sql types) => $"""
            (select e.{column} from events e where e.user_id = {mark.UserId} and e.type in ({types})
             and e.seq > {Math.Max(mark.Mark, mark.Head - most)})
            """;
        Sql missing = $"""
            select {OfMessage}, cast(0 as bigint) from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and {IsSearched}
            where m.user_id = {mark.UserId} and {HasText} and {IsMissing}
            """;
        var sent = await db.ListAsync(
            $"{missing} and m.id in {ofEvents($"message_id", $"{EventTypes.Message}")}", ReadText, ct, isMuch);
        // A chat that was imported or copied appears with all of its messages.
        var appeared = await db.ListAsync(
            $"{missing} and m.chat_id in {ofEvents($"chat_id", $"{EventTypes.ChatCreated}")} limit {most + 1L}",
            ReadText, ct, isMuch);
        var titles = await db.ListAsync(
            $"""
            select c.id, c.title, '', cast(0 as bigint), null, c.created_at, cast(1 as bigint), c.title,
              cast(0 as bigint)
            from chats c where c.user_id = {mark.UserId} and c.title <> '' and {IsSearched}
              and c.id in {ofEvents($"chat_id", $"{EventTypes.ChatCreated}, {EventTypes.ChatUpdated}")}
            """, ReadText, ct);
        var isWhole = appeared.Count <= most && units <= MostUnits;
        return (Place([.. isWhole ? sent.UnionBy(appeared, x => x.MessageId) : sent, .. titles]), isWhole);
    }

    // Two texts of one place would be one at the end of a page: each gets its own, as in the index.
    static IReadOnlyList<SearchText> Place(IReadOnlyList<SearchText> texts)
    {
        var taken = new HashSet<long>();
        return [.. texts.OrderBy(x => x.MessageId, StringComparer.Ordinal).Select(text =>
        {
            var place = text.Id;
            for (var attempt = 1; !taken.Add(place); attempt++)
                place = PlaceOf(text.Timestamp, text.MessageId.Length > 0 ? text.MessageId : text.ChatId, attempt);
            return text with { Id = place };
        })];
    }

    /// <summary>The newest texts of a user, or of a chat, as long as there are not enough.</summary>
    public Task<IReadOnlyList<SearchText>> ListNewestAsync(
        string userId, string? chatId, long before, int limit, Func<SearchText, bool> enough, CancellationToken ct)
    {
        var documents = Documents(userId);
        if (chatId is not null)
            documents = $"{documents} and d.chat_id = {chatId}";
        return db.ListAsync(
            $"select {documents} and d.id < {before} order by d.id desc limit {(long)limit}",
            ReadText, ct, enough);
    }

    /// <summary>The places of the newest documents whose terms match.</summary>
    public Task<IReadOnlyList<long>> ListPlacesAsync(TermQuery terms, long before, int limit, CancellationToken ct) =>
        db.ListAsync(db.Dialect.NewestWith(terms, before, limit), row => row.GetInt64(0), ct);

    /// <summary>The texts at these places, the newest first, as long as there are not enough.</summary>
    public Task<IReadOnlyList<SearchText>> ListAtAsync(
        string userId, IEnumerable<long> places, Func<SearchText, bool> enough, CancellationToken ct) =>
        db.ListAsync(
            $"select {Documents(userId)} and d.id {db.Dialect.In(places)} order by d.id desc",
            ReadText, ct, enough);

    static SearchText ReadText(Row row)
    {
        var (messageId, timestamp) = (row.GetString(2), new Timestamp(row.GetInt64(5)));
        var chatId = row.GetString(0);
        var place = row.GetInt64(8);
        return new(
            place > 0 ? place : PlaceOf(timestamp, messageId.Length > 0 ? messageId : chatId),
            chatId, row.GetString(1), messageId, row.GetInt64(3), row.GetStringOrNull(4), timestamp,
            row.GetInt64(6) != 0, row.GetString(7));
    }
}
