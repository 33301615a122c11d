using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

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

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Registration == "invitation" && InvitationCode is null)
            yield return new("registration is by invitation, but there is no code", [nameof(InvitationCode)]);
    }
}
