using Cote.Events;
using Cote.Primitives;

namespace Cote.Chats;

/// <summary>What was first sent under an id, to tell a retry from another use of it.</summary>
readonly record struct IdempotencyRecord(string Fingerprint, bool IsDeleted);

/// <summary>A chat about to be made, checked and with its id.</summary>
/// <param name="Title">Null where Cote makes the title.</param>
/// <param name="Fields">What it has beside the defaults.</param>
sealed record ChatCreation(
    string Id, string? Title, IReadOnlyList<ChatField> Fields, bool IsTemporary, string Fingerprint);

/// <summary>What the title of a chat is made of, as read at one moment.</summary>
/// <param name="Changed">The chat's <c>changed</c> at that moment.</param>
/// <param name="Content">Of the first question of the active path; empty where there is none.</param>
/// <param name="Media">The paths of its uploads.</param>
sealed record FirstQuestion(long Changed, string Content, IReadOnlyList<string> Media);

/// <summary>All SQL of chats. Every statement names the owner: what is another's does not exist.</summary>
sealed class ChatStore(Database db, EventLog events, Clock clock)
{
    public static readonly Sql All = $"""
        c.id, c.title, c.created_at, c.last_message_time, c.last_message_content, c.is_pinned, c.last_seq, c.changed,
        c.model, c.system_prompt, c.temperature, c.max_tokens, c.activity, c.leaf_id, c.title_source, c.is_archived,
        c.is_temporary, c.reasoning_effort, c.tools, c.origin, c.metadata
        """;

    /// <summary>How many columns <see cref="All"/> has, for whoever puts others after them.</summary>
    public const int Width = 21;

    public static Chat Read(Row row) => Read(row, 0);

    public static Chat Read(Row row, int at) => new(
        row.GetString(at), row.GetString(at + 1), new(row.GetInt64(at + 2)), new(row.GetInt64(at + 3)),
        // The databases count code points, the contract UTF-16 units: what one of them has cut is cut again here.
        Excerpt.Of(row.GetString(at + 4), Chat.LongestExcerpt),
        row.GetInt64(at + 5) != 0, row.GetInt64(at + 6), row.GetInt64(at + 7),
        Chat.ActivityAt(row.GetInt64(at + 12)),
        row.GetStringOrNull(at + 8), row.GetStringOrNull(at + 9),
        row.GetDoubleOrNull(at + 10), (int?)row.GetInt64OrNull(at + 11),
        row.GetStringOrNull(at + 13), row.GetString(at + 14), row.GetInt64(at + 15) != 0, row.GetInt64(at + 16) != 0,
        row.GetStringOrNull(at + 17),
        row.GetStringOrNull(at + 18) is { } tools ? MessageStore.ReadTexts(tools) : null)
    {
        Place = row.GetInt64(at + 12),
        Origin = row.GetStringOrNull(at + 19),
        Metadata = row.GetStringOrNull(at + 20),
    };

