using System.Collections.Concurrent;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// Access tokens: JWTs signed with HS256 or ES256 that name a user and a session. A token that was verified is
/// remembered until it expires, so that a request costs a look-up and no cryptography.
/// </summary>
sealed class AccessTokens
{
    const int MaxVerified = 100_000;
    const int MaxLength = 4_096;

    readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    readonly ConcurrentDictionary<string, CurrentUser> _verified = [];
    readonly ConcurrentDictionary<string, CurrentUser>.AlternateLookup<ReadOnlySpan<char>> _verifiedBySpan;
    readonly SigningCredentials _signing;
    readonly TokenValidationParameters _validation;
    readonly AuthOptions _options;
    readonly SessionStore _sessions;
    readonly IssuerTokens _issuers;
    readonly Revocations _revocations;
    readonly ApiKeys _keys;
    readonly Clock _clock;

    public AccessTokens(
        AuthOptions options, SigningKeys keys, Es256Keys pairs, SessionStore sessions, ApiKeys apiKeys,
        IssuerTokens issuers, Revocations revocations, Clock clock)
    {
        (_options, _sessions, _keys, _issuers, _revocations, _clock) =
            (options, sessions, apiKeys, issuers, revocations, clock);
        _verifiedBySpan = _verified.GetAlternateLookup<ReadOnlySpan<char>>();
        _signing = options.TokenAlgorithm == Es256Keys.Algorithm
            ? new(pairs.All[0], SecurityAlgorithms.EcdsaSha256) : new(keys.Current, SecurityAlgorithms.HmacSha256);
        _validation = new()
        {
            // Pinned: a token that names another algorithm, or none, is refused whatever its signature.
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.EcdsaSha256],
            ValidTypes = ["at+jwt"],
            // The keys of that algorithm alone: none is ever used for the other.
            IssuerSigningKeyResolver = (_, jwt, id, _) => ((JsonWebToken)jwt).Alg == SecurityAlgorithms.EcdsaSha256
                ? pairs.All.Where(x => x.KeyId == id) : keys.ValidAt(clock.Now),
            ValidIssuer = options.Issuer,
            ValidAudience = options.Audience,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (_, expires, _, _) => expires is { } end && Timestamp.From(end) > clock.Now,
        };
    }

    /// <summary>
    /// The user of what stands in a URL, where a browser can put nothing else. An API key outlives the logs that URLs
    /// end up in, so it is refused there.
    /// </summary>
    public ValueTask<(CurrentUser? User, Problem? Problem)> ReadFromUrlAsync(
        string token, HttpContext http, CancellationToken ct) => ApiKeys.IsKey(token)
        ? ValueTask.FromResult<(CurrentUser?, Problem?)>((null, Problems.InvalidToken)) : ReadAsync(token, http, ct);

    /// <summary>A token for a session, and for how many seconds it is valid.</summary>
    public (string Token, long ExpiresIn) Create(Session session)
    {
        var left = (session.ExpiresAt.Milliseconds - _clock.Now.Milliseconds) / 1_000;
        var seconds = Math.Min(_options.AccessTokenMinutes * 60L, left);
        var now = _clock.Now.ToDateTimeOffset().UtcDateTime;
        var token = _handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = _options.Issuer,
            Audience = _options.Audience,
            IssuedAt = now,
            Expires = now.AddSeconds(seconds),
            Claims = new Dictionary<string, object>
            {
                ["sub"] = session.UserId,
                ["sid"] = session.Id,
                ["jti"] = SecureTokens.Token(),
            },
            SigningCredentials = _signing,
        });
        return (token, seconds);
    }

    /// <summary>The answer of a login or a refresh.</summary>
    public IResult Answer(Session session, string refreshToken, string? issuedTokenType = null)
    {
        var (token, expiresIn) = Create(session);
        return ApiResults.Json(
            new TokenPair(token, "bearer", expiresIn, refreshToken, issuedTokenType), UsersJson.Default.TokenPair);
    }

    /// <summary>The user of a token of ours that was verified before and still works; null for all others.</summary>
    public CurrentUser? FindVerified(ReadOnlySpan<char> token) =>
        _verifiedBySpan.TryGetValue(token, out var known) && StillWorks(known) ? known : null;

    /// <summary>The user of a token, our own or an issuer's, or of an API key; else the problem to answer.</summary>
    public async ValueTask<(CurrentUser? User, Problem? Problem)> ReadAsync(
        string token, HttpContext http, CancellationToken ct)
    {
        if (!_verified.ContainsKey(token) && _issuers.Takes(token))
            return await _issuers.ReadAsync(token, http, ct);
        return await ReadOwnAsync(token, ct) is { } user ? (user, null) : (null, Problems.InvalidToken);
    }

    async ValueTask<CurrentUser?> ReadOwnAsync(string token, CancellationToken ct)
    {
        if (ApiKeys.IsKey(token))
            return await _keys.ReadAsync(token, ct);
        if (_verified.TryGetValue(token, out var known))
        {
            if (StillWorks(known))
                return known;
            _verified.TryRemove(token, out _);
            return null;
        }
        if (token.Length is 0 or > MaxLength)
            return null;
        var result = await _handler.ValidateTokenAsync(token, _validation);
        if (!result.IsValid || result.SecurityToken is not JsonWebToken jwt
            || !jwt.TryGetPayloadValue<string>("sid", out var sid))
            return null;
        if (await _sessions.FindAsync(sid, _clock.Now, ct) is not { } session || session.UserId != jwt.Subject
            || _revocations.Contains(sid))
            return null;
        var expires = Timestamp.From(new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero));
        var user = new CurrentUser(session.UserId, session.Id, expires);
        if (_verified.Count >= MaxVerified)
            _verified.Clear();
        _verified[token] = user;
        return user;
    }

    bool StillWorks(CurrentUser known)
    {
        var now = _clock.Now;
        if (known.Expires <= now || _revocations.Contains(known.CredentialId))
            return false;
        _sessions.MarkSeen(known.CredentialId, now);
        return true;
    }
}
