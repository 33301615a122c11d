using Cote.Chats;
using Cote.Media;
using Cote.Replies;
using Cote.Usage;
using Cote.Users;

namespace Cote.Admin;

/// <summary>An account, as an admin sees it.</summary>
sealed record AccountInfo(
    string Id, string Username, string Email, string Role, Timestamp CreatedAt, Timestamp? DisabledAt)
{
    public static AccountInfo Of(Account account) => new(
        account.Id, account.User.Username, account.User.Email, account.Role, account.CreatedAt, account.DisabledAt);
}

/// <summary>An account with what belongs to it, in numbers.</summary>
/// <param name="LastUsedAt">When a session or a key was used last, to the minute; null where none is known.</param>
/// <param name="Sessions">The logins that have not ended.</param>
/// <param name="Devices">Where it gets pushes.</param>
/// <param name="Keys">The API keys that have not ended.</param>
/// <param name="Shares">The links to chats.</param>
/// <param name="Identities">What it logs in by at issuers.</param>
/// <param name="Chats">The chats, archived ones too.</param>
/// <param name="OpenReplies">The replies that have not ended.</param>
/// <param name="MediaBytes">The bytes of its uploads.</param>
/// <param name="Caps">What an admin gave it in place of the configuration's caps.</param>
/// <param name="Budget">The caps that hold, and what is left of them.</param>
sealed record AccountDetail(
    string Id, string Username, string Email, bool EmailVerified, string Role, Timestamp CreatedAt,
    Timestamp? DisabledAt, Timestamp? LastUsedAt, long Sessions, long Devices, long Keys, long Shares, long Identities,
    long Chats, long OpenReplies, long MediaBytes, BudgetBody Caps, IReadOnlyList<BudgetInfo> Budget);

/// <summary>How many keys or links work again.</summary>
sealed record EnabledBody(bool Success, int Enabled);

/// <summary>The numbers of an account.</summary>
readonly record struct AccountCounts(
    long Shares, long Identities, long Chats, long OpenReplies, long MediaBytes, Timestamp? LastSeenAt);

/// <summary>The SQL of what admins are told of accounts together, from the tables of all rooms.</summary>
sealed class AccountNumbers(Database db)
{
    /// <summary>The numbers of an account.</summary>
    public async Task<AccountCounts> CountAsync(string userId, Timestamp now, CancellationToken ct) =>
        await db.FirstAsync(
            $"""
            select
              (select count(*) from shares s where s.user_id = {userId} and (s.expires_at is null or s.expires_at > {now})),
              (select count(*) from identities i where i.user_id = {userId}),
              (select count(*) from chats c where c.user_id = {userId} and c.deleted_at is null),
              (select count(*) from messages m where m.user_id = {userId} and m.state in {States.Open}),
              (select cast(coalesce(sum(m.size), 0) as bigint) from media m where m.user_id = {userId}),
              (select max(s.last_seen_at) from sessions s where s.user_id = {userId}),
              (select max(k.last_used_at) from api_keys k where k.user_id = {userId})
            """,
            row => new AccountCounts(
                row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4),
                Later(row.GetInt64OrNull(5), row.GetInt64OrNull(6))), ct);

    static Timestamp? Later(long? one, long? other) =>
        one is null && other is null ? null : new Timestamp(Math.Max(one ?? 0, other ?? 0));
}
