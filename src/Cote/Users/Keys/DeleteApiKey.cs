using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>DELETE /api-keys/{id}</c>: ends a key, with the sockets and streams that it has opened.</summary>
static class DeleteApiKey
{
    public static async Task<IResult> Handle(
        string keyId, HttpContext http, CurrentUser current, Revocations revocations, Audit audit)
    {
        if (Ids.Parse(keyId) is not { } id
            || await revocations.RevokeKeysAsync($"s.user_id = {current.Id} and s.id = {id}",
                (batch, itIs) => audit.Add(batch, AuditActions.KeyDeleted, current.Id, http, id, itIs)) == 0)
            return ApiResults.Of(Problems.KeyNotFound);
        return ApiResults.Success;
    }
}
