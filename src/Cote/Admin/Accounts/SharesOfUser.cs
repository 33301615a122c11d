using Cote.Chats;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// <c>GET /admin/users/{id}/shares</c>: the user's links to chats, newest first, without tokens and titles.
/// </summary>
static class ListSharesOfUser
{
    public static async Task<IResult> Handle(
        string userId, UserStore users, ShareStore shares, Clock clock, CancellationToken ct) =>
        Ids.Parse(userId) is { } id && await users.FindAsync(id, ct) is not null
            ? ApiResults.Json(await shares.ListAsync(id, clock.Now, ct), SharingJson.Default.IReadOnlyListShare)
            : ApiResults.Of(GetAccount.NoUser);
}

/// <summary>
/// <c>DELETE /admin/users/{id}/shares/{share_id}</c>: the link ends, with the streams that it has opened.
/// </summary>
static class DeleteShareOfUser
{
    public static async Task<IResult> Handle(
        string userId, string shareId, HttpContext http, ShareStore shares, OpenShares open, Audit audit, Clock clock)
    {
        if (Ids.Parse(userId) is not { } user || Ids.Parse(shareId) is not { } id
            || !await shares.DeleteAsync(user, id, clock.Now,
                (batch, itIs) => audit.Add(batch, AuditActions.ShareDeleted, user, http, id, itIs)))
            return ApiResults.Of(Problems.ShareNotFound);
        open.Announce();
        return ApiResults.Success;
    }
}

/// <summary>
/// <c>POST /admin/users/{id}/shares/{share_id}/enable</c>: a link that a restore has disabled shows its chat again.
/// </summary>
static class EnableShareOfUser
{
    public static async Task<IResult> Handle(
        string userId, string shareId, HttpContext http, ShareStore shares, Audit audit, Clock clock)
    {
        if (Ids.Parse(userId) is not { } user || Ids.Parse(shareId) is not { } id || await shares.EnableAsync(
            user, id, clock.Now, (batch, it) => audit.Add(batch, AuditActions.ShareEnabled, user, http, id, it)) == 0)
            return ApiResults.Of(Problems.ShareNotFound);
        return ApiResults.Success;
    }
}

/// <summary>
/// <c>POST /admin/users/{id}/shares/enable</c>: all of the user's links that are disabled work again.
/// </summary>
static class EnableSharesOfUser
{
    public static async Task<IResult> Handle(
        string userId, HttpContext http, UserStore users, ShareStore shares, Audit audit, Clock clock,
        CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(GetAccount.NoUser);
        var enabled = await shares.EnableAsync(
            id, null, clock.Now, (batch, any) => audit.Add(batch, AuditActions.ShareEnabled, id, http, "all", any));
        return ApiResults.Json(new EnabledBody(true, enabled), AccountJson.Default.EnabledBody);
    }
}
