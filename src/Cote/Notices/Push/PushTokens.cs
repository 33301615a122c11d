using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Notices;

/// <summary>The JWTs by which push services know this server.</summary>
static class PushTokens
{
    static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>A time as JWTs have it.</summary>
    public static long Seconds(Timestamp at) => at.Milliseconds / 1_000;

    /// <summary>Signs claims with ES256; null values are left out.</summary>
    public static string Sign(ECDsa key, string? keyId, Dictionary<string, object?> claims) => Sign(
        new ECDsaSecurityKey(key) { KeyId = keyId }, SecurityAlgorithms.EcdsaSha256, claims);

    /// <summary>The same with RS256.</summary>
    public static string Sign(RSA key, string? keyId, Dictionary<string, object?> claims) => Sign(
        new RsaSecurityKey(key) { KeyId = keyId }, SecurityAlgorithms.RsaSha256, claims);

    static string Sign(SecurityKey key, string algorithm, Dictionary<string, object?> claims)
    {
        var payload = new JsonObject();
        foreach (var (name, value) in claims)
            if (value is not null)
                payload[name] = value is long number ? JsonValue.Create(number) : JsonValue.Create(value.ToString());
        // The provider would keep the key alive in a cache of its own.
        var credentials = new SigningCredentials(key, algorithm)
        {
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        };
        return Handler.CreateToken(payload.ToJsonString(), credentials);
    }
}
