using System.Buffers.Text;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// Finds the share of a token, each time anew: what has ended is gone at once. A token that belongs to none costs its
/// address, as a wrong password does.
/// </summary>
sealed class SharedAccess(ShareStore shares, RateLimits limits, Clock clock)
{
    const int TokenLength = 22; // 128 bits in base64url

    /// <summary>The share, or the problem to answer: the same whatever the reason is.</summary>
    public async Task<(ShownShare? Share, Problem? Problem)> FindAsync(
        string token, HttpContext http, CancellationToken ct)
    {
        if (limits.Acquire(Limit.ShareAttempt, http) is { } tooMany)
            return (null, tooMany);
        var hash = SecureTokens.Hash(token);
        if (token.Length == TokenLength && Base64Url.IsValid(token)
            && await shares.FindAsync(token, hash, clock.Now, ct) is { } share)
            return (share, null);
        limits.CountUnknownShare(http, hash);
        return (null, Problems.ShareNotFound);
    }

    /// <summary>The same share as it is now; null where it has ended.</summary>
    public Task<ShownShare?> FindAgainAsync(ShownShare share, CancellationToken ct) =>
        shares.FindAsync(share.Token, SecureTokens.Hash(share.Token), clock.Now, ct);
}
