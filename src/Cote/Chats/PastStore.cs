namespace Cote.Chats;

/// <summary>A message as a prompt needs it.</summary>
/// <param name="IsRefused">Whether a provider refused it for its content: a question that prompts leave out.</param>
/// <param name="Model">Of a reply: the model that made it, as <c>provider/model</c>.</param>
/// <param name="Type">Of a user's message: <c>audio</c> where its films are recordings of a voice.</param>
/// <param name="InputRatio">Of a reply: the <c>TokenRatio</c> of its prompt, where it is known.</param>
sealed record PromptMessage(
    long Seq, string Sender, string Content, long Tokens, IReadOnlyList<string> Media, string Importance,
    bool IsRefused, string? Model, long? InputRatio, string Type);

/// <summary>The SQL of what a prompt is made from: a message and those before it on its path.</summary>
sealed class PastStore(Database db)
{
    const int MostAncestors = 2_000;
    const long MostOfShort = 64;
    const long MostBytesOfShort = 256 * 1024;

    static readonly Sql Columns = $"m.seq, m.sender, m.content, m.tokens, m.media, m.importance, m.error_code, m.model, m.input_ratio, m.type";

    /// <summary>Several reads of one state of the database.</summary>
    public Task<ReadSession> SnapshotAsync(CancellationToken ct) => db.SnapshotAsync(ct);

    /// <summary>
    /// Messages of the active path before one, newest first, those that a prompt may hold. The path may be another one
    /// than that of the message.
    /// </summary>
    public Task<IReadOnlyList<PromptMessage>> ListNewestAsync(
        string userId, string chatId, long before, long limit, CancellationToken ct) =>
        db.ListAsync(Select(userId, chatId, before, null, limit, $"m.on_path = 1"), Read, ct);

    /// <summary>
    /// All messages of the active path, for the transaction that has just made one the newest. Of a chat that is not
    /// short there are none: other writes would wait while they are read.
    /// </summary>
    public static Query<PromptMessage> AddIfShort(WriteBatch batch, string userId, string chatId)
    {
        // A bound of the index, not a condition of each row: of a long chat none is looked at.
        Sql beyond = $"""
            coalesce((select c.last_seq from chats c
              where c.user_id = {userId} and c.id = {chatId} and c.last_seq > {MostOfShort}), 0)
            """;
        return batch.Query(Select(userId, chatId, long.MaxValue, null, MostOfShort, $"""
            m.on_path = 1 and m.seq > {beyond} and (
              select coalesce(sum(octet_length(x.content)), 0) from messages x
              where x.user_id = {userId} and x.chat_id = {chatId} and x.on_path = 1 and x.seq > {beyond}
            ) <= {MostBytesOfShort}
            """), Read);
    }

    /// <summary>One message; null where it is deleted.</summary>
    public Task<PromptMessage?> FindAsync(string userId, string id, CancellationToken ct) => db.FirstAsync(
        $"select {Columns} from messages m where m.user_id = {userId} and m.id = {id} and m.deleted_at is null", Read, ct);

    /// <summary>
    /// What tells the ancestors of a message: where it is on the active path, the path itself; else its parents, one
    /// after the other. Good for one snapshot.
    /// </summary>
    public static async Task<Sql> AncestorsAsync(
        ReadSession snapshot, string userId, string chatId, string messageId, CancellationToken ct)
    {
        var isOnPath = await snapshot.FirstAsync(
            $"select m.on_path from messages m where m.user_id = {userId} and m.id = {messageId} and m.deleted_at is null",
            row => row.GetInt64(0) == 1, ct);
        return isOnPath ? (Sql)$"m.on_path = 1" : $"""
            m.id in ({TreeStore.WithAncestors(userId, chatId, messageId, MostAncestors)} select up.id from up)
            """;
    }

    /// <summary>Ancestors before one, of one importance, newest first, those that a prompt may hold.</summary>
    public static ValueTask<IReadOnlyList<PromptMessage>> ListAsync(
        ReadSession snapshot, Sql ancestors, string userId, string chatId, long before, string importance, long limit,
        CancellationToken ct) =>
        snapshot.ListAsync(Select(userId, chatId, before, importance, limit, ancestors), Read, ct);

    static Sql Select(string userId, string chatId, long before, string? importance, long limit, Sql which) => $"""
        select {Columns} from messages m
        where m.user_id = {userId} and m.chat_id = {chatId} and m.seq < {before} and {OfImportance(importance)} and {which}
          and m.listed = 1 and (m.content <> '' or m.media <> '[]') and m.deleted_at is null order by m.seq desc limit {limit}
        """;

    static PromptMessage Read(Row row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt64(3), MessageStore.ReadTexts(row.GetString(4)),
        row.GetString(5), IsRefused: row.GetString(1) == Senders.User && !row.IsDBNull(6), row.GetStringOrNull(7),
        row.IsDBNull(8) ? null : row.GetInt64(8), row.GetString(9));

    // Written out, not a parameter: the partial indexes of the rare ones are used only where the word stands in the
    // text.
    static Sql OfImportance(string? importance) => importance switch
    {
        null => $"1 = 1",
        "high" => $"m.importance = 'high'",
        "low" => $"m.importance = 'low'",
        _ => $"m.importance = 'normal'",
    };
}
