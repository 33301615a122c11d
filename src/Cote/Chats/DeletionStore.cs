using Cote.Events;
using Cote.Media;
using Cote.Notices;

namespace Cote.Chats;

/// <summary>The SQL that takes messages and chats away. Their rows stay for a while, so that their ids stay used.
/// </summary>
sealed class DeletionStore(Database db, EventLog events, TreeStore tree, Outbox outbox, Clock clock)
{
    /// <summary>
    /// Takes a message away, a question with all its replies. What followed follows its parent. An open reply loses its
    /// state, which is the fence: whoever makes it can write no more. Returns the replies that it took, or null where
    /// there is no such message.
    /// </summary>
    public async Task<IReadOnlyList<string>?> DeleteAsync(
        string userId, string chatId, string id, CancellationToken ct)
    {
        // Where the chat has changed since it was planned, nothing happens, and the deletion is planned anew.
        while (await PlanAsync(userId, chatId, id, ct) is { } plan)
            if (await DeleteAsync(userId, chatId, plan))
                return plan.Replies;
        return null;
    }

    /// <summary>
    /// Takes a chat away. Its messages are out of reach at once; their content goes in the background.
    /// </summary>
    /// <param name="userId">The owner.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="only">A condition on the chat <c>c</c> without which nothing happens.</param>
    public async Task<bool> DeleteChatAsync(string userId, string chatId, Sql? only = null)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(
            batch, userId, clock.NewId(), clock.Now, 1, ChatStore.Lives(userId, chatId, only));
        transaction.Execute($"""
            update chats set deleted_at = {transaction.At}, title = '', last_message_content = '', system_prompt = null,
              title_state = {TitleStates.None}
            from {transaction.Locked} and chats.user_id = {userId} and chats.id = {chatId}
            """);
        SettleCalls(batch, transaction, chatId, $"1 = 1");
        outbox.AddEach(transaction, NoticeTypes.ReplyEnded, OpenIn(userId, chatId, $"1 = 1"), transaction.Seq(1));
        transaction.Execute($"""
            update messages set {Blank(transaction.At)} from {transaction.Locked} and messages.user_id = {userId}
              and messages.chat_id = {chatId} and messages.state in {States.Open}
            """);
        SearchIndex.Remove(transaction, chatId, "");
        ShareStore.Remove(transaction, chatId);
        transaction.Append(EventTypes.ChatDeleted, chatId);
        outbox.AddLast(transaction, NoticeTypes.ChatDeleted, chatId, null);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>
    /// Removes the content of messages whose chat has been deleted since, so many in one unit; true where more may be
    /// left.
    /// </summary>
    public async Task<bool> BlankAsync(Timestamp since, int most)
    {
        var batch = new WriteBatch();
        var blanked = batch.Execute($"""
            update messages set {Blank(clock.Now)}
            where deleted_at is null and (user_id, id) in (
              select m.user_id, m.id from chats c join messages m on m.user_id = c.user_id and m.chat_id = c.id
              where c.deleted_at >= {since} and c.importing is null and m.deleted_at is null limit {(long)most})
            """);
        var released = MediaStore.ReleaseOfDeletedChats(batch, since, most);
        var stripped = RemoveParts(batch, most);
        await db.WriteAsync(batch);
        return blanked.Changed >= most || released.Changed >= most || stripped.Changed >= most;
    }

    // Of messages that went with their chat.
    static Statement RemoveParts(WriteBatch batch, int most)
    {
        Sql gone = $"""
            select m.user_id, m.id from messages m where m.deleted_at is not null and m.parts_rev > 0
            order by m.user_id, m.id limit {(long)most}
            """;
        batch.Execute($"delete from message_parts where (user_id, message_id) in ({gone})");
        batch.Execute($"delete from tool_calls where (user_id, reply_id) in ({gone})");
        // One that was deleted between these statements keeps its mark, and its turn comes.
        return batch.Execute($"""
            update messages set parts_rev = 0 where (user_id, id) in ({gone})
              and not exists (
                select 1 from message_parts p where p.user_id = messages.user_id and p.message_id = messages.id)
              and not exists (
                select 1 from tool_calls t where t.user_id = messages.user_id and t.reply_id = messages.id)
            """);
    }

    /// <summary>
    /// Forgets the ids of messages that were deleted before a time, at most so many; true where more may be left. The
    /// id of a deleted chat stays used as long as its account exists.
    /// </summary>
    public async Task<bool> ForgetAsync(Timestamp before, int most)
    {
        var batch = new WriteBatch();
        var forgotten = batch.Execute($"""
            delete from messages where (user_id, id) in (
              select m.user_id, m.id from messages m where m.deleted_at < {before} limit {(long)most})
            """);
        await db.WriteAsync(batch);
        return forgotten.Changed >= most;
    }

