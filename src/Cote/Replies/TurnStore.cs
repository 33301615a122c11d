using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Media;
using Cote.Models;
using Cote.Notices;
using Cote.Primitives;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>A message about to be sent, checked and with its ids.</summary>
/// <param name="ParentId">The message that it is to follow; null for the leaf.</param>
/// <param name="VersionOf">The message whose parent it gets.</param>
/// <param name="StopsOpen">Whether the open replies of the chat end first.</param>
sealed record NewMessage(
    string Id, string ReplyId, string ChatId, string Content, string Type, string Importance, string? ReplyToId,
    IReadOnlyList<string> MediaIds, string? ParentId, string? VersionOf, bool StopsOpen, string Fingerprint,
    Timestamp At)
{
    /// <summary>What a chat without a title is called after it; empty where it says no name.</summary>
    public string Title { get; init; } = "";

    /// <summary>Whether a budget was asked for room; if not, it is stored only where the user has none.</summary>
    public bool IsBudgetAsked { get; init; }

    /// <summary>Whether a reply that waits ends first; if not, it is stored only where none does.</summary>
    public bool StopsWaiting { get; init; }

    /// <summary>The tools that the client brings, as JSON, or null.</summary>
    public string? ClientTools { get; init; }

    /// <summary>The installation that brings them.</summary>
    public string? ClientId { get; init; }

    /// <summary>What its reply has instead of the chat's settings, or null.</summary>
    public ReplyOverrides? Overrides { get; init; }

    /// <summary>The hash of the request that sends it, where another dialect tells its repetitions by it.</summary>
    public string? RequestHash { get; init; }

    /// <summary>What is shown of its uploads, with their paths as URLs.</summary>
    public IReadOnlyList<MediaInfo> Media { get; init; } = [];

    /// <summary>What is stored of its uploads: their paths, unsigned.</summary>
    public IReadOnlyList<string> MediaPaths { get; } = [.. MediaIds.Select(MediaLinks.PathOf)];
}

/// <summary>A new version of a reply, checked and with its id.</summary>
/// <param name="Prefix">The text that it goes on after; empty where it begins anew.</param>
/// <param name="StopsWaiting">Whether a reply that waits to another question ends first.</param>
sealed record NewVersion(
    string Id, string ChatId, string QuestionId, string? Model, double? Temperature, int? MaxTokens,
    string? ReasoningEffort, string Prefix, bool StopsOpen, string Fingerprint, bool StopsWaiting = false);

/// <summary>Where a new message is put.</summary>
/// <param name="ParentId">The message that it follows; empty for the beginning, null for the leaf.</param>
/// <param name="Change">How the path changes before it; null where it only grows.</param>
/// <param name="GivesTitle">Whether the chat waits for a title, and gets that of the message.</param>
readonly record struct TreePosition(string? ParentId, PathChange? Change = null, bool GivesTitle = false);

/// <summary>The result of a send.</summary>
/// <param name="Outcome"><see cref="Outcome.Conflict"/> where the id is taken.</param>
/// <param name="Happened">False where something that it depends on is not as it must be.</param>
/// <param name="Reply">The stored reply, where it happened.</param>
/// <param name="Ended">The replies that the same transaction has ended.</param>
sealed record SendResult(Outcome Outcome, bool Happened, PendingReplyRow? Reply, IReadOnlyList<string> Ended);

