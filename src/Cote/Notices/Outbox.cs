using Cote.Events;

namespace Cote.Notices;

/// <summary>
/// Writes what webhooks and devices are told into the transaction of what it tells: both are committed, or neither.
/// Where no endpoint wants to be told and there is no device, nothing is added.
/// </summary>
sealed class Outbox
{
    /// <summary>How long it is tried to tell something.</summary>
    public static readonly TimeSpan TriedFor = TimeSpan.FromHours(24);

    static readonly Sql Columns = $"id, endpoint, type, user_id, chat_id, message_id, cursor, at, until, due_at";

    readonly EventLog _events;
    readonly PushOutbox _pushes;
    readonly Clock _clock;
    readonly Dictionary<string, Sql> _endpoints = []; // of each type that somebody wants: a table of their names

    public Outbox(WebhookEndpoints endpoints, EventLog events, PushOutbox pushes, Clock clock)
    {
        (_events, _pushes, _clock) = (events, pushes, clock);
        foreach (var type in NoticeTypes.All)
        {
            Sql? names = null;
            foreach (var endpoint in endpoints.Items.Where(x => x.Wants(type)))
                names = names is null ? (Sql)$"select {endpoint.Name} as name"
                    : $"{names} union all select {endpoint.Name}";
            if (names is not null)
                _endpoints[type] = names;
        }
    }

    /// <summary>Something may be due: a commit of this node has told something, or has let it go again.</summary>
    public event Action? Added;

    /// <summary>Whether anybody is told of a type.</summary>
    public bool Wants(string type) => _endpoints.ContainsKey(type);

    /// <summary>Raises <see cref="Added"/> now.</summary>
    public void Wake() => Added?.Invoke();

    /// <summary>Raises <see cref="Added"/> when the batch is committed.</summary>
    public void WakeAfter(WriteBatch batch) => batch.Committed += Wake;

    /// <summary>Tells of a chat or a message what the event tells that the transaction has appended last.</summary>
    public void AddLast(EventTransaction transaction, string type, string chatId, string? messageId)
    {
        Add(transaction.Batch, type, $"h.user_id", $"{chatId}", $"{messageId}", transaction.LastSeq, transaction.At,
            transaction.Locked);
        if (type is NoticeTypes.ReplyEnded or NoticeTypes.ReplyWaiting)
            _pushes.AddLast(transaction, PushKinds.Of(type), chatId, messageId!);
    }

    /// <summary>Tells of each of some messages.</summary>
    /// <param name="transaction">The transaction that changes them; the rows are read before the change.</param>
    /// <param name="type">One of <see cref="NoticeTypes"/>.</param>
    /// <param name="rows">The messages as <c>m</c>: <c>from messages m where …</c>.</param>
    /// <param name="seq">The number of their event; null where each has its own by
    /// <see cref="EventTransaction.AppendEach"/>.</param>
    public void AddEach(EventTransaction transaction, string type, Sql rows, Sql? seq = null)
    {
        Add(transaction.Batch, type, $"h.user_id", $"e.chat_id", $"e.id", seq ?? transaction.EachSeq, transaction.At,
            $"{EventTransaction.Numbered(rows)} e, {transaction.Locked}", $"'_' || e.place");
        // Without an event of their own they go: a device is told of nothing that is not there.
        if (type == NoticeTypes.ReplyEnded && seq is null)
            _pushes.AddEach(transaction, rows);
    }

    /// <summary>Tells of a user.</summary>
    /// <param name="batch">The batch that changes what is told.</param>
    /// <param name="type">One of <see cref="NoticeTypes"/>.</param>
    /// <param name="userId">The user.</param>
    /// <param name="at">When it happens.</param>
    /// <param name="only">The condition that it happens, without <c>where</c>.</param>
    public void Add(WriteBatch batch, string type, string userId, Timestamp at, Sql? only = null) =>
        Add(batch, type, $"{userId}", $"{(string?)null}", $"{(string?)null}", null, at,
            $"(select 1 as one) o where {only ?? $"1 = 1"}");

    /// <summary>
    /// Removes what was to be told of a user whose account is erased; that it was erased is told all the same.
    /// </summary>
    public static void Forget(WriteBatch batch, string userId) =>
        batch.Execute($"delete from webhooks where user_id = {userId} and type <> {NoticeTypes.UserErased}");

    void Add(WriteBatch batch, string type, Sql userId, Sql chatId, Sql messageId, Sql? seq, Timestamp at, Sql source,
        Sql? suffix = null)
    {
        if (!_endpoints.TryGetValue(type, out var names))
            return;
        Sql cursor = seq is null ? (Sql)$"{(string?)null}" : $"{_events.Epoch + "-"} || ({seq})";
        batch.Execute($"""
            insert into webhooks ({Columns})
            select {_clock.NewId() + "_"} || w.name {(suffix is null ? (Sql)$"" : $"|| {suffix}")}, w.name, {type}, {userId},
              {chatId}, {messageId}, {cursor}, {at}, {_clock.Now + TriedFor}, {at}
            from ({names}) w, {source}
            """);
        WakeAfter(batch);
    }
}
