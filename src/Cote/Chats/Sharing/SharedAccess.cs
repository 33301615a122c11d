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
        if (token.Length == TokenLength && Base64Url.IsValid(token)
            && await shares.FindAsync(token, SecureTokens.Hash(token), clock.Now, ct) is { } share)
            return (share, null);
        limits.Acquire(Limit.UnknownShare, http);
        return (null, Problems.ShareNotFound);
    }
}
