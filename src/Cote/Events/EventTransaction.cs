namespace Cote.Events;

/// <summary>
/// A change of one user's data with the events that announce it, in one batch. It begins by locking the head of the
/// user's log, so that transactions of one user run one after the other and commit in the order of their events; then
/// it takes the numbers of its events, if its guard holds. The statements after it insert or update <i>from</i> that
/// head: a guard that does not hold makes all of them change nothing, in one round trip.
/// </summary>
sealed class EventTransaction
{
    readonly WriteBatch _batch;
    const int MostInOne = 50; // SQLite joins 500 selects at the most.

    readonly string _id;
    readonly Statement _head;
    readonly int _events;
    Query<string>? _appended;
    Statement? _append;
    Sql? _appends;
    int _count;

    /// <summary>
    /// A transaction of a fixed number of events, after one for each of <paramref name="rows"/> where it has any
    /// (<c>from messages m … where …</c>).
    /// </summary>
    /// <param name="batch">The batch that its statements are added to.</param>
    /// <param name="userId">The owner of the log.</param>
    /// <param name="id">A new id, which marks the head as taken by this transaction.</param>
    /// <param name="at">The time of its events.</param>
    /// <param name="events">How many events it appends.</param>
    /// <param name="guard">The condition it depends on, without <c>where</c>.</param>
    /// <param name="rows">Rows that get an event each, by <see cref="AppendEach"/>.</param>
    public EventTransaction(
        WriteBatch batch, string userId, string id, Timestamp at, int events, Sql guard, Sql? rows = null)
    {
        (_batch, UserId, _id, At, _events) = (batch, userId, id, at, events);
        LockHead(batch, userId);
        Sql count = rows is null ? (Sql)$"{(long)events}" : $"{(long)events} + (select count(*) {rows})";
        _head = batch.Execute(
            $"update heads set seq = seq + {count}, unit = {id} where user_id = {userId} and {guard}");
    }

    /// <summary>
    /// A transaction with one event for each of <paramref name="rows"/> (<c>from messages m … where …</c>).
    /// </summary>
    public EventTransaction(WriteBatch batch, string userId, string id, Timestamp at, Sql rows)
    {
        (_batch, UserId, _id, At) = (batch, userId, id, at);
        LockHead(batch, userId);
        _head = batch.Execute($"""
            update heads set seq = seq + (select count(*) {rows}), unit = {id}
            where user_id = {userId} and exists (select 1 {rows})
            """);
    }

    /// <summary>
    /// Locks the head without taking numbers: a change of replies that has no event waits its turn all the same.
    /// </summary>
    public static void LockHead(WriteBatch batch, string userId) =>
        batch.Lock($"select 1 from heads where user_id = {userId}");

    public string UserId { get; }

    /// <summary>The batch that it is in.</summary>
    public WriteBatch Batch => _batch;

    public Timestamp At { get; }

    /// <summary>After the commit: how many events it has appended.</summary>
    public int Events => AppendedTo.Count + (Happened ? _events : 0);

    /// <summary>After the commit: the messages that <see cref="AppendEach"/> has appended an event of.</summary>
    public IReadOnlyList<string> AppendedTo => Happened && _appended is { } appended ? appended.Items : [];

    /// <summary>After the commit: whether the guard held.</summary>
    public bool Happened => _head.Changed > 0;

    /// <summary>
    /// The head with the numbers taken, as <c>heads h where …</c>; more conditions follow with <c>and</c>.
    /// </summary>
    public Sql Locked => $"heads h where h.user_id = {UserId} and h.unit = {_id}";

    /// <summary>The number of the <paramref name="nth"/> event (from 1), where <c>h</c> is the locked row.</summary>
    public Sql Seq(int nth) => $"h.seq - {(long)(_events - nth)}";

    /// <summary>The number of the event that was appended last.</summary>
    public Sql LastSeq => Seq(_count);

    /// <summary>
    /// The number of an event of <see cref="AppendEach"/>, by its row <c>e</c> of <see cref="Numbered"/>.
    /// </summary>
    public Sql EachSeq => $"h.seq - {(long)_events} - e.n + e.place";

    /// <summary>
    /// The condition that <c>e</c> is one of its events, for a statement after the last of them; null where their
    /// number is not fixed. Its bounds are values: for columns of a joined head PostgreSQL reads the user's whole log.
    /// </summary>
    public Sql? IsAppended => _appended is not null ? null : (Sql)$"""
        e.user_id = {UserId} and e.seq > (select h.seq - {(long)_events} from {Locked})
          and e.seq <= (select h.seq from {Locked})
        """;

    /// <summary>Rows in the order of their events: <c>place</c> from 1, of <c>n</c>.</summary>
    public static Sql Numbered(Sql rows) => $"""
        (select m.chat_id, m.id, row_number() over (order by m.chat_id, m.seq) as place, count(*) over () as n {rows})
        """;

    /// <summary>Adds a statement to the batch.</summary>
    public Statement Execute(Sql sql) => _batch.Execute(sql);

    /// <summary>Appends the next event. Many of them are one statement, where the first of these is appended.</summary>
    /// <param name="type">One of <see cref="EventTypes"/>.</param>
    /// <param name="chatId">The chat that it is about.</param>
    /// <param name="messageId">The message that it is about.</param>
    /// <param name="n">Of <c>chat.path</c>: <c>after_seq</c>.</param>
    public void Append(string type, string chatId, string? messageId = null, long n = 0)
    {
        var begins = _count % MostInOne == 0;
        _count++;
        Sql next = $"""
            select h.user_id, {Seq(_count)}, {type}, {chatId}, {messageId}, {At}, {n} from {Locked}
            """;
        _appends = begins ? next : $"{_appends!} union all {next}";
        Sql insert = $"insert into events (user_id, seq, type, chat_id, message_id, at, n) {_appends}";
        if (begins)
            _append = _batch.Execute(insert);
        else
            _append!.Sql = insert;
    }

    /// <summary>
    /// Appends an event for each of the rows that the transaction was begun with, in their order, before those of a
    /// fixed number.
    /// </summary>
    public void AppendEach(string type, Sql rows) => _appended = _batch.Query(
        $"""
        insert into events (user_id, seq, type, chat_id, message_id, at)
        select h.user_id, {EachSeq}, {type}, e.chat_id, e.id, {At} from {Numbered(rows)} e, {Locked}
        returning message_id
        """, row => row.GetString(0));
}
