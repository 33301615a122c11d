using System.Text.Json;
using Cote.Events;
using Cote.Media;
using Cote.Notices;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>Which messages of a chat are listed.</summary>
enum Branches
{
    /// <summary>Those of the active path.</summary>
    Path,

    /// <summary>Those of the whole tree.</summary>
    All,

    /// <summary>Those of the whole tree, and open replies that show nothing yet: what follows one has its parent.
    /// </summary>
    AllWithOpen,
}

/// <summary>The SQL of messages as clients see them. That of running replies is in Replies/ReplyStore.cs.</summary>
sealed class MessageStore(Database db, EventLog events, PushOutbox pushes, Clock clock)
{
    static readonly Sql NotDeleted = $"m.deleted_at is null";

    /// <summary>
    /// The columns of a message <c>m</c> in a chat <c>c</c>, in the order that <see cref="Read(Row, int)"/> takes them.
    /// </summary>
    /// <param name="view">How much of the parts is read.</param>
    public static Sql Columns(PartsView view) => AllColumns[(int)view];

    static readonly Sql[] OwnColumns = [.. Enum.GetValues<PartsView>().Select(OwnColumnsOf)];
    static readonly Sql[] AllColumns = [.. OwnColumns.Select(x => (Sql)$"{x}, {TreePlace.ColumnsOf($"m")}")];

    static Sql OwnColumnsOf(PartsView view) => $"""
        m.id, m.chat_id, m.seq, m.content, m.type, m.sender, m.timestamp, m.status, m.media, m.reply_to_id, m.importance,
        m.reply_id, m.event_seq, m.state, m.attempt, m.text_attempt, m.model, m.error_code, m.error_detail, m.usage,
        m.finish_reason, m.rating, m.feedback_text, m.parts_rev, {ReplyParts.ColumnOf($"m", view)},
        {MediaStore.InfosOf($"m")}
        """;

    const int OwnWidth = 26;

    /// <summary>The place of the status among these columns.</summary>
    public const int StatusColumn = 7;

    public const int Width = OwnWidth + TreePlace.Width;

    public static Message Read(Row row) => Read(row, 0);

    public static Message Read(Row row, int at)
    {
        var content = row.GetString(at + 3);
        // A row of an older version may hold more text than an answer can carry.
        if (content.Length > Message.LongestContent)
            content = Excerpt.Of(content, Message.LongestContent);
        var place = TreePlace.Read(row, at + OwnWidth);
        var parts = ReplyParts.Read(row.GetStringOrNull(at + 24), row.GetInt64(at + 23));
        return new(
            row.GetString(at), row.GetString(at + 1), row.GetInt64(at + 2), content, row.GetString(at + 4),
            row.GetString(at + 5), new(row.GetInt64(at + 6)), row.GetString(at + 7),
            ReadTexts(row.GetString(at + 8)), MediaStore.ReadInfos(row.GetStringOrNull(at + 25)),
            row.GetStringOrNull(at + 9), row.GetString(at + 10), row.GetStringOrNull(at + 11),
            ReadGeneration(row, at, content), place.ParentId, place.OnPath, place.Siblings,
            row.GetInt64OrNull(at + 21) is { } rating ? new Feedback(rating, row.GetStringOrNull(at + 22)) : null,
            parts.Rev > 0 ? [.. parts.Items.Select(x => x.Part)] : null)
        {
            PartStates = parts,
            EventSeq = row.GetInt64(at + 12),
        };
    }

    static Generation? ReadGeneration(Row row, int at, string content)
    {
        var error = row.GetStringOrNull(at + 17) is { } code
            ? new GenerationError(code, row.GetStringOrNull(at + 18) ?? "") : null;
        if (row.GetStringOrNull(at + 13) is not { } state)
            return error is null ? null : new Generation(Error: error); // A question that a provider refused.
        return new(
            state, row.GetInt64(at + 15),
            row.GetStringOrNull(at + 16) ?? "",
            row.GetStringOrNull(at + 20), error,
            row.GetStringOrNull(at + 19) is { } usage
                ? JsonSerializer.Deserialize(usage, MessagesJson.Default.Usage) : null);
    }

