using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>GET /sessions/</c>: where one is logged in, newest first.</summary>
static class ListSessions
{
    public static async Task<IResult> Handle(CurrentUser current, SessionStore sessions, Clock clock, CancellationToken ct)
    {
        await sessions.WriteSeenAsync();
        var list = await sessions.ListAsync(current.Id, clock.Now, ct);
        return ApiResults.Json<IReadOnlyList<SessionInfo>>(
            [.. list.Select(x => new SessionInfo(x.Id, x.Device, x.Ip, x.CreatedAt, x.LastSeenAt, x.ExpiresAt, x.Id == current.SessionId))],
            UsersJson.Default.IReadOnlyListSessionInfo);
    }
}

/// <summary><c>DELETE /sessions/{id}</c>: logs one device out.</summary>
static class RevokeSession
{
    public static async Task<IResult> Handle(string sessionId, HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        if (Ids.Parse(sessionId) is not { } id)
            return ApiResults.Of(Problems.SessionNotFound);
        var ended = await revocations.RevokeAsync($"s.user_id = {current.Id} and s.id = {id}");
        if (ended == 0)
            return ApiResults.Of(Problems.SessionNotFound);
        await audit.WriteAsync(AuditActions.SessionRevoked, current.Id, http);
        return ApiResults.Success;
    }
}

/// <summary><c>POST /logout</c>: ends this session.</summary>
static class LogOut
{
    public static async Task<IResult> Handle(HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        await revocations.RevokeAsync($"s.id = {current.SessionId}", batch => audit.Add(batch, AuditActions.LoggedOut, current.Id, http));
        return ApiResults.Success;
    }
}

/// <summary><c>POST /logout/all</c>: ends every session of the user, this one too.</summary>
static class LogOutAll
{
    public static async Task<IResult> Handle(HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        await revocations.RevokeAsync($"s.user_id = {current.Id}", batch => audit.Add(batch, AuditActions.LoggedOut, current.Id, http, "everywhere"));
        return ApiResults.Success;
    }
}
