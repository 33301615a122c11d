using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>
/// Cote as a client of an issuer: OpenID Connect's code flow with PKCE. Verifier and nonce are made from the token that
/// goes round with the browser and a key of the server, so every node knows them and no row holds them.
/// </summary>
sealed class CodeFlow(IssuerTokenReader reader, Issuers issuers, DerivedKeys keys)
{
    readonly Lazy<byte[]> _key = new(() => keys.For("browser logins")[0]);

    /// <summary>Where the browser logs in; null while the issuer is away, or where it has no such page.</summary>
    public async Task<string?> UrlAsync(Issuer issuer, string callback, string token, CancellationToken ct)
    {
        if (await issuer.Keys.DocumentAsync(ct) is not { AuthorizationEndpoint: { Length: > 0 } page })
            return null;
        return RedirectUri.With(page, ("response_type", "code"), ("client_id", issuer.Options.ClientId!),
            ("redirect_uri", callback), ("scope", "openid profile email"), ("state", token),
            ("nonce", Secret(token, "nonce")), ("code_challenge", ChallengeOf(Secret(token, "verifier"))),
            ("code_challenge_method", "S256"));
    }

    /// <summary>The id token of a code; null, and why, where there is none that is good.</summary>
    public async Task<(IssuerToken? Token, string Why)> RedeemAsync(
        Issuer issuer, string code, string callback, string token, CancellationToken ct)
    {
        if (await issuer.Keys.DocumentAsync(ct) is not { TokenEndpoint: { Length: > 0 } endpoint } document)
            return (null, "the issuer is away, or names no token endpoint");
        var id = issuer.Options.ClientId!;
        var form = new List<(string, string)>
        {
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback), ("client_id", id),
            ("code_verifier", Secret(token, "verifier")),
        };
        var secret = issuer.Options.ClientSecret?.Reveal();
        if (secret is not null && document.TakesSecretInForm)
            form.Add(("client_secret", secret));
        var client = secret is null || document.TakesSecretInForm ? null : IssuerHttp.Basic(id, secret);
        try
        {
            if (await issuers.Http.PostAsync(issuer.Authority, endpoint, form, client, ct) is not { } answer)
                return (null, "the token endpoint refused the code");
            var json = JsonElement.Parse(answer);
            if (json.ValueKind != JsonValueKind.Object || IssuerToken.TextOf(json, "id_token") is not { } idToken)
                return (null, "the token endpoint answered without an id token");
            var (good, problem) = await reader.ReadAsync(idToken, TokenDoor.Id, ct);
            return good is null ? (null, $"the id token is refused: {problem!.Code}")
                : good.Issuer != issuer ? (null, "the id token is of another issuer")
                : good.TextOf("nonce") != Secret(token, "nonce") ? (null, "the id token is of another login")
                : (good, "");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException
            || (error is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return (null, error.GetType().Name);
        }
    }

    /// <summary>The challenge of a code verifier: RFC 7636 4.2, S256.</summary>
    public static string ChallengeOf(string verifier) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    string Secret(string token, string purpose) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(_key.Value, Encoding.UTF8.GetBytes($"{purpose} {token}")));
}
