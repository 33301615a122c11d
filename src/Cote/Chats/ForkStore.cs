using Cote.Events;

namespace Cote.Chats;

/// <summary>A copy of a path, as planned at one moment.</summary>
/// <param name="Changed">The <c>changed</c> of the chat that it is copied from.</param>
/// <param name="Messages">The messages that are copied, in order.</param>
/// <param name="IsTooLong">True where there are more than can be copied at once.</param>
sealed record ForkPlan(long Changed, IReadOnlyList<ForkedMessage> Messages, bool IsTooLong);

/// <summary>A message that is copied.</summary>
/// <param name="ReplyToId">The message that it answers or refers to.</param>
sealed record ForkedMessage(string Id, string? ReplyToId, bool IsReply);

/// <summary>The SQL of a chat that begins as a copy of a path of another one.</summary>
sealed class ForkStore(Database db, EventLog events, TreeStore tree, Clock clock)
{
    // Each copy is planned in one text: ids in fields of this width, then its place.
    const int Width = 36;

    /// <summary>
    /// What is copied: the message and those before it, without open replies. Null where the chat or the message is not
    /// there.
    /// </summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="messageId">The last message; null for the leaf.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<ForkPlan?> PlanAsync(string userId, string chatId, string? messageId, CancellationToken ct)
    {
        // What is read after this row may be newer than it: then the write finds that the chat has changed.
        if (await tree.FindChatAsync(userId, chatId, ct) is not { } chat)
            return null;
        if ((messageId ?? chat.LeafId) is not { } last)
            return new(chat.Changed, [], IsTooLong: false);
        var path = await db.ListAsync(
            $"""
            {TreeStore.WithAncestors(userId, chatId, last, PathChange.MostMoved)}
            select m.id, m.reply_to_id, m.sender,
              case when m.state in {States.Open} then cast(1 as bigint) else cast(0 as bigint) end
            from up join messages m on m.user_id = {userId} and m.id = up.id order by up.depth desc
            """,
            row => (
                Message: new ForkedMessage(
                    row.GetString(0), row.GetStringOrNull(1), row.GetString(2) == Senders.Ai),
                IsOpen: row.GetInt64(3) != 0), ct);
        return path.Count == 0 ? null
            : new(chat.Changed, [.. path.Where(x => !x.IsOpen).Select(x => x.Message)],
                IsTooLong: path.Count > PathChange.MostMoved);
    }

    /// <summary>
    /// Makes the copy, whole or not at all, under an id that was made before. Nothing happens where the other chat has
    /// changed since the plan.
    /// </summary>
    public async Task<(Outcome Outcome, bool Happened)> AddAsync(
        string userId, string fromId, ForkPlan plan, string id, string? title, string fingerprint)
    {
        var batch = new WriteBatch { IsRepeatable = true };
        var now = clock.Now;
        var copies = Copies(plan.Messages);
        var transaction = new EventTransaction(
            batch, userId, clock.NewId(), now, 1, TreeStore.Unchanged(userId, fromId, plan.Changed));
        // Of a title that waits for its question, or for a model, the copy makes its own.
        transaction.Execute($"""
            insert into chats (user_id, id, title, title_source, title_state, model, system_prompt, temperature,
              max_tokens, reasoning_effort, tools, created_at, created_seq, last_message_time, activity, changed, last_seq, leaf_id,
              fingerprint)
            select {userId}, {id}, coalesce({title}, c.title),
              case when {title is null} = 1 then c.title_source else 'user' end,
              case when {title is null} = 1 and c.title_state = 1 then 1 else 0 end,
              c.model, c.system_prompt, c.temperature, c.max_tokens, c.reasoning_effort, c.tools, {now}, h.seq, {now}, h.seq, h.seq,
              {(long)copies.Count}, {LeafOf(copies)}, {fingerprint}
            from chats c, {transaction.Locked} and c.user_id = {userId} and c.id = {fromId}
            """);
        if (copies.Count > 0)
            AddMessages(transaction, id, copies);
        transaction.Append(EventTypes.ChatCreated, id);
        var outcome = await events.CommitAsync(batch, userId, transaction);
        return (outcome, transaction.Happened);
    }

