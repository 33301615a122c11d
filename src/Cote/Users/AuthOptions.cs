using System.ComponentModel.DataAnnotations;
using Cote.Primitives;
using Cote.Users;

namespace Cote;

/// <summary>Accounts, tokens and sessions.</summary>
public sealed class AuthOptions : IValidatableObject
{
    /// <summary>
    /// The key that signs access tokens, at least 32 bytes: those of the text, or, of <c>base64:…</c>, the decoded
    /// ones. Unset: one is made in the data directory, readable by its owner only. Must be set with PostgreSQL.
    /// </summary>
    public Secret? SigningKey { get; set; }

    /// <summary>
    /// The key before, while it is being replaced: access tokens, signed media URLs and repeated refreshes of it stay
    /// valid.
    /// </summary>
    public Secret? PreviousSigningKey { get; set; }

    /// <summary>
    /// Until when access tokens of the previous key are accepted, such as <c>2026-12-31T00:00:00Z</c>. Signed media
    /// URLs and repeated refreshes accept it as long as it is set: remove it then.
    /// </summary>
    public DateTimeOffset? PreviousSigningKeyUntil { get; set; }

    /// <summary>
    /// What signs access tokens: <c>HS256</c>: the signing key, which stays here. <c>ES256</c>: a private key whose
    /// public half stands in <c>/.well-known/jwks.json</c>, so that other services can check them. What the other has
    /// signed is taken too, so that one can be changed for the other while people are logged in.
    /// </summary>
    [OneOf("HS256", "ES256")]
    public string TokenAlgorithm { get; set; } = "HS256";

    /// <summary>
    /// The private key of ES256, of the curve P-256, in PEM or as the base64 of its PKCS#8. Unset: one is made in the
    /// data directory, readable by its owner only. Must be set with PostgreSQL.
    /// </summary>
    public Secret? Es256Key { get; set; }

    /// <summary>The key of ES256 before, while it is being replaced: its tokens stay valid.</summary>
    public Secret? PreviousEs256Key { get; set; }

    /// <summary>
    /// Who may register: <c>open</c>: everyone. <c>invitation</c>: everyone with the code. <c>closed</c>: no one;
    /// <c>Cote.Server create-user</c> makes accounts.
    /// </summary>
    [OneOf("open", "invitation", "closed")]
    public string Registration { get; set; } = "open";

    /// <summary>
    /// The code that a registration must carry as <c>invitation_code</c>, where registration is by invitation.
    /// </summary>
    public Secret? InvitationCode { get; set; }

    /// <summary>How long the audit is kept, in days.</summary>
    [Range(1, 36_500)]
    public int AuditDays { get; set; } = 365;

    /// <summary>The issuer that access tokens name and must name.</summary>
    [Required]
    public string Issuer { get; set; } = "cote";

    /// <summary>The audience that access tokens name and must name.</summary>
    [Required]
    public string Audience { get; set; } = "cote";

    /// <summary>How long an access token is valid, in minutes.</summary>
    [Range(1, 525_600)]
    public int AccessTokenMinutes { get; set; } = 24 * 60;

    /// <summary>How long a session can be refreshed after its login, in days.</summary>
    [Range(1, 3_650)]
    public int SessionDays { get; set; } = 60;

    /// <summary>PBKDF2 rounds (HMAC-SHA-512) of a password hash. Old hashes are redone at the next login.</summary>
    [Range(210_000, 100_000_000)]
    public int PasswordIterations { get; set; } = 210_000;

    /// <summary>
    /// Issuers whose tokens are trusted, each by a name of its own that stands in the path of browser logins:
    /// <c>Issuers__google__Authority</c>.
    /// </summary>
    public IDictionary<string, IssuerOptions> Issuers { get; } =
        new Dictionary<string, IssuerOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Where a browser login may lead back to, such as <c>com.example.app:/login</c>: a list (<c>…__0</c>) or one text
    /// with commas. They are compared exactly, but for the port of <c>http://127.0.0.1</c> and <c>http://[::1]</c>.
    /// </summary>
    public IList<string> RedirectUris { get; } = [];

    /// <summary>How long a token that an issuer has made can be shown, the skew of clocks added.</summary>
    internal TimeSpan LongestIssued => Issuers.Values
        .Select(x => TimeSpan.FromHours(x.MaxTokenHours) + 2 * IssuerTokenReader.Skew).DefaultIfEmpty().Max();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Registration == "invitation" && InvitationCode is null)
            yield return new("registration is by invitation, but there is no code", [nameof(InvitationCode)]);
        foreach (var (name, issuer) in Issuers)
        {
            var member = $"{nameof(Issuers)}__{name}";
            if (name.Length > 32 || !name.All(x => char.IsAsciiLetterOrDigit(x) || x == '-'))
                yield return new("its name has up to 32 ASCII letters, digits and dashes.", [member]);
            if (issuer.Authority == Issuer
                || Issuers.Any(x => x.Key != name && x.Value.Authority == issuer.Authority))
                yield return new("another issuer has the same Authority.", [member]);
        }
        foreach (var uri in RedirectUris)
            if (RedirectUri.WhatIsWrong(uri) is { } wrong)
                yield return new($"`{uri}` {wrong}", [nameof(RedirectUris)]);
    }
}