/// <summary>The SQL that begins a turn: a question and its reply, or a new version of a reply, in one transaction.
/// </summary>
sealed class TurnStore(Database db, EventLog events, TreeStore tree, ReplyLeases leases, ModelCatalogue models,
    Node node, MessagesOptions options, Outbox outbox, Clock clock)
{
    /// <summary>
    /// Stores a question and its reply. Where no other reply is pending in the chat and this node has a slot, the reply
    /// is claimed in the same transaction: one commit stands before the model call.
    /// </summary>
    public async Task<SendResult> SendAsync(string userId, NewMessage message, TreePosition position, bool hasSlot)
    {
        var (id, chat) = (message.Id, message.ChatId);
        var batch = new WriteBatch { IsRepeatable = true };
        var transaction = Begin(batch, userId, chat, message.At, message.StopsOpen, message.StopsWaiting,
            1 + (position.Change is null ? 0 : 1) + (position.GivesTitle ? 1 : 0),
            $"{GuardOf(userId, message, position.GivesTitle)} and {IsAt(userId, chat, position)}");
        if (position.Change is { } change)
            MovePath(transaction, chat, change);
        if (position.GivesTitle)
            transaction.Append(EventTypes.ChatUpdated, chat);
        Sql reply = SelectReply(transaction, hasSlot, $"""
            {userId}, {message.ReplyId}, {chat}, c.last_seq + 2, {Senders.Ai}, 'text', '', {Statuses.Sent},
            {message.Importance}, '[]', {id}, null, {id}, {AtLeast(message.At)}, 0, 0, 0, '', null, null, null, 0,
            {SettingsOf(message.Overrides)}, {message.Overrides?.Options?.ToJson()}
            """, chat);
        // One statement for both: each that writes messages looks at all of their indexes before its first row.
        transaction.Execute($"""
            insert into messages ({Columns}) {SelectQuestion(transaction, userId, message, position)}
            union all {reply}
            """);
        MediaStore.Name(transaction, chat, id, message.MediaIds);
        transaction.Append(EventTypes.Message, chat, id);
        outbox.AddLast(transaction, NoticeTypes.MessageSent, chat, id);
        transaction.Execute($"""
            update chats set last_seq = last_seq + 2, leaf_id = {message.ReplyId}, activity = h.seq, changed = h.seq,
              last_message_time = {AtLeast(message.At)}, is_branched = {SetBranched(position)},
              title = {(position.GivesTitle ? (Sql)$"{message.Title}" : $"title")},
              last_message_content = {Excerpt.Of(message.Content, Chat.LongestExcerpt)}
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chat}
            """);
        // The writer has these pages at hand; the run would read them again while its model waits to be asked.
        var path = hasSlot ? PastStore.AddIfShort(batch, userId, chat) : null;
        var result = await CommitAsync(batch, transaction, message.ReplyId, hasSlot, isNew: true);
        return path is { Items.Count: > 0 } && result.Reply is { } stored
            ? result with { Reply = stored with { Path = path.Items } } : result;
    }

    /// <summary>Stores a new version of a reply, queued or claimed as by a send. The path changes to it.</summary>
    public async Task<SendResult> RegenerateAsync(
        string userId, NewVersion version, PathChange change, bool hasSlot)
    {
        var chat = version.ChatId;
        var now = clock.Now;
        var batch = new WriteBatch { IsRepeatable = true };
        Sql isOpen = version.StopsOpen ? (Sql)$"1 = 1"
            : $"""
            {HasRoom(userId, chat)} and not exists (
              select 1 from messages o where {IsPendingIn(userId, chat)} and o.reply_to_id = {version.QuestionId})
            """;
        var transaction = Begin(batch, userId, chat, now, version.StopsOpen, version.StopsWaiting, 1, $"""
            {TreeStore.Unchanged(userId, chat, change.Changed)} and {isOpen}
            """);
        MovePath(transaction, chat, change);
        Sql reply = SelectReply(transaction, hasSlot, $"""
            {userId}, {version.Id}, {chat}, c.last_seq + 1, {Senders.Ai}, 'text', {version.Prefix}, {Statuses.Sent},
            q.importance, '[]', q.id, null, q.id, {AtLeast(now)}, {version.Prefix.Length > 0}, 0, 0,
            {version.Fingerprint}, null, null, null, {(long)version.Prefix.Length}, {SettingsOf(new(
                version.Model, version.Temperature, version.MaxTokens, version.ReasoningEffort, null))}, null
            """, chat, version.Prefix.Length > 0, $"join messages q on q.user_id = c.user_id and q.id = {version.QuestionId}");
        transaction.Execute($"insert into messages ({Columns}) {reply}");
        transaction.Execute($"""
            update chats set last_seq = last_seq + 1, leaf_id = {version.Id}, changed = h.seq, is_branched = 1,
              last_message_content = coalesce({tree.LastContent(userId, chat)}, '')
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chat}
            """);
        return await CommitAsync(batch, transaction, version.Id, hasSlot);
    }

    /// <summary>How many replies of a chat are queued or running.</summary>
    public Task<long> CountPendingAsync(string userId, string chatId, CancellationToken ct) =>
        db.FirstAsync($"select count(*) from messages o where {TakesRoomIn(userId, chatId)}",
            row => row.GetInt64(0), ct);

    /// <summary>Whether a reply of a chat waits for a person or a client.</summary>
    public Task<bool> HasWaitingAsync(string userId, string chatId, CancellationToken ct) =>
        db.FirstAsync($"select 1 {ReplyStore.WaitingIn(userId, chatId)}", _ => true, ct);

    /// <summary>Whether a reply to a question is pending.</summary>
    public Task<bool> HasOpenReplyAsync(string userId, string questionId, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select 1 from messages o where o.user_id = {userId} and o.reply_to_id = {questionId} and o.state in {States.Open}
            """, _ => true, ct);

    // The open replies end in the same transaction, and so that they do not count.
    EventTransaction Begin(
        WriteBatch batch, string userId, string chatId, Timestamp at, bool stopsOpen, bool stopsWaiting, int count,
        Sql guard)
    {
        var ending = stopsOpen ? ReplyStore.OpenIn(userId, chatId)
            : stopsWaiting ? ReplyStore.WaitingIn(userId, chatId) : null;
        if (ending is null)
            guard = $"{guard} and not exists (select 1 {ReplyStore.WaitingIn(userId, chatId)})";
        var transaction = new EventTransaction(batch, userId, clock.NewId(), at, count, guard, ending);
        if (ending is not null)
            ReplyStore.StopAll(
                batch, transaction, outbox, chatId, ending, 2L * options.MaxOpenReplies + count,
                stopsOpen ? CallEnds.Stopped : CallEnds.Superseded);
        return transaction;
    }

    void MovePath(EventTransaction transaction, string chatId, PathChange change)
    {
        tree.Move(transaction, chatId, change);
        transaction.Append(EventTypes.ChatPath, chatId, n: change.AfterSeq);
    }

    async Task<SendResult> CommitAsync(
        WriteBatch batch, EventTransaction transaction, string replyId, bool hasSlot, bool isNew = false)
    {
        if (hasSlot)
            leases.AddCall(batch, $"""
                r.user_id = {transaction.UserId} and r.id = {replyId} and r.state = 'running' and r.owner = {node.Id} and r.attempt = 1
                """);
        var reply = batch.Query(
            PendingReplyRow.Select($"r.user_id = {transaction.UserId} and r.id = {replyId}", isNew),
            PendingReplyRow.Read);
        var outcome = await events.CommitAsync(batch, transaction.UserId, transaction);
        return new(outcome, transaction.Happened, reply.First, transaction.AppendedTo);
    }

    // Of a reply in chat c: its model, temperature, max_tokens and reasoning_effort.
    Sql SettingsOf(ReplyOverrides? own) => $"""
        coalesce({own?.Model}, c.model, {models.Default.Id}), coalesce({own?.Temperature}, c.temperature),
        coalesce({(long?)own?.MaxTokens}, c.max_tokens), coalesce({own?.ReasoningEffort}, c.reasoning_effort)
        """;

    static Sql IsAt(string userId, string chatId, TreePosition position) => position switch
    {
        { Change: { } change } => TreeStore.Unchanged(userId, chatId, change.Changed),
        { ParentId: { } parent } => $"""
            exists (select 1 from chats c where c.user_id = {userId} and c.id = {chatId} and c.leaf_id = {parent})
            """,
        _ => $"1 = 1",
    };

    static Sql SetBranched(TreePosition position) => position.Change is null ? (Sql)$"is_branched" : $"1";

    // A chat that waits for a title is found by a send that gives none, and a budget by one that did not ask: it does
    // nothing, and is made again.
    Sql GuardOf(string userId, NewMessage message, bool givesTitle)
    {
        var guard = ChatStore.Lives(userId, message.ChatId, message.Title.Length == 0 ? null
            : givesTitle ? ChatStore.AwaitsTitle : $"not {ChatStore.AwaitsTitle}");
        if (message.ReplyToId is { } target)
            guard = $"""
                {guard} and exists (
                  select 1 from messages m where m.user_id = {userId} and m.id = {target} and m.chat_id = {message.ChatId}
                  and m.listed = 1 and m.deleted_at is null)
                """;
        if (!message.IsBudgetAsked)
            guard = $"{guard} and not {BudgetStore.HasOwn($"{userId}")}";
        foreach (var upload in message.MediaIds.Distinct())
            guard = $"{guard} and {MediaStore.Owns(userId, upload)}";
        return message.StopsOpen ? guard : $"{guard} and {HasRoom(userId, message.ChatId)}";
    }

    // Where the lowest pending reply is near the chat's end there is room, without a count; where it is not, messages
    // between may have ended or be deleted, and a count decides.
    Sql HasRoom(string userId, string chatId) => $"""
        (coalesce((
            select c.last_seq - o.seq from messages o join chats c on c.user_id = o.user_id and c.id = o.chat_id
            where {TakesRoomIn(userId, chatId)} order by o.seq limit 1), -1) < {options.MaxOpenReplies - 1L}
          or (select count(*) from messages o where {TakesRoomIn(userId, chatId)}) < {(long)options.MaxOpenReplies})
        """;

    static readonly Sql Columns = $"""
        user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_to_id, reply_id, parent_id,
        timestamp, listed, event_seq, tokens, fingerprint, client_tools, client_id, request_hash, prefix,
        model, temperature, max_tokens, reasoning_effort, options, state, begun_seq, attempt, text_attempt, owner,
        lease_until
        """;

    static Sql SelectQuestion(
        EventTransaction transaction, string userId, NewMessage message, TreePosition position)
    {
        var media = JsonSerializer.Serialize(message.MediaPaths, MessagesJson.Default.IReadOnlyListString);
        Sql parent = position.ParentId is { } id ? (Sql)$"{id}" : $"coalesce(c.leaf_id, '')";
        return $"""
            select {userId}, {message.Id}, {message.ChatId}, c.last_seq + 1, {Senders.User}, {message.Type}, {message.Content},
              {Statuses.Sent}, {message.Importance}, {media}, {message.ReplyToId}, {message.ReplyId}, {parent},
              {AtLeast(message.At)}, 1, h.seq, {(long)TokenEstimate.Of(message.Content)}, {message.Fingerprint},
              {message.ClientTools}, {message.ClientId}, {message.RequestHash}, 0,
              null, null, null, null, null, null, 0, 0, 0, null, 0
            from chats c, {transaction.Locked} and c.user_id = {userId} and c.id = {message.ChatId}
            """;
    }

    // `values` are those of the columns up to the state; c is the chat.
    Sql SelectReply(
        EventTransaction transaction, bool hasSlot, Sql values, string chatId, bool hasPrefix = false,
        Sql? join = null) => $"""
        select {values}, f.state, h.seq, case when f.state = 'running' then 1 else 0 end,
          case when f.state = 'running' and {hasPrefix} = 0 then 1 else 0 end,
          case when f.state = 'running' then {node.Id} end, case when f.state = 'running' then {leases.Until} else 0 end
        from chats c {join ?? $""}, (
          select case when {hasSlot} = 1
            and not exists (select 1 from messages o where {IsPendingIn(transaction.UserId, chatId)})
            then 'running' else 'queued' end as state) f,
          {transaction.Locked} and c.user_id = {transaction.UserId} and c.id = {chatId}
        """;

    static Sql IsPendingIn(string userId, string chatId) =>
        $"o.user_id = {userId} and o.chat_id = {chatId} and o.state in {States.Open}";

    // One that waits ends with the next turn.
    static Sql TakesRoomIn(string userId, string chatId) => $"{IsPendingIn(userId, chatId)} and o.state <> 'waiting'";

    // Times within a chat never go back, though the clocks of nodes may differ.
    static Sql AtLeast(Timestamp now) =>
        $"case when last_message_time > {now} then last_message_time else {now} end";
}
