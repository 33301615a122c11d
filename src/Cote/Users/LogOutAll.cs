using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /logout/all</c>: ends every session of the user, this one too.</summary>
static class LogOutAll
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        await revocations.RevokeAsync($"s.user_id = {current.Id}",
            (batch, any) => audit.Add(batch, AuditActions.LoggedOut, current.Id, http, "everywhere", any));
        return ApiResults.Success;
    }
}
