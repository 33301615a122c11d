using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>DELETE /shares/{share_id}</c>: the link ends, with the streams that it has opened.</summary>
static class DeleteShare
{
    public static async Task<IResult> Handle(
        string shareId, HttpContext http, CurrentUser user, ShareStore shares, OpenShares open, Audit audit,
        Clock clock)
    {
        if (Ids.Parse(shareId) is not { } id || !await shares.DeleteAsync(user.Id, id, clock.Now,
                (batch, itIs) => audit.Add(batch, AuditActions.ShareDeleted, user.Id, http, id, itIs)))
            return ApiResults.Of(Problems.ShareNotFound);
        open.Announce();
        return ApiResults.Success;
    }
}
