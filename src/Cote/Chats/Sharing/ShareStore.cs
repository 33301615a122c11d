using Cote.Events;

namespace Cote.Chats;

/// <summary>All SQL of shares: the rows, and which messages one shows.</summary>
sealed class ShareStore(Database db)
{
    static readonly TimeSpan KeptFor = TimeSpan.FromDays(1);

    // Deeper than any path: the walk up ends at the beginning of the chat.
    const long Deepest = 1_000_000;

    static readonly Sql Columns = $"s.id, s.chat_id, s.live, s.include, s.created_at, s.expires_at, s.disabled_at";

    // Of an owner who may not log in too: his shares show nothing, until he may again.
    static readonly Sql Every = $"""
        from shares s join chats c on c.user_id = s.user_id and c.id = s.chat_id and c.deleted_at is null
        """;

    // What a share needs to be shown, wherever it is looked up: its chat is there, and its owner may log in.
    static readonly Sql Sources = $"""
        {Every} join users u on u.id = s.user_id and u.disabled_at is null and u.erased_at is null
        """;

    /// <summary>
    /// Stores a share; false where the user has as many as may be, the chat is not there, or is temporary.
    /// <paramref name="also"/> adds to the batch, and is given the condition that it is stored.
    /// </summary>
    public async Task<bool> AddAsync(string userId, Share share, string hash, Action<WriteBatch, Sql> also)
    {
        var batch = new WriteBatch();
        EventTransaction.LockHead(batch, userId); // two at once must not both be the last
        var added = batch.Execute($"""
            insert into shares (id, user_id, chat_id, hash, include, title, leaf_id, live, created_at, expires_at)
            select {share.Id}, c.user_id, c.id, {hash}, {string.Join(' ', share.Include)},
              case when {share.Live} = 1 then null else c.title end,
              case when {share.Live} = 1 then null else c.leaf_id end, {share.Live}, {share.CreatedAt}, {share.ExpiresAt}
            from chats c
            where c.user_id = {userId} and c.id = {share.ChatId} and c.deleted_at is null and c.is_temporary = 0
              and (select count(*) from shares s where s.user_id = {userId} and {Lasts(share.CreatedAt)}) < {Share.Most}
            """);
        also(batch, $"exists (select 1 from shares where id = {share.Id})");
        await db.WriteAsync(batch);
        return added.Changed > 0;
    }

    /// <summary>The user's shares that have not expired, newest first.</summary>
    public Task<IReadOnlyList<Share>> ListAsync(string userId, Timestamp now, CancellationToken ct) => db.ListAsync(
        $"select {Columns} {Every} where s.user_id = {userId} and {Lasts(now)} order by s.created_at desc, s.id desc",
        row => new Share(row.GetString(0), row.GetString(1), row.GetInt64(2) != 0, WordsOf(row.GetString(3)),
            new(row.GetInt64(4)), TimeOrNull(row, 5), TimeOrNull(row, 6)), ct);

    /// <summary>
    /// Removes a share of the user's; false where there is none. <paramref name="also"/> adds to the batch before, and
    /// is given the condition that there is one.
    /// </summary>
    public async Task<bool> DeleteAsync(string userId, string id, Timestamp now, Action<WriteBatch, Sql> also)
    {
        Sql which = $"select s.id from shares s where s.user_id = {userId} and s.id = {id} and {Lasts(now)}";
        var batch = new WriteBatch();
        batch.Lock(which); // of two at once one removes it, and tells of it
        also(batch, $"exists ({which})");
        var deleted = batch.Execute($"delete from shares where id in ({which})");
        await db.WriteAsync(batch);
        return deleted.Changed > 0;
    }

    /// <summary>
    /// Lets a share of the user show something again, or all of them; how many there are. <paramref name="also"/>
    /// adds to the batch before, and is given the condition that one is disabled.
    /// </summary>
    public async Task<int> EnableAsync(string userId, string? id, Timestamp now, Action<WriteBatch, Sql> also)
    {
        Sql which = id is null ? (Sql)$"s.disabled_at is not null" : $"s.id = {id}";
        which = $"select s.id from shares s where s.user_id = {userId} and {which} and {Lasts(now)}";
        var batch = new WriteBatch();
        batch.Lock(which); // of two at once one enables it, and tells of it
        also(batch, $"exists ({which} and s.disabled_at is not null)");
        var enabled = batch.Execute($"update shares set disabled_at = null where id in ({which})");
        await db.WriteAsync(batch);
        return enabled.Changed;
    }

    /// <summary>The share of a token, whose hash is asked for; null where it shows nothing, for whatever reason.
    /// </summary>
    public Task<ShownShare?> FindAsync(string token, string hash, Timestamp now, CancellationToken ct) => db.FirstAsync(
        $"""
        select s.id, s.user_id, s.chat_id, s.live, s.leaf_id, s.include, coalesce(s.title, c.title) {Sources}
        where s.hash = {hash} and s.disabled_at is null and {Lasts(now)}
        """,
        row => new ShownShare(row.GetString(0), row.GetString(1), row.GetString(2), token, row.GetInt64(3) != 0,
            row.GetStringOrNull(4), WordsOf(row.GetString(5)), row.GetString(6)), ct);

