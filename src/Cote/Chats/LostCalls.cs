using Cote.Usage;

namespace Cote.Chats;

/// <summary>
/// The calls of replies whose runs can count no more: they are settled by what was written of the reply, and by the
/// messages that its prompt was made from.
/// </summary>
static class LostCalls
{
    const long PromptRows = 100;

    static readonly Sql Input = $"""
        (1 + coalesce((
          select sum(p.tokens) from (
            select m.tokens from messages r join messages m on m.user_id = r.user_id and m.chat_id = r.chat_id
              and m.on_path = 1 and m.seq < r.seq
            where r.user_id = calls.user_id and r.id = calls.subject_id order by m.seq desc limit {PromptRows}) p), 0))
        """;

    // A token is about four bytes of UTF-8, as in `TokenEstimate`.
    static readonly Sql Output = $"""
        coalesce((
          select (octet_length(substr(m.content, cast(m.prefix + 1 as integer))) + 3 + coalesce((
            select sum(octet_length(p.text)) from message_parts p
            where p.user_id = m.user_id and p.message_id = m.id and p.idx >= m.kept_parts and p.chunk > 0), 0)) / 4
          from messages m
          where m.user_id = calls.user_id and m.id = calls.subject_id and m.text_attempt = calls.shown
            and (m.content <> '' or m.parts_rev > 0) and calls.purpose = 'chat'), 0)
        """;

    /// <summary>Settles the calls of replies that match a condition on <c>calls</c>.</summary>
    public static void Settle(WriteBatch batch, string userId, Sql which) =>
        CallLedger.SettleLost(batch, userId, which, Input, Output);

    /// <summary>Settles the calls of replies of a chat whose fence has moved on.</summary>
    public static void SettleMoved(WriteBatch batch, string userId, Sql which) => Settle(
        batch, userId, $"""
        calls.purpose = 'chat' and {which} and exists (
          select 1 from messages r
          where r.user_id = calls.user_id and r.id = calls.subject_id and r.attempt > calls.attempt)
        """);
}
