using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>What a token of an issuer is shown as.</summary>
enum TokenDoor
{
    /// <summary>An access token, as bearer.</summary>
    Bearer,

    /// <summary>An id token, in exchange for a session.</summary>
    Id,
}

/// <summary>Checks tokens of issuers: RFC 8725, RFC 9068, OpenID Connect Core 3.1.3.7.</summary>
sealed class IssuerTokenReader(Issuers issuers, Clock clock)
{
    public const int MaxLength = 16_384;
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    const int MaxSubject = 255; // OpenID Connect Core 2
    const long MaxSeconds = 253_402_300_799; // the end of the year 9999

    static readonly string[] AccessTypes = ["at+jwt", "application/at+jwt"];

    readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>The issuer that a token says it is of, where that is a trusted one.</summary>
    public Issuer? IssuerOf(string token) =>
        issuers.Any && token.Length <= MaxLength && IssuerToken.Parse(token) is var (_, claims)
            ? IssuerOf(claims) : null;

    /// <summary>The token where it is good; else 401, or 503 where its key cannot be looked up now.</summary>
    public async ValueTask<(IssuerToken? Token, Problem? Problem)> ReadAsync(
        string token, TokenDoor door, CancellationToken ct)
    {
        if (token.Length > MaxLength || IssuerToken.Parse(token) is not var (head, claims)
            || IssuerOf(claims) is not { } issuer || AudienceOf(issuer, door) is not { } audience
            || !IsOfKind(issuer, door, head, claims) || IssuerToken.TextOf(head, "kid") is not { } id
            || IssuerToken.TextOf(head, "alg") is not { } algorithm)
            return (null, Problems.InvalidToken);
        var (keys, problem) = await issuer.Keys.FindAsync(id, ct);
        if (problem is not null)
            return (null, problem);
        foreach (var key in keys.Where(x => x.Algorithms.Contains(algorithm)))
            if (await IsSignedAsync(token, issuer, audience, key) && Read(issuer, claims) is { } good)
                return (good, null);
        return (null, Problems.InvalidToken);
    }

    Issuer? IssuerOf(JsonElement claims) =>
        IssuerToken.TextOf(claims, "iss") is { } issuer ? issuers.OfAuthority(issuer) : null;

    static string? AudienceOf(Issuer issuer, TokenDoor door) =>
        door == TokenDoor.Bearer ? issuer.Options.Audience : issuer.Options.ClientId;

    // Issuers sign other things with the same keys: tokens for logout, for events, for a request.
    static bool IsOfKind(Issuer issuer, TokenDoor door, JsonElement head, JsonElement claims)
    {
        if (head.TryGetProperty("crit", out _) || claims.TryGetProperty("events", out _))
            return false;
        var type = head.TryGetProperty("typ", out _) ? IssuerToken.TextOf(head, "typ") ?? "?" : "JWT";
        var isAccess = AccessTypes.Contains(type, StringComparer.OrdinalIgnoreCase);
        if (!isAccess && !type.Equals("JWT", StringComparison.OrdinalIgnoreCase))
            return false;
        if (issuer.HasOneAudience)
            return true;
        var said = IssuerToken.TextOf(claims, "typ"); // as Keycloak says it
        return door == TokenDoor.Bearer ? said != "ID" : !isAccess && said != "Bearer";
    }

    async Task<bool> IsSignedAsync(string token, Issuer issuer, string audience, IssuerKey key)
    {
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = key.Algorithms,
            IssuerSigningKey = key.Key,
            ValidIssuer = issuer.Authority,
            ValidAudience = audience,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            RequireAudience = true,
            LifetimeValidator = (_, _, _, _) => true, // below, by the claims themselves and the one clock
        });
        return result.IsValid;
    }

    IssuerToken? Read(Issuer issuer, JsonElement claims)
    {
        var now = clock.Now;
        if (TimeOf(claims, "exp") is not { } expires || TimeOf(claims, "iat") is not { } issued
            || expires + Skew <= now || issued > now + Skew
            || (claims.TryGetProperty("nbf", out _) && !(TimeOf(claims, "nbf") <= now + Skew))
            || expires - TimeSpan.FromHours(issuer.Options.MaxTokenHours) > issued
            || IssuerToken.TextOf(claims, "sub") is not { Length: <= MaxSubject } subject)
            return null;
        return new(issuer, subject, issued, expires + Skew, claims);
    }

    // Whole seconds, or, of some, with a fraction.
    static Timestamp? TimeOf(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= MaxSeconds
            ? new((long)(seconds * 1_000)) : null;
}
