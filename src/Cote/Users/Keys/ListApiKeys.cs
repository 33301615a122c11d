using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>GET /api-keys/</c>: the user's keys that work, newest first, without the keys themselves.</summary>
static class ListApiKeys
{
    public static async Task<IResult> Handle(
        CurrentUser current, ApiKeyStore keys, Clock clock, CancellationToken ct) =>
        ApiResults.Json(
            await keys.ListAsync(current.Id, clock.Now, ct), UsersJson.Default.IReadOnlyListApiKey);
}