    /// <summary>A message of a chat that is there, listed or not.</summary>
    public Task<Message?> FindAsync(
        string userId, string? chatId, string id, CancellationToken ct, PartsView view = PartsView.Light)
    {
        Sql which = $"m.user_id = {userId} and m.id = {id} and {NotDeleted}";
        if (chatId is not null)
            which = $"{which} and m.chat_id = {chatId}";
        return db.FirstAsync(
            $"""
            select {Columns(view)} from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
            where {which}
            """, Read, ct);
    }

    public async Task<IdempotencyRecord?> FindIdempotencyAsync(string userId, string id, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select m.fingerprint, coalesce(m.deleted_at, c.deleted_at) from messages m
            join chats c on c.user_id = m.user_id and c.id = m.chat_id where m.user_id = {userId} and m.id = {id}
            """,
            row => new IdempotencyRecord(row.GetString(0), !row.IsDBNull(1)), ct)) is [var record] ? record : null;

    /// <summary>Whether a message of a chat is there and stands in lists, of whatever branch.</summary>
    public Task<bool> IsListedAsync(string userId, string chatId, string id, CancellationToken ct) => db.FirstAsync(
        $"""
        select 1 from messages m
        where m.user_id = {userId} and m.id = {id} and m.chat_id = {chatId} and m.listed = 1 and {NotDeleted}
        """, _ => true, ct);

    /// <summary>How many of these replies ended as stopped.</summary>
    public async Task<int> CountStoppedAsync(string userId, IEnumerable<string> ids, CancellationToken ct) =>
        (int)await db.FirstAsync(
        $"""
        select count(*) from messages m
        where m.user_id = {userId} and m.id {db.Dialect.In(ids)} and m.state = {States.Stopped} and {NotDeleted}
        """, row => row.GetInt64(0), ct);

    /// <summary>A chat's last change, and whether a reply in it is open; null where there is no such chat.</summary>
    public async Task<(long Changed, bool IsOpen)?> FindChatStateAsync(
        string userId, string chatId, CancellationToken ct) =>
        (await db.ListAsync(
            $"""
            select c.changed, case when exists (
                select 1 from messages o where o.user_id = {userId} and o.chat_id = {chatId} and o.state in {States.Open}
              ) then cast(1 as bigint) else cast(0 as bigint) end
            from chats c where c.user_id = {userId} and c.id = {chatId} and c.deleted_at is null
            """, row => (row.GetInt64(0), row.GetInt64(1) != 0), ct)) is [var look] ? look : null;

    /// <summary>Listed messages that follow one, ascending.</summary>
    public Task<IReadOnlyList<Message>> ListAfterAsync(
        string userId, string chatId, Branches branches, PartsView view, long after, long limit,
        Func<Message, bool> enough, CancellationToken ct) =>
        db.ListAsync(List(userId, chatId, branches, view, $"m.seq > {after}", $"m.seq", limit), Read, ct, enough);

    /// <summary>Listed messages before one, newest first.</summary>
    public Task<IReadOnlyList<Message>> ListBeforeAsync(
        string userId, string chatId, Branches branches, PartsView view, long before, long limit,
        Func<Message, bool> enough, CancellationToken ct) =>
        db.ListAsync(List(userId, chatId, branches, view, $"m.seq < {before}", $"m.seq desc", limit), Read, ct, enough);

    // Of all branches, so many of the path and so many beside it hold the page: both are ranges of one index.
    static Sql List(
        string userId, string chatId, Branches branches, PartsView view, Sql range, Sql order, long limit)
    {
        Sql shown = branches != Branches.AllWithOpen ? (Sql)$"m.listed = 1"
            : $"(m.listed = 1 or m.state in {States.Open})";
        Sql listed = $"""
            m.user_id = {userId} and m.chat_id = {chatId} and {range} and {shown} and {NotDeleted}
            """;
        Sql ids(long onPath) => $"""
            select id from (
              select m.id from messages m where {listed} and m.on_path = {onPath} order by {order} limit {limit}) x
            """;
        Sql which = branches == Branches.Path ? (Sql)$"m.on_path = 1" : $"m.id in ({ids(1)} union all {ids(0)})";
        return $"""
            select {Columns(view)} from messages m join chats c on c.user_id = m.user_id and c.id = m.chat_id
            where {listed} and {which} order by {order} limit {limit}
            """;
    }

    /// <summary>The versions of a message, itself and open ones included, by <c>seq</c>; empty where it is not there.
    /// </summary>
    public async Task<IReadOnlyList<Message>> ListSiblingsAsync(
        string userId, string chatId, string id, PartsView view, CancellationToken ct)
    {
        // Their places are those in the list: counted for each of them, they take the square of their number.
        var all = await db.ListAsync(SelectSiblings(userId, chatId, id, view), Read, ct);
        return all.Count < 2 ? all : [.. all.Select((x, i) => x with
        {
            Siblings = new(i + 1, all.Count, i > 0 ? all[i - 1].Id : null, i + 1 < all.Count ? all[i + 1].Id : null),
        })];
    }

    static Sql SelectSiblings(string userId, string chatId, string id, PartsView view) => $"""
        select {OwnColumns[(int)view]}, {TreePlace.Alone($"m")} from messages t
        join chats c on c.user_id = t.user_id and c.id = t.chat_id and c.deleted_at is null
        join messages m on m.user_id = t.user_id and m.chat_id = t.chat_id and m.parent_id = t.parent_id
          and m.sender = t.sender and {NotDeleted}
        where t.user_id = {userId} and t.id = {id} and t.chat_id = {chatId} and t.deleted_at is null order by m.seq
        """;

    /// <summary>Those of these messages that are there, by <c>seq</c>, without their place among siblings.</summary>
    public Task<IReadOnlyList<Message>> ListAsync(
        string userId, string chatId, IEnumerable<string> ids, PartsView view, Func<Message, bool> enough,
        CancellationToken ct) => db.ListAsync(
        $"""
        select {OwnColumns[(int)view]}, {TreePlace.Alone($"m")} from messages m
        where m.user_id = {userId} and m.id {db.Dialect.In(ids)} and m.chat_id = {chatId} and {NotDeleted} order by m.seq
        """, Read, ct, enough);

    /// <summary>Where these messages stand now; those that are deleted are left out.</summary>
    public Task<IReadOnlyList<(string Id, TreePlace Place)>> ListPlacesAsync(
        string userId, IEnumerable<string> ids, CancellationToken ct) => db.ListAsync(
        $"""
        select m.id, {TreePlace.ColumnsOf($"m")} from messages m
        join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
        where m.user_id = {userId} and m.id {db.Dialect.In(ids)} and {NotDeleted}
        """, row => (row.GetString(0), TreePlace.Read(row, 1)), ct);

    /// <summary>Moves replies forward in their status, those that are not so far yet, each with its event.</summary>
    /// <param name="isShown">True where the client has been shown text that no checkpoint has brought to the row
    /// yet.</param>
    public Task MarkAsync(string userId, IEnumerable<string> replies, string status, bool isShown = false)
    {
        // Many at once, as whoever reads many replies makes them: what is to be moved is looked for by each statement
        // anew, and the head's lock keeps it the same until the last one has moved it.
        Sql movable = $"""
            from messages m join chats c on c.user_id = m.user_id and c.id = m.chat_id and c.deleted_at is null
            where m.user_id = {userId} and m.id {db.Dialect.In(replies)} and m.sender = 'ai' and (m.listed = 1 or {isShown} = 1)
              and (m.status = 'sent' or m.status = 'delivered' and {status} = 'read') and {NotDeleted}
            """;
        var batch = new WriteBatch { Place = userId, IsRepeatable = true };
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, movable);
        transaction.AppendEach(EventTypes.MessageStatus, movable);
        if (status == Statuses.Read)
            pushes.Withdraw(batch, userId, replies);
        transaction.Execute($"""
            update chats set changed = h.seq from {transaction.Locked} and chats.user_id = {userId} and chats.id in (select m.chat_id {movable})
            """);
        transaction.Execute($"""
            update messages set status = {status} from {transaction.Locked} and messages.user_id = {userId} and messages.id in (select m.id {movable})
            """);
        return events.CommitAsync(batch, userId, transaction);
    }

    /// <summary>A list of texts, as a row keeps it: the paths of uploads, the names of tools.</summary>
    public static IReadOnlyList<string> ReadTexts(string json) =>
        json == "[]" ? [] : JsonSerializer.Deserialize(json, MessagesJson.Default.IReadOnlyListString)!;
}
