using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /admin/users/{id}/sessions</c>: where the user is logged in, newest login first.</summary>
static class ListSessionsOfUser
{
    public static async Task<IResult> Handle(
        string userId, CurrentUser admin, UserStore users, SessionStore sessions, Clock clock, CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(GetAccount.NoUser);
        var list = await sessions.ListAsync(id, clock.Now, ct);
        return ApiResults.Json<IReadOnlyList<SessionInfo>>(
            [.. list.Select(x => SessionInfo.From(x, admin.SessionId))], UsersJson.Default.IReadOnlyListSessionInfo);
    }
}

/// <summary><c>DELETE /admin/users/{id}/sessions</c>: logs the user out everywhere.</summary>
static class EndSessionsOfUser
{
    public static async Task<IResult> Handle(
        string userId, HttpContext http, UserStore users, Revocations revocations, Audit audit, CancellationToken ct)
    {
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(GetAccount.NoUser);
        await revocations.RevokeAsync($"s.user_id = {id}",
            (batch, any) => audit.Add(batch, AuditActions.SessionRevoked, id, http, "everywhere", any));
        return ApiResults.Success;
    }
}

/// <summary><c>DELETE /admin/users/{id}/sessions/{session_id}</c>: logs one device of the user out.</summary>
static class EndSessionOfUser
{
    public static async Task<IResult> Handle(
        string userId, string sessionId, HttpContext http, Revocations revocations, Audit audit)
    {
        if (Ids.Parse(userId) is not { } user || Ids.Parse(sessionId) is not { } id
            || await revocations.RevokeAsync($"s.user_id = {user} and s.id = {id}",
                (batch, itIs) => audit.Add(batch, AuditActions.SessionRevoked, user, http, id, itIs)) == 0)
            return ApiResults.Of(Problems.SessionNotFound);
        return ApiResults.Success;
    }
}