    /// <summary>Those of these shares that still show something.</summary>
    public Task<IReadOnlyList<string>> ListShownAsync(IEnumerable<string> ids, Timestamp now, CancellationToken ct) =>
        db.ListAsync(
            $"select s.id {Sources} where s.id {db.Dialect.In(ids)} and s.disabled_at is null and {Lasts(now)}",
            row => row.GetString(0), ct);

    /// <summary>The title of a live share's chat; null where the chat is gone.</summary>
    public Task<string?> FindTitleAsync(ShownShare share, CancellationToken ct) => db.FirstAsync(
        $"""
        select c.title from chats c where c.user_id = {share.UserId} and c.id = {share.ChatId} and c.deleted_at is null
        """, row => row.GetStringOrNull(0), ct);

    /// <summary>
    /// The ids of the messages that a share shows, in order. A live one shows the active path, open replies too; a
    /// snapshot what is left of its own, and a reply once it has ended.
    /// </summary>
    public Task<IReadOnlyList<string>> ListPathAsync(ShownShare share, CancellationToken ct) => db.ListAsync(
        share.IsLive
            ? $"""
                select m.id from messages m where m.user_id = {share.UserId} and m.chat_id = {share.ChatId}
                  and m.on_path = 1 and m.deleted_at is null order by m.seq
                """
            : (Sql)$"""
                {TreeStore.WithAncestors(share.UserId, share.ChatId, share.LeafId ?? "", Deepest)}
                select m.id from up join messages m on m.user_id = {share.UserId} and m.id = up.id
                where m.listed = 1 and m.deleted_at is null and (m.state is null or m.state not in {States.Open})
                order by m.seq
                """,
        row => row.GetString(0), ct);

    /// <summary>The uploads that a share shows of these messages, each once, in the order of the messages.</summary>
    public async Task<IReadOnlyList<string>> ListMediaAsync(
        ShownShare share, IReadOnlyList<string> messages, CancellationToken ct)
    {
        var named = await db.ListAsync(
            $"""
            select mm.message_id, mm.media_id from message_media mm
            where mm.user_id = {share.UserId} and mm.message_id {db.Dialect.In(messages)}
            order by mm.message_id, mm.place
            """, row => (Message: row.GetString(0), Media: row.GetString(1)), ct);
        var of = named.ToLookup(x => x.Message, x => x.Media);
        var shown = await ListShownPartsAsync(share, [.. of.Select(x => x.Key)], ct);
        return
        [
            .. messages.SelectMany(x => shown.TryGetValue(x, out var ids) ? of[x].Where(ids.Contains) : of[x])
                .Distinct(),
        ];
    }

    // Of those of these messages that have parts: the uploads that the parts show.
    async Task<Dictionary<string, HashSet<string>>> ListShownPartsAsync(
        ShownShare share, IReadOnlyList<string> messages, CancellationToken ct)
    {
        var shown = await db.ListAsync(
            $"""
            select m.id, m.parts_rev, {ReplyParts.ColumnOf($"m", PartsView.Light)} from messages m
            where m.user_id = {share.UserId} and m.id {db.Dialect.In(messages)} and m.parts_rev > 0
            """,
            row => (Id: row.GetString(0), Media: MediaOf(
                share, [.. ReplyParts.Read(row.GetStringOrNull(2), row.GetInt64(1)).Items.Select(x => x.Part)])), ct);
        return shown.ToDictionary(x => x.Id, x => x.Media);
    }

    static HashSet<string> MediaOf(ShownShare share, IReadOnlyList<Part> parts) =>
    [
        .. parts.Where(x => share.Shows(x, parts))
            .Select(x => x is FilePart file ? file.MediaId : (x as SourcePart)?.MediaId).OfType<string>(),
    ];

    /// <summary>A message is deleted: a snapshot that ended there ends before it.</summary>
    public static void Leave(EventTransaction transaction, string chatId, Sql messages, string parentId) =>
        transaction.Execute($"""
            update shares set leaf_id = {parentId}
            where user_id = {transaction.UserId} and chat_id = {chatId} and leaf_id {messages}
              and exists (select 1 from {transaction.Locked})
            """);

    /// <summary>A chat is deleted: its shares go with it.</summary>
    public static void Remove(EventTransaction transaction, string chatId) => transaction.Execute($"""
        delete from shares where user_id = {transaction.UserId} and chat_id = {chatId}
          and exists (select 1 from {transaction.Locked})
        """);

    /// <summary>Removes shares that expired a day ago, at most so many; true where more may be left.</summary>
    public async Task<bool> PurgeAsync(Timestamp now, int most)
    {
        var batch = new WriteBatch();
        var purged = batch.Execute($"""
            delete from shares where id in (
              select s.id from shares s where s.expires_at < {now - KeptFor} limit {(long)most})
            """);
        await db.WriteAsync(batch);
        return purged.Changed >= most;
    }

    static Timestamp? TimeOrNull(Row row, int column) =>
        row.GetInt64OrNull(column) is { } time ? new Timestamp(time) : null;

    static Sql Lasts(Timestamp now) => $"(s.expires_at is null or s.expires_at > {now})";

    static string[] WordsOf(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
