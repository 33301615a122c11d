using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Primitives;

namespace Cote.Replies;

/// <summary>A message about to be sent, checked and with its ids.</summary>
sealed record NewMessage(
    string Id, string ReplyId, string ChatId, string Content, string Type, string Importance, string? ReplyToId,
    IReadOnlyList<string> MediaIds, string Fingerprint, Timestamp At)
{
    /// <summary>What is stored of its uploads: their paths, unsigned.</summary>
    public IReadOnlyList<string> MediaPaths { get; } = [.. MediaIds.Select(MediaLinks.PathOf)];
}

/// <summary>The result of a send.</summary>
/// <param name="Outcome"><see cref="Outcome.Conflict"/> where the id is taken.</param>
/// <param name="Happened">False where the chat, the message replied to or an upload is not there, or too many replies
/// are pending.</param>
/// <param name="Reply">The stored reply, where it happened.</param>
sealed record SendResult(Outcome Outcome, bool Happened, PendingReplyRow? Reply);

/// <summary>The SQL that begins a turn: a question and its reply, in one transaction.</summary>
sealed class TurnStore(Database db, EventLog events, ReplyLeases leases, ModelCatalogue models, Node node,
    MessagesOptions options, Clock clock)
{
    /// <summary>
    /// Stores a question and its reply. Where no other reply is pending in the chat and this node has a slot, the reply
    /// is claimed in the same transaction: one commit stands before the model call.
    /// </summary>
    public async Task<SendResult> SendAsync(string userId, NewMessage message, bool hasSlot)
    {
        var (id, chat, now) = (message.Id, message.ChatId, message.At);
        var batch = new WriteBatch { IsRepeatable = true };
        var transaction = new EventTransaction(batch, userId, clock.NewId(), now, 1, GuardOf(userId, message));
        transaction.Execute($"""
            update chats set last_seq = last_seq + 2, last_message_time = {NotBefore($"last_message_time", now)},
              last_message_content = {Excerpt.Of(message.Content, Chat.LongestExcerpt)}, activity = h.seq, changed = h.seq
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chat}
            """);
        InsertQuestion(transaction, userId, message);
        InsertReply(transaction, userId, message, hasSlot);
        MediaStore.Name(transaction, chat, id, message.MediaIds);
        transaction.Append(EventTypes.Message, chat, id);
        var reply = batch.Query(
            PendingReplyRow.Select($"r.user_id = {userId} and r.id = {message.ReplyId}"), PendingReplyRow.Read);
        var outcome = await events.CommitAsync(batch, userId, transaction);
        return new(outcome, transaction.Happened, reply.First);
    }

    /// <summary>How many replies of a chat are pending.</summary>
    public Task<long> CountPendingAsync(string userId, string chatId, CancellationToken ct) =>
        db.FirstAsync($"select count(*) from messages o where {IsPendingIn(userId, chatId)}",
            row => row.GetInt64(0), ct);

    Sql GuardOf(string userId, NewMessage message)
    {
        var guard = ChatStore.Lives(userId, message.ChatId);
        if (message.ReplyToId is { } target)
            guard = $"""
                {guard} and exists (
                  select 1 from messages m where m.user_id = {userId} and m.id = {target} and m.chat_id = {message.ChatId}
                  and m.listed = 1 and m.deleted_at is null)
                """;
        foreach (var upload in message.MediaIds.Distinct())
            guard = $"{guard} and {MediaStore.Owns(userId, upload)}";
        return $"{guard} and {HasRoom(userId, message.ChatId)}";
    }

    // Each reply is two above the one before it. Where the lowest pending one is near the chat's end there is room,
    // without a count; where it is not, messages between may be deleted, and a count decides.
    Sql HasRoom(string userId, string chatId) => $"""
        (coalesce((
            select c.last_seq - o.seq from messages o join chats c on c.user_id = o.user_id and c.id = o.chat_id
            where {IsPendingIn(userId, chatId)} order by o.seq limit 1), 0) < {2L * (options.MaxOpenReplies - 1)}
          or (select count(*) from messages o where {IsPendingIn(userId, chatId)}) < {(long)options.MaxOpenReplies})
        """;

    static void InsertQuestion(EventTransaction transaction, string userId, NewMessage message)
    {
        var media = JsonSerializer.Serialize(message.MediaPaths, MessagesJson.Default.IReadOnlyListString);
        transaction.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_to_id,
              reply_id, timestamp, listed, event_seq, tokens, fingerprint)
            select {userId}, {message.Id}, {message.ChatId}, c.last_seq - 1, {Senders.User}, {message.Type}, {message.Content},
              {Statuses.Sent}, {message.Importance}, {media}, {message.ReplyToId}, {message.ReplyId},
              c.last_message_time, 1, h.seq, {(long)TokenEstimate.Of(message.Content)}, {message.Fingerprint}
            from chats c, {transaction.Locked} and c.user_id = {userId} and c.id = {message.ChatId}
            """);
    }

    void InsertReply(EventTransaction transaction, string userId, NewMessage message, bool hasSlot) =>
        transaction.Execute($"""
        insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, reply_to_id,
          timestamp, listed, state, attempt, model, owner, lease_until)
        select {userId}, {message.ReplyId}, {message.ChatId}, c.last_seq, {Senders.Ai}, 'text', '', {Statuses.Sent},
          {message.Importance}, {message.Id}, c.last_message_time, 0, f.state, case when f.state = 'running' then 1 else 0 end,
          coalesce(c.model, {models.Default.Id}), case when f.state = 'running' then {node.Id} end,
          case when f.state = 'running' then {leases.Until} else 0 end
        from chats c, (
          select case when {hasSlot} = 1 and not exists (select 1 from messages o where {IsPendingIn(userId, message.ChatId)})
            then 'running' else 'queued' end as state) f,
          {transaction.Locked} and c.user_id = {userId} and c.id = {message.ChatId}
        """);

    static Sql IsPendingIn(string userId, string chatId) =>
        $"o.user_id = {userId} and o.chat_id = {chatId} and o.state in {PendingReplyRow.States}";

    // Times within a chat never go back, though the clocks of nodes may differ.
    static Sql NotBefore(Sql column, Timestamp now) => $"case when {column} > {now} then {column} else {now} end";
}