    /// <summary>A deletion as planned at one moment.</summary>
    /// <param name="Changed">The chat's <c>changed</c> at that moment.</param>
    /// <param name="Id">The message.</param>
    /// <param name="Replies">Its replies, on every branch.</param>
    /// <param name="ParentId">What follows them follows this one; empty for the beginning.</param>
    /// <param name="LeafId">The last message of the path afterwards.</param>
    /// <param name="Entering">The messages that enter the path.</param>
    /// <param name="AfterSeq">Of the <c>chat.path</c> that tells of it; null where there is nothing to tell.</param>
    sealed record Plan(
        long Changed, string Id, IReadOnlyList<string> Replies, string ParentId, string? LeafId,
        IReadOnlyList<string> Entering, long? AfterSeq)
    {
        public IReadOnlyList<string> All => [Id, .. Replies];
    }

    /// <summary>A child of a message that is affected.</summary>
    readonly record struct Child(string Id, string ParentId, string Sender, long Seq, bool IsOnPath);

    async Task<Plan?> PlanAsync(string userId, string chatId, string id, CancellationToken ct)
    {
        if (await tree.FindChatAsync(userId, chatId, ct) is not { } chat
            || await tree.FindNodeAsync(userId, chatId, id, ct) is not { } node)
            return null;
        var children = node.Sender == Senders.Ai ? [] : await ListChildrenAsync(userId, chatId, [id], ct);
        IReadOnlyList<string> replies = [.. children.Where(x => x.Sender == Senders.Ai).Select(x => x.Id)];
        var plan = new Plan(chat.Changed, id, replies, node.ParentId, chat.LeafId, [], null);
        if (chat.LeafId is { } leaf && plan.All.Contains(leaf))
        {
            var next = await FindNextLeafAsync(userId, chatId, plan, ct);
            var up = next is null ? [] : await tree.ListUpAsync(userId, chatId, next, long.MaxValue, ct);
            plan = plan with
            {
                LeafId = next,
                Entering = [.. up.Where(x => !x.IsOnPath).Select(x => x.Id).Except(plan.All)],
            };
        }
        return plan with { AfterSeq = await AfterSeqAsync(userId, chatId, plan, chat, ct) };
    }

    // The newest below the nearest living ancestor; where none lives, the newest of the chat.
    async Task<string?> FindNextLeafAsync(string userId, string chatId, Plan plan, CancellationToken ct)
    {
        var gone = db.Dialect.EachOf(plan.All);
        if (plan.ParentId.Length == 0)
            return await db.FirstAsync(
                $"""
                select m.id from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.deleted_at is null
                  and m.id not in {gone} order by m.seq desc limit 1
                """, row => row.GetString(0), ct);
        return await db.FirstAsync(
            $"""
            with recursive down (id, seq) as (
              select m.id, m.seq from messages m where m.user_id = {userId} and m.id = {plan.ParentId}
              union all
              select m.id, m.seq from down
              join messages m on m.user_id = {userId} and m.chat_id = {chatId} and m.parent_id = down.id
              where m.deleted_at is null)
            select down.id from down where down.id not in {gone} order by down.seq desc limit 1
            """, row => row.GetString(0), ct);
    }

    async Task<long?> AfterSeqAsync(
        string userId, string chatId, Plan plan, (long, string? LeafId, bool IsBranched, string LastContent) chat,
        CancellationToken ct)
    {
        if (plan.Entering.Count > 0 || (chat.IsBranched && await ChangesSiblingsAsync(userId, chatId, plan, ct)))
            return await SeqOfAsync(userId, plan.ParentId, ct);
        if (plan.LeafId != chat.LeafId)
            return await SeqOfAsync(userId, plan.LeafId ?? "", ct);
        var content = await db.FirstAsync(
            $"select {tree.LastContent(userId, chatId, $"l.id not in {db.Dialect.EachOf(plan.All)}")}",
            row => row.GetStringOrNull(0), ct);
        static string cut(string text) => Primitives.Excerpt.Of(text, Chat.LongestExcerpt);
        return cut(content ?? "") == cut(chat.LastContent) ? null : await SeqOfAsync(userId, plan.LeafId ?? "", ct);
    }

    // Whether a message of the path that stays has another place among its siblings afterwards.
    async Task<bool> ChangesSiblingsAsync(string userId, string chatId, Plan plan, CancellationToken ct)
    {
        var before = await ListChildrenAsync(userId, chatId, [plan.ParentId, .. plan.All], ct);
        var after = before.Where(x => !plan.All.Contains(x.Id)).Select(x => x with { ParentId = plan.ParentId });
        var (old, now) = (PlacesOf(before), PlacesOf(after));
        return before.Any(x => x.IsOnPath && now.TryGetValue(x.Id, out var place) && place != old[x.Id]);
    }

    static Dictionary<string, Siblings> PlacesOf(IEnumerable<Child> children)
    {
        var places = new Dictionary<string, Siblings>();
        foreach (var group in children.GroupBy(x => (x.ParentId, x.Sender)))
        {
            Child[] all = [.. group.OrderBy(x => x.Seq)];
            for (var i = 0; i < all.Length; i++)
                places[all[i].Id] = new(
                    i + 1, all.Length, i > 0 ? all[i - 1].Id : null, i + 1 < all.Length ? all[i + 1].Id : null);
        }
        return places;
    }

