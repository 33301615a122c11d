using Cote.Chats;
using Cote.Http;
using Cote.Media;
using Cote.Replies;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// <c>DELETE /users/me</c>: removes everything of the user. Only the audit and the ids of revoked sessions outlive the
/// account.
/// </summary>
static class DeleteMe
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, UserStore users, ReplyStore replies, RunningReplies running,
        AccountStore accounts,
        UploadStore uploads, PartStore parts, ImportStore imports, BlobStorage storage, MediaGcLoop sweep,
        CancellationToken ct)
    {
        if (await users.FindAsync(current.Id, ct) is null)
            return ApiResults.Of(Problems.InvalidToken);
        var open = await replies.ListPendingAsync(current.Id, null, ct);
        await accounts.EraseAsync(current.Id, current.Id, RateLimits.AddressOf(http));
        foreach (var reply in open)
            running.Stop(current.Id, reply.Id);
        foreach (var id in await uploads.ListAsync(current.Id, ct))
            await parts.DeleteAsync(current.Id, id);
        foreach (var file in await imports.ListFilesAsync(current.Id, ct))
            await storage.DeleteAsync(file, ct);
        await accounts.RemoveAsync(current.Id);
        await sweep.SweepAsync(CancellationToken.None); // the bytes that no other user has uploaded
        return ApiResults.Success;
    }
}
