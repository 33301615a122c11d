using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /shares/</c>: the user's links to chats that work, newest first, without their tokens.</summary>
static class ListShares
{
    public static async Task<IResult> Handle(CurrentUser user, ShareStore shares, Clock clock, CancellationToken ct) =>
        ApiResults.Json(await shares.ListAsync(user.Id, clock.Now, ct), SharingJson.Default.IReadOnlyListShare);
}
