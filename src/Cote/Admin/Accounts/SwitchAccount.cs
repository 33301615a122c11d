using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// <c>POST /admin/users/{id}/disable</c>: the user is out at once, on every device, and refused from now on.
/// </summary>
static class DisableAccount
{
    public static async Task<IResult> Handle(
        string userId, HttpContext http, CurrentUser admin, UserStore users, AccountChanges changes,
        CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(GetAccount.NoUser);
        if (id == admin.Id)
            return ApiResults.Of(Problems.OwnAccount);
        if (!await changes.TryDisableAsync(id, Actor.Of(http)))
            return ApiResults.Of(
                await users.FindAsync(id, ct) is null ? GetAccount.NoUser : Problems.LastAdmin);
        return await EnableAccount.AnswerAsync(id, users, ct);
    }
}

/// <summary><c>POST /admin/users/{id}/enable</c>: the user may log in again.</summary>
static class EnableAccount
{
    public static async Task<IResult> Handle(
        string userId, HttpContext http, UserStore users, AccountChanges changes, CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(GetAccount.NoUser);
        await changes.EnableAsync(id, Actor.Of(http));
        return await AnswerAsync(id, users, ct);
    }

    /// <summary>The account as it is now.</summary>
    public static async Task<IResult> AnswerAsync(string id, UserStore users, CancellationToken ct) =>
        await users.FindAsync(id, ct) is { } account
            ? ApiResults.Json(AccountInfo.Of(account), AccountJson.Default.AccountInfo)
            : ApiResults.Of(GetAccount.NoUser); // erased in the same moment
}
