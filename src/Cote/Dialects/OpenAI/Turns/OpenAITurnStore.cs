using Cote.Chats;
using Cote.Replies;
using Cote.Usage;

namespace Cote.Dialects.OpenAI;

/// <summary>What the request of a turn is known by.</summary>
/// <param name="Hash">The hash of the request; null where another API sent the message.</param>
readonly record struct SentTurn(string MessageId, string ChatId, string? Hash, bool IsDeleted);

/// <summary>The settings of a turn, as its rows have them.</summary>
/// <param name="ParentId">The message that the question follows; empty at a beginning.</param>
/// <param name="ClientTools">The tools that the client brought, as JSON.</param>
sealed record TurnSettings(
    string ParentId, Timestamp AskedAt, string? ClientTools, ReplyOptions? Options, double? Temperature,
    int? MaxTokens, string? ReasoningEffort);

/// <summary>A step of a reply whose calls were not all the server's own affair: the reply waited after it.</summary>
/// <param name="End">The place of the first part after its calls.</param>
/// <param name="CallAttempt">The fence of the model call that asked.</param>
/// <param name="Shown">The attempt that the text so far was shown as.</param>
/// <param name="Asked">The places of the calls that a person or the client was asked.</param>
/// <param name="IsAnswered">Whether each of them has its answer.</param>
sealed record ReplyWait(int End, long CallAttempt, long Shown, IReadOnlyList<int> Asked, bool IsAnswered);

/// <summary>The SQL of turns that OpenAI's dialect alone asks for.</summary>
sealed class OpenAITurnStore(Database db)
{
    /// <summary>What was sent under a message's id; null where nothing was.</summary>
    public Task<SentTurn?> FindSentAsync(string userId, string messageId, CancellationToken ct) => FirstAsync(
        $"m.user_id = {userId} and m.id = {messageId}", ct);

    /// <summary>The newest message that a request of this hash sent since a time.</summary>
    public Task<SentTurn?> FindSentAsync(
        string userId, string requestHash, Timestamp since, CancellationToken ct) => FirstAsync(
        $"m.user_id = {userId} and m.request_hash = {requestHash} and m.timestamp >= {since}", ct);

    async Task<SentTurn?> FirstAsync(Sql where, CancellationToken ct) => (await db.ListAsync(
        $"""
        select m.id, m.chat_id, m.request_hash, m.deleted_at from messages m
        where {where} order by m.timestamp desc limit 1
        """,
        row => new SentTurn(row.GetString(0), row.GetString(1), row.GetStringOrNull(2), !row.IsDBNull(3)), ct))
        is [var sent] ? sent : null;

    /// <summary>The settings of a reply; null where it, or its question, is not there.</summary>
    public Task<TurnSettings?> FindSettingsAsync(string userId, string replyId, CancellationToken ct) => db.FirstAsync(
        $"""
        select q.parent_id, q.timestamp, q.client_tools, r.options, r.temperature, r.max_tokens, r.reasoning_effort
        from messages r join messages q on q.user_id = r.user_id and q.id = r.reply_to_id
        where r.user_id = {userId} and r.id = {replyId} and r.deleted_at is null
        """,
        row => new TurnSettings(
            row.GetString(0), new(row.GetInt64(1)), row.GetStringOrNull(2),
            ReplyOptions.Parse(row.GetStringOrNull(3)), row.GetDoubleOrNull(4), (int?)row.GetInt64OrNull(5),
            row.GetStringOrNull(6)), ct);

    /// <summary>The reply of a chat that waits; null where none does.</summary>
    public Task<string?> FindWaitingAsync(string userId, string chatId, CancellationToken ct) => db.FirstAsync(
        $"select m.id {ReplyStore.WaitingIn(userId, chatId)}", row => row.GetString(0), ct)!;

    /// <summary>Where a reply waited, in order.</summary>
    public async Task<IReadOnlyList<ReplyWait>> ListWaitsAsync(string userId, string replyId, CancellationToken ct)
    {
        var calls = await db.ListAsync(
            $"""
            select t.step, t.part, t.answer, t.call_attempt, coalesce(c.shown, 1),
              t.asked
            from tool_calls t left join calls c on c.user_id = t.user_id and c.subject_id = t.reply_id and c.purpose = {Purposes.Chat}
              and c.attempt = t.call_attempt and c.step = 0
            where t.user_id = {userId} and t.reply_id = {replyId} order by t.step, t.idx
            """,
            row => (Step: row.GetInt64(0), Part: (int)row.GetInt64(1), IsAnswered: !row.IsDBNull(2),
                CallAttempt: row.GetInt64(3), Shown: row.GetInt64(4), IsAsked: row.GetInt64(5) != 0), ct);
        return [.. calls.GroupBy(x => x.Step)
            .Select(x => (Calls: x.ToList(), Asked: x.Where(y => y.IsAsked || y.IsAnswered).ToList()))
            .Where(x => x.Asked.Count > 0)
            .Select(x => new ReplyWait(
                x.Calls.Max(y => y.Part) + 1, x.Calls[0].CallAttempt, x.Calls[0].Shown,
                [.. x.Asked.Select(y => y.Part)], x.Asked.TrueForAll(y => y.IsAnswered)))];
    }

    /// <summary>What the calls of a reply used that were made after one fence and up to another.</summary>
    public Task<Chats.Usage?> SumAsync(
        string userId, string replyId, long after, long upTo, CancellationToken ct) => db.FirstAsync(
        $"""
        select count(*), cast(coalesce(sum(c.input), 0) as bigint), cast(coalesce(sum(c.output), 0) as bigint),
          cast(coalesce(sum(c.cached), 0) as bigint), cast(coalesce(sum(c.reasoning), 0) as bigint)
        from calls c where c.user_id = {userId} and c.subject_id = {replyId} and c.purpose = {Purposes.Chat}
          and c.attempt > {after} and c.attempt <= {upTo} and c.state <> 0
        """,
        row => row.GetInt64(0) == 0 ? null : new Chats.Usage(
            row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)), ct);
}
