using System.Collections.Concurrent;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>
/// API keys: <c>cote_</c>, the key's id and 256 random bits. One that was verified is remembered for a minute, so that
/// a request costs a look-up, as with a token.
/// </summary>
sealed class ApiKeys(ApiKeyStore store, Revocations revocations, Clock clock)
{
    const string Prefix = "cote_";
    const int IdLength = 32;
    const int Length = 81; // with the id, `_` and the secret in base64
    const int MaxVerified = 100_000;

    // Shorter than a revocation is remembered: what a node has not heard of, it forgets by itself.
    static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, (CurrentUser User, Timestamp Until)> _verified = [];

    /// <summary>Whether it is written as a key is: no token begins so.</summary>
    public static bool IsKey(string token) => token.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>A new key with this id.</summary>
    public static string Make(string id) =>
        $"{Prefix}{id.Replace("-", "", StringComparison.Ordinal)}_{SecureTokens.Token()}";

    /// <summary>The user of a key, or null where it is not valid, or not any more.</summary>
    public async ValueTask<CurrentUser?> ReadAsync(string key, CancellationToken ct)
    {
        var now = clock.Now;
        if (_verified.TryGetValue(key, out var known))
        {
            if (known.Until > now && known.User.Expires > now && !revocations.Contains(known.User.CredentialId))
                return Used(known.User, now);
            _verified.TryRemove(key, out _);
        }
        if (key.Length != Length || !Guid.TryParseExact(key.AsSpan(Prefix.Length, IdLength), "N", out var id)
            || await store.FindAsync(id.ToString(), SecureTokens.Hash(key), now, ct) is not { } user
            || revocations.Contains(user.CredentialId))
            return null;
        if (_verified.Count >= MaxVerified)
            _verified.Clear();
        _verified[key] = (user, now + RememberedFor);
        return Used(user, now);
    }

    CurrentUser Used(CurrentUser user, Timestamp now)
    {
        store.MarkUsed(user.CredentialId, now);
        return user;
    }
}
