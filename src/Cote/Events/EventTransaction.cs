using Cote.Data;
using Cote.Primitives;

namespace Cote.Events;

/// <summary>
/// One change of what a user owns: rows and the events that announce them, in one unit. It begins by locking the head of
/// the user's log, so that changes of one user happen one after the other and commit in the order of their numbers; then
/// it takes the numbers of its events, if its guard holds. Whatever follows inserts or updates <i>from</i> that head, so
/// that a guard which does not hold makes the whole change nothing, in one round trip.
/// </summary>
sealed class EventTransaction
{
    readonly WriteBatch _unit;
    readonly string _id;
    readonly Statement _head;
    readonly int _events;
    Statement? _each;
    int _appended;

    /// <param name="batch">The unit it happens in.</param>
    /// <param name="userId">Whose log it is.</param>
    /// <param name="id">A name for this change that no other has.</param>
    /// <param name="at">When.</param>
    /// <param name="events">How many events it appends.</param>
    /// <param name="guard">What must hold for it to happen: a condition, without <c>where</c>.</param>
    public EventTransaction(WriteBatch batch, string userId, string id, Timestamp at, int events, Sql guard)
    {
        (_unit, UserId, _id, At, _events) = (batch, userId, id, at, events);
        LockHead(batch, userId);
        _head = batch.Execute($"update heads set seq = seq + {events}, unit = {id} where user_id = {userId} and {guard}");
    }

    /// <summary>A change of whatever <paramref name="rows"/> finds (<c>from messages m … where …</c>), with an event for each; of nothing where it finds none.</summary>
    public EventTransaction(WriteBatch batch, string userId, string id, Timestamp at, Sql rows)
    {
        (_unit, UserId, _id, At) = (batch, userId, id, at);
        LockHead(batch, userId);
        _head = batch.Execute($"update heads set seq = seq + (select count(*) {rows}), unit = {id} where user_id = {userId} and exists (select 1 {rows})");
    }

    /// <summary>What changes a user's replies without an event waits its turn among the changes all the same.</summary>
    public static void LockHead(WriteBatch batch, string userId) => batch.Lock($"select 1 from heads where user_id = {userId}");

    public string UserId { get; }

    public Timestamp At { get; }

    /// <summary>How many events it has appended, after the commit.</summary>
    public int Events => _each?.Changed ?? (Happened ? _events : 0);

    /// <summary>After the commit: did the guard hold?</summary>
    public bool Happened => _head.Changed > 0;

    /// <summary>The head with the numbers taken, as <c>heads h where …</c>: follow it with <c>and</c>.</summary>
    public Sql Locked => $"heads h where h.user_id = {UserId} and h.unit = {_id}";

    /// <summary>The number of the <paramref name="nth"/> event (from 1), where <c>h</c> is the locked row.</summary>
    public Sql Seq(int nth) => $"h.seq - {(long)(_events - nth)}";

    public Statement Execute(Sql sql) => _unit.Execute(sql);

    /// <summary>Appends the next event.</summary>
    public void Append(string type, string chatId, string? messageId = null)
    {
        _appended++;
        _unit.Execute($"""
            insert into events (user_id, seq, type, chat_id, message_id, at)
            select h.user_id, {Seq(_appended)}, {type}, {chatId}, {messageId}, {At} from {Locked}
            """);
    }

    /// <summary>Appends an event for each of the rows that the change was begun with, in their order.</summary>
    public void AppendEach(string type, Sql rows) => _each = _unit.Execute($"""
        insert into events (user_id, seq, type, chat_id, message_id, at)
        select h.user_id, h.seq - e.n + e.place, {type}, e.chat_id, e.id, {At}
        from (select m.chat_id, m.id, row_number() over (order by m.chat_id, m.seq) as place, count(*) over () as n {rows}) e, {Locked}
        """);
}
