using Cote.Chats;
using Cote.Events;
using Cote.Notices;

namespace Cote.Replies;

/// <summary>Ends every open reply of a database that was restored: nobody makes them any more.</summary>
sealed class OpenReplies(Database db, EventLog events, Outbox outbox, Clock clock)
{
    /// <summary>
    /// Ends the open replies of some chats as interrupted; how many, or 0 where there are none. Throws <see
    /// cref="StartupException"/> where one cannot be ended.
    /// </summary>
    public async Task<int> InterruptAsync(int mostChats, CancellationToken ct)
    {
        var chats = await db.ListAsync(
            $"""
            select user_id, chat_id, count(*) from messages where state in {States.Open}
            group by user_id, chat_id order by user_id, chat_id limit {(long)mostChats}
            """, row => (UserId: row.GetString(0), ChatId: row.GetString(1), Count: row.GetInt64(2)), ct);
        foreach (var (userId, chatId, count) in chats)
        {
            Sql rows = $"""
                from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.state in {States.Open}
                """;
            var batch = new WriteBatch();
            var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, rows);
            ReplyStore.StopAll(
                batch, transaction, outbox, chatId, rows, count, CallEnds.Restored, States.Interrupted);
            await events.CommitAsync(batch, userId, transaction);
            // Nobody else writes, so what is open now would be open after every further round.
            if (await db.FirstAsync($"select m.id {rows} limit 1", row => row.GetString(0), ct) is { } left)
                throw new StartupException(
                    $"the reply {left} of user {userId} cannot be ended: its rows are damaged. Run check on the "
                    + "server that the backup was made of, mend what it says, and back up again.");
        }
        return (int)chats.Sum(x => x.Count);
    }
}
