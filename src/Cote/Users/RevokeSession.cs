using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>DELETE /sessions/{id}</c>: logs one device out.</summary>
static class RevokeSession
{
    public static async Task<IResult> Handle(
        string sessionId, HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        if (Ids.Parse(sessionId) is not { } id)
            return ApiResults.Of(Problems.SessionNotFound);
        var revoked = await revocations.RevokeAsync($"s.user_id = {current.Id} and s.id = {id}");
        if (revoked == 0)
            return ApiResults.Of(Problems.SessionNotFound);
        await audit.WriteAsync(AuditActions.SessionRevoked, current.Id, http);
        return ApiResults.Success;
    }
}