    void AddMessages(EventTransaction transaction, string id, IReadOnlyList<string> copies)
    {
        var userId = transaction.UserId;
        var pairs = db.Dialect.EachOf(copies);
        Sql part(int begin, int width) => $"substr(p.copy, cast({begin + 1} as integer), cast({width} as integer))";
        Sql field(int place) => part(place * Width, Width);
        Sql optional(int place) => $"nullif(trim({field(place)}), '')";
        // They have the event of their chat: it is what tells of them.
        transaction.Execute($"""
            insert into messages (user_id, id, chat_id, seq, sender, type, content, status, importance, media, reply_to_id,
              reply_id, parent_id, timestamp, listed, event_seq, begun_seq, tokens, state, attempt, text_attempt, model,
              error_code, error_detail, usage, finish_reason, temperature, max_tokens, reasoning_effort, prefix, parts_rev,
              input_ratio, client_tools, client_id)
            with p (copy) as {pairs}
            select {userId}, {field(1)}, {id}, cast({part(5 * Width, 8)} as bigint), m.sender, m.type,
              m.content, m.status, m.importance, m.media, {optional(3)}, {optional(4)}, trim({field(2)}), m.timestamp, 1,
              h.seq, case when m.state is null then 0 else h.seq end, m.tokens, m.state, m.attempt, m.text_attempt, m.model,
              m.error_code, m.error_detail, m.usage, m.finish_reason, m.temperature, m.max_tokens, m.reasoning_effort, m.prefix,
              m.parts_rev, m.input_ratio, m.client_tools, m.client_id
            from p join messages m on m.user_id = {userId} and m.id = {field(0)}, {transaction.Locked}
            """);
        transaction.Execute($"""
            insert into message_media (user_id, message_id, place, chat_id, media_id)
            with p (copy) as {pairs}
            select {userId}, {field(1)}, mm.place, {id}, mm.media_id
            from p join message_media mm on mm.user_id = {userId} and mm.message_id = {field(0)}, {transaction.Locked}
            """);
        transaction.Execute($"""
            insert into message_parts (user_id, message_id, idx, chunk, rev, data, text)
            with p (copy) as {pairs}
            select {userId}, {field(1)}, mp.idx, mp.chunk, mp.rev, mp.data, mp.text
            from p join message_parts mp on mp.user_id = {userId} and mp.message_id = {field(0)}, {transaction.Locked}
            """);
        transaction.Execute($"""
            insert into tool_calls (user_id, reply_id, step, idx, part, call_id, provider_call_id, hash, data, input, state,
              result, epoch)
            with p (copy) as {pairs}
            select {userId}, {field(1)}, tc.step, tc.idx, tc.part, tc.call_id, tc.provider_call_id, tc.hash, tc.data, tc.input,
              tc.state, tc.result, tc.epoch
            from p join tool_calls tc on tc.user_id = {userId} and tc.reply_id = {field(0)}, {transaction.Locked}
            """);
        transaction.Execute($"""
            update chats set last_message_content = coalesce({tree.LastContent(userId, id)}, ''),
              last_message_time = (
                select max(m.timestamp) from messages m where m.user_id = {userId} and m.chat_id = {id})
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {id}
            """);
    }

    // Old id, new id, new parent, new `reply_to_id`, new `reply_id`, place. A message that is not copied is not named.
    List<string> Copies(IReadOnlyList<ForkedMessage> path)
    {
        var ids = path.ToDictionary(x => x.Id, _ => clock.NewId());
        var replies = new Dictionary<string, string>();
        foreach (var reply in path.Where(x => x is { IsReply: true, ReplyToId: not null }))
            replies.TryAdd(reply.ReplyToId!, ids[reply.Id]);
        string named(string? id) => id is not null && ids.TryGetValue(id, out var copy) ? copy : "";
        var copies = new List<string>(path.Count);
        foreach (var (place, message) in path.Index())
            copies.Add(string.Concat(((string[])
                [
                    message.Id, ids[message.Id], place > 0 ? ids[path[place - 1].Id] : "", named(message.ReplyToId),
                    replies.GetValueOrDefault(message.Id, ""),
                ]).Select(x => x.PadRight(Width))) + $"{place + 1,8}");
        return copies;
    }

    static string? LeafOf(List<string> copies) => copies is [.., var last] ? last.Substring(Width, Width) : null;
}