    public async Task<Outcome> AddAsync(string userId, ChatCreation chat)
    {
        var batch = new WriteBatch { IsRepeatable = true };
        var now = clock.Now;
        var source = chat.Title is null ? TitleSources.Auto : TitleSources.User;
        var state = chat.Title is null ? TitleStates.Waiting : TitleStates.None;
        var transaction = new EventTransaction(batch, userId, clock.NewId(), now, 1, $"1 = 1");
        transaction.Execute($"""
            insert into chats (user_id, id, title, title_source, title_state, is_temporary, created_at, created_seq,
              last_message_time, activity, changed, fingerprint)
            select {userId}, {chat.Id}, {chat.Title ?? ""}, {source}, {state}, {chat.IsTemporary}, {now}, h.seq,
              {now}, h.seq, h.seq, {chat.Fingerprint} from {transaction.Locked}
            """);
        if (chat.Fields.Count > 0)
            transaction.Execute($"""
                update chats set {Set(chat.Fields.Select(x => x.Column))} from {transaction.Locked}
                  and chats.user_id = {userId} and chats.id = {chat.Id}
                """);
        transaction.Append(EventTypes.ChatCreated, chat.Id);
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

    /// <summary>
    /// Chats that are archived, or those that are not: newest activity first, from the one after
    /// <paramref name="before"/> on.
    /// </summary>
    public Task<IReadOnlyList<Chat>> ListAsync(string userId, bool isArchived, long? before, long limit,
        Func<Chat, bool> enough, CancellationToken ct) =>
        db.ListAsync(SelectNewest(userId, isArchived, before, limit), Read, ct, enough);

    /// <summary>All chats, the one that was made last first, from the one after <paramref name="before"/> on: a chat
    /// that is used meanwhile keeps its place.</summary>
    public Task<IReadOnlyList<Chat>> ListAllAsync(
        string userId, string? before, long limit, CancellationToken ct)
    {
        Sql after = before is null ? (Sql)$"" : $"""
            and (c.created_seq, c.id) < (
              select b.created_seq, b.id from chats b where b.user_id = {userId} and b.id = {before})
            """;
        return db.ListAsync(
            $"""
            select {All} from chats c where c.user_id = {userId} and c.deleted_at is null {after}
            order by c.created_seq desc, c.id desc limit {limit}
            """, Read, ct);
    }

    /// <summary>The query of <see cref="ListAsync"/>, for whoever reads in a snapshot.</summary>
    public static Sql SelectNewest(string userId, bool isArchived, long? before, long limit) => $"""
        select {All} from chats c
        where c.user_id = {userId} and c.is_archived = {isArchived} and c.deleted_at is null
          and c.activity < {before ?? long.MaxValue}
        order by c.activity desc limit {limit}
        """;

    /// <summary>Whether the next question gives the chat its title.</summary>
    public Task<bool> AwaitsTitleAsync(string userId, string id, CancellationToken ct) => db.FirstAsync(
        $"select 1 from chats c where c.user_id = {userId} and c.id = {id} and {AwaitsTitle}", _ => true, ct);

    /// <summary>A chat <c>c</c> whose next question gives it its title.</summary>
    public static readonly Sql AwaitsTitle = $"(c.title_source = 'auto' and c.title = '')";

    /// <summary>What the title of a chat is made of; null where there is no such chat.</summary>
    public Task<FirstQuestion?> FindFirstQuestionAsync(string userId, string id, CancellationToken ct) =>
        db.FirstAsync(
            $"""
            select c.changed, coalesce(m.content, ''), coalesce(m.media, '[]') from chats c
            left join messages m on m.user_id = c.user_id and m.id = (
              select q.id from messages q where q.user_id = c.user_id and q.chat_id = c.id and q.on_path = 1
                and q.sender = 'user' order by q.seq limit 1)
            where c.user_id = {userId} and c.id = {id} and c.deleted_at is null
            """,
            row => new FirstQuestion(row.GetInt64(0), row.GetString(1), MessageStore.ReadTexts(row.GetString(2))), ct);

    /// <summary>Sets some columns; false where there is no such chat.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="id">The chat.</param>
    /// <param name="columns">The assignments, where <c>h</c> is the locked head.</param>
    /// <param name="only">A condition on the chat <c>c</c> without which nothing happens.</param>
    public async Task<bool> UpdateAsync(string userId, string id, IEnumerable<Sql> columns, Sql? only = null)
    {
        var batch = new WriteBatch();
        var transaction = new EventTransaction(batch, userId, clock.NewId(), clock.Now, 1, Lives(userId, id, only));
        transaction.Execute($"""
            update chats set {Set([$"changed = h.seq", .. columns])} from {transaction.Locked}
              and chats.user_id = {userId} and chats.id = {id}
            """);
        transaction.Append(EventTypes.ChatUpdated, id);
        await events.CommitAsync(batch, userId, transaction);
        return transaction.Happened;
    }

    /// <summary>The guard of a change in a chat: it is there, and it is the user's.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="id">The chat.</param>
    /// <param name="only">A further condition on the chat <c>c</c>.</param>
    public static Sql Lives(string userId, string id, Sql? only = null) => $"""
        exists (select 1 from chats c where c.user_id = {userId} and c.id = {id} and c.deleted_at is null
          and {only ?? $"1 = 1"})
        """;

    static Sql Set(IEnumerable<Sql> columns) => columns.Aggregate((all, column) => $"{all}, {column}");
}
