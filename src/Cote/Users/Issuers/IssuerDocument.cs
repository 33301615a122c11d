using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Cote.Users;

/// <summary>
/// A key of an issuer, and the algorithms that it is good for: those of its own kind, never a token's word.
/// </summary>
sealed record IssuerKey(string Id, SecurityKey Key, IReadOnlyList<string> Algorithms);

/// <summary>What an issuer says of itself: its keys, and where a browser logs in.</summary>
sealed record IssuerDocument(
    IReadOnlyList<IssuerKey> Keys, string? AuthorizationEndpoint, string? TokenEndpoint, bool TakesSecretInForm)
{
    const int MostKeys = 100;
    const int ShortestRsa = 2_048;

    public static IssuerDocument Of(OpenIdConnectConfiguration configuration)
    {
        var methods = configuration.TokenEndpointAuthMethodsSupported;
        return new(
            [.. (configuration.JsonWebKeySet?.Keys ?? []).Take(MostKeys).Select(KeyOf).OfType<IssuerKey>()],
            configuration.AuthorizationEndpoint, configuration.TokenEndpoint,
            methods.Contains("client_secret_post") && !methods.Contains("client_secret_basic"));
    }

    // What is no key of ours is passed over: an issuer may publish others beside.
    static IssuerKey? KeyOf(JsonWebKey key)
    {
        if (string.IsNullOrEmpty(key.Kid) || key.Use is not (null or "" or "sig"))
            return null;
        try
        {
            var (usable, algorithms) = key.Kty switch
            {
                "RSA" => (RsaOf(key), [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256]),
                "EC" when key.Crv == "P-256" => (EcOf(key), [SecurityAlgorithms.EcdsaSha256]),
                _ => ((SecurityKey?)null, Array.Empty<string>()),
            };
            if (!string.IsNullOrEmpty(key.Alg))
                algorithms = [.. algorithms.Where(x => x == key.Alg)];
            return usable is null || algorithms.Length == 0 ? null : new(key.Kid, usable, algorithms);
        }
        catch (Exception error) when (error is FormatException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    static RsaSecurityKey? RsaOf(JsonWebKey key)
    {
        var rsa = new RsaSecurityKey(new RSAParameters { Modulus = Bytes(key.N), Exponent = Bytes(key.E) })
        {
            KeyId = key.Kid,
        };
        return rsa.KeySize >= ShortestRsa ? rsa : null;
    }

    static ECDsaSecurityKey EcOf(JsonWebKey key) => new(ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new() { X = Bytes(key.X), Y = Bytes(key.Y) },
    }))
    {
        KeyId = key.Kid,
    };

    static byte[] Bytes(string? text) => Base64Url.DecodeFromChars(text);
}
