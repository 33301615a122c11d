using Cote.Events;

namespace Cote.Chats;

/// <summary>What is to be done to many chats of a user, one after the other.</summary>
/// <param name="Deletes">Whether they are deleted; else they are archived.</param>
/// <param name="IsArchived">It is about the chats with this flag.</param>
/// <param name="Upto">The newest event of the user when it was asked for: what is newer is left alone.</param>
sealed record ChatJob(string UserId, string Id, bool Deletes, bool IsArchived, long Upto)
{
    /// <summary>
    /// The chats <c>c</c> that it is about: they were there, and had the flag, when it was asked for, and have it
    /// still.
    /// </summary>
    public Sql Scope => $"""
        c.is_archived = {IsArchived} and c.created_seq <= {Upto} and c.archived_seq <= {Upto} and c.deleted_at is null
        """;
}

/// <summary>The SQL of work on many chats, which goes on after its request and after a restart.</summary>
sealed class ChatJobStore(Database db, Clock clock)
{
    /// <summary>Stores a job, for the chats that are there now.</summary>
    public Task AddAsync(string userId, bool deletes, bool isArchived)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId);
        batch.Execute($"""
            insert into chat_jobs (user_id, id, deletes, is_archived, upto)
            select h.user_id, {clock.NewId()}, {deletes}, {isArchived}, h.seq from heads h where h.user_id = {userId}
            """);
        return db.WriteAsync(batch);
    }

    /// <summary>All jobs, those of a user in the order in which they were asked for.</summary>
    public Task<IReadOnlyList<ChatJob>> ListAsync(CancellationToken ct) => db.ListAsync(
        $"select user_id, id, deletes, is_archived, upto from chat_jobs order by user_id, id",
        row => new ChatJob(
            row.GetString(0), row.GetString(1), row.GetInt64(2) != 0, row.GetInt64(3) != 0, row.GetInt64(4)), ct);

    /// <summary>Chats that a job is about, by activity, from the one after <paramref name="after"/> on.</summary>
    public Task<IReadOnlyList<(string Id, long Activity)>> ListChatsAsync(
        ChatJob job, long after, long limit, CancellationToken ct) => db.ListAsync(
        $"""
        select c.id, c.activity from chats c
        where c.user_id = {job.UserId} and c.activity > {after} and {job.Scope} order by c.activity limit {limit}
        """, row => (row.GetString(0), row.GetInt64(1)), ct);

    /// <summary>Removes a job that is done.</summary>
    public Task RemoveAsync(ChatJob job)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from chat_jobs where user_id = {job.UserId} and id = {job.Id}");
        return db.WriteAsync(batch);
    }

    /// <summary>Temporary chats without an open reply whose last message is older than a time.</summary>
    public Task<IReadOnlyList<(string UserId, string Id)>> ListLapsedAsync(
        Timestamp before, long limit, CancellationToken ct) => db.ListAsync(
        $"""
        select c.user_id, c.id from chats c where {Lapsed(before)} order by c.last_message_time limit {limit}
        """, row => (row.GetString(0), row.GetString(1)), ct);

    /// <summary>A temporary chat <c>c</c> whose time is over.</summary>
    public static Sql Lapsed(Timestamp before) => $"""
        c.is_temporary = 1 and c.deleted_at is null and c.last_message_time < {before} and not exists (
          select 1 from messages o where o.user_id = c.user_id and o.chat_id = c.id and o.state in {States.Open})
        """;
}
