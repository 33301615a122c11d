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
        var revoked = await revocations.RevokeAsync($"s.user_id = {current.Id} and s.id = {id}",
            (batch, itIs) => audit.Add(batch, AuditActions.SessionRevoked, current.Id, http, guard: itIs));
        return revoked == 0 ? ApiResults.Of(Problems.SessionNotFound) : ApiResults.Success;
    }
}
