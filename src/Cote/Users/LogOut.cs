using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /logout</c>: ends this session.</summary>
static class LogOut
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        await revocations.RevokeAsync($"s.id = {current.SessionId}",
            (batch, itIs) => audit.Add(batch, AuditActions.LoggedOut, current.Id, http, guard: itIs));
        return ApiResults.Success;
    }
}