    Task<IReadOnlyList<Child>> ListChildrenAsync(
        string userId, string chatId, IEnumerable<string> parents, CancellationToken ct) => db.ListAsync(
        $"""
        select m.id, m.parent_id, m.sender, m.seq, m.on_path from messages m
        where m.user_id = {userId} and m.chat_id = {chatId} and m.parent_id {db.Dialect.In(parents)}
          and m.deleted_at is null order by m.seq
        """,
        row => new Child(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4) != 0), ct);

    async Task<long> SeqOfAsync(string userId, string id, CancellationToken ct) => id.Length == 0 ? 0
        : await db.FirstAsync(
            $"select m.seq from messages m where m.user_id = {userId} and m.id = {id}", row => row.GetInt64(0), ct);

    async Task<bool> DeleteAsync(string userId, string chatId, Plan plan)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(
            batch, userId, clock.NewId(), clock.Now, plan.All.Count + (plan.AfterSeq is null ? 0 : 1),
            TreeStore.Unchanged(userId, chatId, plan.Changed));
        SettleCalls(batch, transaction, chatId, $"calls.subject_id {db.Dialect.In(plan.All)}");
        outbox.AddEach(
            transaction, NoticeTypes.ReplyEnded, OpenIn(userId, chatId, $"m.id {db.Dialect.In(plan.All)}"),
            transaction.Seq(plan.All.Count));
        foreach (var id in plan.All)
        {
            transaction.Execute($"""
                update messages set {Blank(transaction.At)}, parts_rev = 0
                from {transaction.Locked} and messages.user_id = {userId} and messages.id = {id}
                """);
            MediaStore.Release(transaction, id);
            transaction.Execute($"""
                delete from message_parts where user_id = {userId} and message_id = {id} and exists (select 1 from {transaction.Locked})
                """);
            transaction.Execute($"""
                delete from tool_calls where user_id = {userId} and reply_id = {id} and exists (select 1 from {transaction.Locked})
                """);
            SearchIndex.Remove(transaction, chatId, id);
            transaction.Append(EventTypes.MessageDeleted, chatId, id);
        }
        transaction.Execute($"""
            update messages set parent_id = {plan.ParentId}
            from {transaction.Locked} and messages.user_id = {userId} and messages.chat_id = {chatId}
              and messages.parent_id {db.Dialect.In(plan.All)}
            """);
        ShareStore.Leave(transaction, chatId, db.Dialect.In(plan.All), plan.ParentId);
        tree.Move(transaction, chatId, new(plan.Changed, plan.LeafId, 0, Leaving: 0, plan.Entering));
        if (plan.AfterSeq is { } after)
            transaction.Append(EventTypes.ChatPath, chatId, n: after);
        UpdateChat(transaction, chatId, plan.LeafId);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    // The time and the place are those of the message, on whatever path, that was sent or ended last of the rest. A
    // deletion never moves a chat up: an imported one stands below those used here.
    void UpdateChat(EventTransaction transaction, string chatId, string? leafId)
    {
        Sql last(Sql column) => $"""
            (select {column} from messages m where m.user_id = {transaction.UserId} and m.chat_id = {chatId}
             and m.event_seq > 0 and m.deleted_at is null
             order by m.event_seq desc, m.timestamp desc, m.seq desc limit 1)
            """;
        transaction.Execute($"""
            update chats set changed = h.seq, leaf_id = {leafId},
              last_message_time = coalesce({last($"m.timestamp")}, created_at),
              last_message_content = coalesce({tree.LastContent(transaction.UserId, chatId)}, ''),
              activity = case when activity < coalesce({last($"m.event_seq")}, created_seq) then activity
                else coalesce({last($"m.event_seq")}, created_seq) end
            from {transaction.Locked} and chats.user_id = {transaction.UserId} and chats.id = {chatId}
            """);
    }

    static Sql OpenIn(string userId, string chatId, Sql which) => $"""
        from messages m where m.user_id = {userId} and m.chat_id = {chatId} and m.state in {States.Open} and {which}
        """;

    // Before their text is gone.
    static void SettleCalls(WriteBatch batch, EventTransaction transaction, string chatId, Sql which) =>
        LostCalls.Settle(batch, transaction.UserId, $"""
        calls.chat_id = {chatId} and calls.purpose = 'chat' and {which} and exists (select 1 from {transaction.Locked})
        """);

    static Sql Blank(Timestamp at) => $"""
        deleted_at = {at}, content = '', media = '[]', listed = 0, tokens = 0, usage = null, error_detail = null,
          owner = null, parent_id = '', on_path = 0, prefix = 0, kept_parts = 0, client_tools = null, client_id = null, rating = null, feedback_text = null,
          state = case when state in {States.Open} then 'stopped' else state end
        """;
}
