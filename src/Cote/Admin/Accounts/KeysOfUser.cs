using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// <c>GET /admin/users/{id}/keys</c>: the user's API keys, newest first, without the keys themselves.
/// </summary>
static class ListKeysOfUser
{
    public static async Task<IResult> Handle(
        string userId, UserStore users, ApiKeyStore keys, Clock clock, CancellationToken ct) =>
        Ids.Parse(userId) is { } id && await users.FindAsync(id, ct) is not null
            ? ApiResults.Json(await keys.ListAsync(id, clock.Now, ct), UsersJson.Default.IReadOnlyListApiKey)
            : ApiResults.Of(GetAccount.NoUser);
}

/// <summary><c>DELETE /admin/users/{id}/keys/{key_id}</c>: ends a key, with the sockets that it has opened.</summary>
static class DeleteKeyOfUser
{
    public static async Task<IResult> Handle(
        string userId, string keyId, HttpContext http, Revocations revocations, Audit audit)
    {
        if (Ids.Parse(userId) is not { } user || Ids.Parse(keyId) is not { } id
            || await revocations.RevokeKeysAsync($"s.user_id = {user} and s.id = {id}",
                (batch, itIs) => audit.Add(batch, AuditActions.KeyDeleted, user, http, id, itIs)) == 0)
            return ApiResults.Of(Problems.KeyNotFound);
        return ApiResults.Success;
    }
}

/// <summary>
/// <c>POST /admin/users/{id}/keys/{key_id}/enable</c>: a key that a restore has disabled works again.
/// </summary>
static class EnableKeyOfUser
{
    public static async Task<IResult> Handle(
        string userId, string keyId, HttpContext http, ApiKeyStore keys, Audit audit, Clock clock)
    {
        if (Ids.Parse(userId) is not { } user || Ids.Parse(keyId) is not { } id || await keys.EnableAsync(
            user, id, clock.Now, (batch, it) => audit.Add(batch, AuditActions.KeyEnabled, user, http, id, it)) == 0)
            return ApiResults.Of(Problems.KeyNotFound);
        return ApiResults.Success;
    }
}

/// <summary><c>POST /admin/users/{id}/keys/enable</c>: all of the user's keys that are disabled work again.</summary>
static class EnableKeysOfUser
{
    public static async Task<IResult> Handle(
        string userId, HttpContext http, UserStore users, ApiKeyStore keys, Audit audit, Clock clock,
        CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(GetAccount.NoUser);
        var enabled = await keys.EnableAsync(
            id, null, clock.Now, (batch, any) => audit.Add(batch, AuditActions.KeyEnabled, id, http, "all", any));
        return ApiResults.Json(new EnabledBody(true, enabled), AccountJson.Default.EnabledBody);
    }
}
