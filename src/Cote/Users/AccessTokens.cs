using System.Collections.Concurrent;
using Cote.Http;
using Cote.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// Access tokens: JWTs signed with HS256 that name a user and a session. A token that was once found good is
/// remembered until it expires, so that a request costs a look-up and no cryptography.
/// </summary>
sealed class AccessTokens
{
    const int MostRemembered = 100_000;
    const int Longest = 4_096;

    readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    readonly ConcurrentDictionary<string, CurrentUser> _good = [];
    readonly SigningCredentials _signing;
    readonly TokenValidationParameters _rules;
    readonly AuthOptions _options;
    readonly SessionStore _sessions;
    readonly Revocations _revocations;
    readonly Clock _clock;

    public AccessTokens(AuthOptions options, SigningKeys keys, SessionStore sessions, Revocations revocations, Clock clock)
    {
        (_options, _sessions, _revocations, _clock) = (options, sessions, revocations, clock);
        _signing = new(keys.Current, SecurityAlgorithms.HmacSha256);
        _rules = new()
        {
            // Pinned: a token that names another algorithm, or none, is refused whatever its signature.
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidTypes = ["at+jwt"],
            IssuerSigningKeyResolver = (_, _, _, _) => keys.GoodAt(clock.Now),
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (_, expires, _, _) => expires is { } end && Timestamp.From(end) > clock.Now,
        };
    }

    /// <summary>A token for a session, and how many seconds it works.</summary>
    public (string Token, long ExpiresIn) Create(Session session)
    {
        var seconds = Math.Min(_options.AccessTokenMinutes * 60L, (session.ExpiresAt.Milliseconds - _clock.Now.Milliseconds) / 1_000);
        var now = _clock.Now.ToDateTimeOffset().UtcDateTime;
        var token = _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = _options.Issuer,
            Audience = _options.Audience,
            IssuedAt = now,
            Expires = now.AddSeconds(seconds),
            Claims = new Dictionary<string, object> { ["sub"] = session.UserId, ["sid"] = session.Id, ["jti"] = SecureTokens.Token() },
            SigningCredentials = _signing,
        });
        return (token, seconds);
    }

    /// <summary>Whose token it is, or null where it is not good, or not any more.</summary>
    public async ValueTask<CurrentUser?> ReadAsync(string token, CancellationToken ct)
    {
        if (_good.TryGetValue(token, out var known))
        {
            var now = _clock.Now;
            if (known.Expires > now && !_revocations.Contains(known.SessionId))
            {
                _sessions.MarkSeen(known.SessionId, now);
                return known;
            }
            _good.TryRemove(token, out _);
            return null;
        }
        if (token.Length is 0 or > Longest)
            return null;
        var result = await _handler.ValidateTokenAsync(token, _rules);
        if (!result.IsValid || result.SecurityToken is not JsonWebToken jwt || !jwt.TryGetPayloadValue<string>("sid", out var sid))
            return null;
        if (await _sessions.FindAsync(sid, _clock.Now, ct) is not { } session || session.UserId != jwt.Subject
            || _revocations.Contains(sid))
            return null;
        var user = new CurrentUser(session.UserId, session.Id, Timestamp.From(new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero)));
        if (_good.Count >= MostRemembered)
            _good.Clear();
        _good[token] = user;
        return user;
    }
}
