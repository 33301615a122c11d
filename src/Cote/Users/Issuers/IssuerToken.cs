using System.Buffers.Text;
using System.Text.Json;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>A token of an issuer that was found good.</summary>
/// <param name="Subject">Whom it is about; together with the issuer it is one identity.</param>
/// <param name="IssuedAt">To the second.</param>
/// <param name="Expires">When it stops working, the skew of clocks added.</param>
/// <param name="Claims">All that it says.</param>
sealed record IssuerToken(Issuer Issuer, string Subject, Timestamp IssuedAt, Timestamp Expires, JsonElement Claims)
{
    /// <summary>The identity, as it is remembered of erased accounts.</summary>
    public string IdentityHash { get; } = HashOf(Issuer.Authority, Subject);

    /// <summary>
    /// The key of its session: tokens with the same one are of one login, as far as the issuer lets us see that.
    /// </summary>
    public string Key => TextOf("sid") is { } sid ? "sid:" + HashOf(Issuer.Authority, Subject, sid)
        : "app:" + HashOf(Issuer.Authority, Subject, TextOf("azp") ?? TextOf("client_id") ?? "");

    /// <summary>Whether the key is a session of the issuer's: once that was ended, it never begins again.</summary>
    public bool HasSessionId => TextOf("sid") is not null;

    /// <summary>A claim that is a text with something in it, without U+0000; null where it is not.</summary>
    public string? TextOf(string claim) => TextOf(Claims, claim);

    /// <summary>The e-mail address that the issuer has verified, or null.</summary>
    public string? VerifiedEmail =>
        Claims.TryGetProperty("email_verified", out var verified)
        && (verified.ValueKind == JsonValueKind.True || TextOf("email_verified") == "true")
        && TextOf("email") is { } given && EmailAddress.Parse(given) is { Length: <= Credentials.MaxEmailLength } email
            ? email : null;

    public static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && RequestReader.WellFormed(value) is { Length: > 0 } text
        && !text.Contains('\0') ? text : null;

    /// <summary>The head and the claims of a signed token, not yet checked; null where it is none.</summary>
    public static (JsonElement Head, JsonElement Claims)? Parse(string token)
    {
        var parts = token.Split('.', 4);
        return parts.Length == 3 && ObjectOf(parts[0]) is { } head && ObjectOf(parts[1]) is { } claims
            ? (head, claims) : null;
    }

    static JsonElement? ObjectOf(string part)
    {
        try
        {
            // A name that stands twice would be read as one by us and as the other by whoever checks the signature.
            var json = JsonElement.Parse(
                Base64Url.DecodeFromChars(part), new() { MaxDepth = 16, AllowDuplicateProperties = false });
            return json.ValueKind == JsonValueKind.Object ? json : null;
        }
        catch (Exception error) when (error is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Lengths first: no two lists of texts give one hash.
    static string HashOf(params ReadOnlySpan<string> texts)
    {
        var all = "";
        foreach (var text in texts)
            all += $"{text.Length}:{text}";
        return SecureTokens.Hash(all);
    }
}
