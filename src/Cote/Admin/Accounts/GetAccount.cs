using Cote.Notices;
using Cote.Primitives;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /admin/users/{id}</c>: an account with what belongs to it, in numbers.</summary>
static class GetAccount
{
    public static readonly Problem NoUser = Problems.NotFound with { Detail = "No such user" };

    public static async Task<IResult> Handle(
        string userId, UserStore users, AccountNumbers numbers, SessionStore sessions, DeviceStore devices,
        ApiKeyStore keys, BudgetStore budgets, Clock clock, CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is not { } account)
            return ApiResults.Of(NoUser);

        var counts = await numbers.CountAsync(id, clock.Now, ct);
        var loggedIn = await sessions.ListAsync(id, clock.Now, ct);
        var working = await keys.ListAsync(id, clock.Now, ct);
        // What this node knows of may be newer than what is written.
        var uses = loggedIn.Select(x => (Timestamp?)x.LastSeenAt).Concat(working.Select(x => x.LastUsedAt))
            .Append(counts.LastSeenAt);
        var caps = await budgets.FindOwnAsync(id, ct);
        return ApiResults.Json(
            new AccountDetail(
                account.Id, account.User.Username, account.User.Email, account.User.EmailVerified, account.Role,
                account.CreatedAt, account.DisabledAt, uses.Max(), loggedIn.Count,
                await devices.CountAsync(id, ct), working.Count, counts.Shares,
                counts.Identities, counts.Chats, counts.OpenReplies, counts.MediaBytes,
                new(caps.DayTokens, UsdOf(caps.DayCost), caps.MonthTokens, UsdOf(caps.MonthCost)),
                BudgetInfo.Of(await budgets.ReadAsync(id, ct))),
            AccountJson.Default.AccountDetail);
    }

    static decimal? UsdOf(long? nano) => nano is { } some ? Money.UsdOf(some) : null;
}
