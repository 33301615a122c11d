using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// Bounds guesses at the password of one account. Two buckets of wrong passwords hold: a small one for the account and
/// the site that the guesses come from, and a larger one for the account, whatever address they come from. An address
/// that has a session of the user, be it ended, passes the larger one: strangers who guess must not lock the owner out
/// (ASVS 6.1.1).
/// </summary>
sealed class LoginThrottle(RateLimitsOptions options, SessionStore sessions, Clock clock)
{
    const int SiteShare = 3; // no two sites use up an account's guesses alone

    readonly FailureBuckets _ofAccount = new(options.LoginPerMinute, clock);
    readonly FailureBuckets _ofSite = new(Math.Max(1, options.LoginPerMinute / SiteShare), clock);
    readonly FailureBuckets _ofSession = new(Math.Max(1, options.LoginPerMinute / SiteShare), clock);

    /// <summary>
    /// Begins a login. Each counts as a failure until it is disposed without <see cref="Guess.WasWrong"/>: guesses
    /// sent in parallel would otherwise all pass before the first is counted.
    /// </summary>
    /// <param name="userId">The account, found by its name or its e-mail: both share their buckets. Null where there
    /// is none.</param>
    /// <param name="login">The name that was typed; it counts where there is no account, so that both look the
    /// same.</param>
    /// <param name="http">Its address counts.</param>
    /// <param name="ct">Ends the look at the sessions.</param>
    /// <returns>The guess, or the problem to answer.</returns>
    public async Task<(Guess? Guess, Problem? Problem)> BeginAsync(
        string? userId, string login, HttpContext http, CancellationToken ct)
    {
        var account = userId ?? "no account " + login;
        var guess = new Guess();
        if (guess.Take(_ofSite, $"{account} {RateLimits.SiteOf(http)}") is { } tooMany)
            return (null, tooMany);
        if (guess.Take(_ofAccount, account) is { } slow
            && !await sessions.HasSessionFromAsync(userId ?? "", RateLimits.AddressOf(http), ct))
        {
            guess.Dispose();
            return (null, slow);
        }
        return (guess, null);
    }

    /// <summary>
    /// Begins a check of the current password in a session. A stolen token must not be enough to try passwords with,
    /// and strangers who guess at the account must not keep its owner from changing the password.
    /// </summary>
    public (Guess? Guess, Problem? Problem) BeginInSession(CurrentUser current)
    {
        var guess = new Guess();
        return guess.Take(_ofSession, current.CredentialId) is { } tooMany ? (null, tooMany) : (guess, null);
    }

    /// <summary>A password that is being checked. Disposed, it gives back what it took, unless it was wrong.</summary>
    public sealed class Guess : IDisposable
    {
        readonly List<(FailureBuckets Buckets, string Key)> _taken = [];
        bool _wrong;

        public void WasWrong() => _wrong = true;

        public void Dispose()
        {
            if (!_wrong)
                foreach (var (buckets, key) in _taken)
                    buckets.Return(key);
            _taken.Clear();
        }

        internal Problem? Take(FailureBuckets buckets, string key)
        {
            if (!buckets.TryTake(key, out var wait))
                return Problems.TooManyRequests with { RetryAfter = wait };
            _taken.Add((buckets, key));
            return null;
        }
    }
}
