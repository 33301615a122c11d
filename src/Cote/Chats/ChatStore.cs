using Cote.Events;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>What was first sent under an id, to tell a retry from another use of it.</summary>
readonly record struct IdempotencyRecord(string Fingerprint, bool IsDeleted);

/// <summary>All SQL of chats. Every statement names the owner: what is another's does not exist.</summary>
sealed class ChatStore(Database db, EventLog events, Clock clock)
{
    public static readonly Sql All = $"""
        c.id, c.title, c.created_at, c.last_message_time, c.last_message_content, c.is_pinned, c.last_seq, c.changed,
        c.model, c.system_prompt, c.temperature, c.max_tokens, c.activity, c.leaf_id
        """;

    /// <summary>How many columns <see cref="All"/> has, for whoever puts others after them.</summary>
    public const int Width = 14;

    public static Chat Read(Row row) => Read(row, 0);

    public static Chat Read(Row row, int at) => new(
        row.GetString(at), row.GetString(at + 1), new(row.GetInt64(at + 2)), new(row.GetInt64(at + 3)),
        // The databases count code points, the contract UTF-16 units: what one of them has cut is cut again here.
        Excerpt.Of(row.GetString(at + 4), Chat.LongestExcerpt),
        row.GetInt64(at + 5) != 0, row.GetInt64(at + 6), row.GetInt64(at + 7),
        row.GetStringOrNull(at + 8), row.GetStringOrNull(at + 9),
        row.GetDoubleOrNull(at + 10), (int?)row.GetInt64OrNull(at + 11),
        row.GetStringOrNull(at + 13))
    {
        Activity = row.GetInt64(at + 12),
    };

    public async Task<Outcome> AddAsync(string userId, string id, string title, string fingerprint, Timestamp now)
    {
        var batch = new WriteBatch { IsRepeatable = true };
        var transaction = new EventTransaction(batch, userId, clock.NewId(), now, 1, $"1 = 1");
        transaction.Execute($"""
            insert into chats (user_id, id, title, created_at, created_seq, last_message_time, activity, changed, fingerprint)
            select {userId}, {id}, {title}, {now}, h.seq, {now}, h.seq, h.seq, {fingerprint} from {transaction.Locked}
            """);
        transaction.Append(EventTypes.ChatCreated, id);
        return await events.CommitAsync(batch, userId, transaction);
    }

    public Task<Chat?> FindAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync(
            $"select {All} from chats c where c.user_id = {userId} and c.id = {id} and c.deleted_at is null", Read, ct);

    public Task<bool> ExistsAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync($"select 1 from chats where user_id = {userId} and id = {id} and deleted_at is null",
            _ => true, ct);

    public async Task<IdempotencyRecord?> FindIdempotencyAsync(string userId, string id, CancellationToken ct) =>
        (await db.ListAsync($"select fingerprint, deleted_at from chats where user_id = {userId} and id = {id}",
            row => new IdempotencyRecord(row.GetString(0), !row.IsDBNull(1)), ct)) is [var record] ? record : null;

    /// <summary>Newest activity first, from the one after <paramref name="before"/> on.</summary>
    public Task<IReadOnlyList<Chat>> ListAsync(string userId, long? before, long limit, Func<Chat, bool> enough,
        CancellationToken ct) =>
        db.ListAsync(SelectNewest(userId, before, limit), Read, ct, enough);

    /// <summary>The query of <see cref="ListAsync"/>, for whoever reads in a snapshot.</summary>
    public static Sql SelectNewest(string userId, long? before, long limit) => $"""
        select {All} from chats c
        where c.user_id = {userId} and c.deleted_at is null and c.activity < {before ?? long.MaxValue}
        order by c.activity desc limit {limit}
        """;

    /// <summary>Sets some columns; false where there is no such chat.</summary>
    public async Task<bool> UpdateAsync(string userId, string id, IReadOnlyList<Sql> columns)
    {
        Sql set = $"changed = h.seq";
        foreach (var column in columns)
            set = $"{set}, {column}";
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, 1, Lives(userId, id));
        transaction.Execute(
            $"update chats set {set} from {transaction.Locked} and chats.user_id = {userId} and chats.id = {id}");
        transaction.Append(EventTypes.ChatUpdated, id);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>The guard of a change in a chat: it is there, and it is the user's.</summary>
    public static Sql Lives(string userId, string id) =>
        $"exists (select 1 from chats c where c.user_id = {userId} and c.id = {id} and c.deleted_at is null)";
}
