using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>An issuer of tokens that are trusted: an OpenID provider.</summary>
public sealed class IssuerOptions : IValidatableObject
{
    /// <summary>
    /// The issuer exactly as its tokens name it in <c>iss</c>, with or without a slash at its end:
    /// <c>https://login.example/realms/app</c>. Below it stands <c>/.well-known/openid-configuration</c>. http only on
    /// loopback.
    /// </summary>
    [Required]
    public string? Authority { get; set; }

    /// <summary>
    /// What access tokens must name in <c>aud</c> to be taken as bearer. Unset: none is taken. Where it equals the
    /// client id, a token may be both.
    /// </summary>
    public string? Audience { get; set; }

    /// <summary>
    /// Cote's client at the issuer: what id tokens must name in <c>aud</c>, and who logs in by browser. Unset: neither
    /// token exchange nor browser login.
    /// </summary>
    public string? ClientId { get; set; }

    /// <summary>The secret of that client. Unset: it is public.</summary>
    public Secret? ClientSecret { get; set; }

    /// <summary>Whether the first token of a new subject makes an account. False: it is refused.</summary>
    public bool Register { get; set; }

    /// <summary>A token that is made for longer is refused, in hours.</summary>
    [Range(1, 8_760)]
    public int MaxTokenHours { get; set; } = 24;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Authority is not null && !IsSafe(Authority))
            yield return new("it must be a URL that begins with https://, or with http:// on loopback, "
                + "without a query.", [nameof(Authority)]);
        if (Audience is null && ClientId is null)
            yield return new("one of Audience and ClientId must be set: no token would be taken.", [nameof(Audience)]);
        if (ClientSecret is not null && ClientId is null)
            yield return new("it belongs to a ClientId, and there is none.", [nameof(ClientSecret)]);
    }

    /// <summary>Whether an address may be asked: what comes from it decides who gets in.</summary>
    internal static bool IsSafe(string address, bool allowsLoopback = true) =>
        Uri.TryCreate(address, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && url.Query.Length == 0
        && url.Fragment.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (allowsLoopback && url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}
