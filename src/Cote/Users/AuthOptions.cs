using Cote.Users;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote;

/// <summary>Accounts, tokens and sessions.</summary>
public sealed class AuthOptions : IValidatableObject
{
    [Description("The key that signs access tokens, at least 32 bytes: those of the text, or, of `base64:…`, the decoded ones. Unset: one is made in the data directory, readable by its owner only. Must be set with PostgreSQL.")]
    public Secret? SigningKey { get; set; }

    [Description("The key before, while it is being replaced: access tokens, signed media URLs and repeated refreshes of it stay valid.")]
    public Secret? PreviousSigningKey { get; set; }

    [Description("Until when access tokens of the previous key are accepted, such as `2026-12-31T00:00:00Z`. Signed media URLs and repeated refreshes accept it as long as it is set: remove it then.")]
    public DateTimeOffset? PreviousSigningKeyUntil { get; set; }

    [Description("Who may register: `open`: everyone. `invitation`: everyone with the code. `closed`: no one; `Cote.Server create-user` makes accounts.")]
    [OneOf("open", "invitation", "closed")]
    public string Registration { get; set; } = "open";

    [Description("The code that a registration must carry as `invitation_code`, where registration is by invitation.")]
    public Secret? InvitationCode { get; set; }

    [Description("How long the audit is kept, in days.")]
    [Range(1, 36_500)]
    public int AuditDays { get; set; } = 365;

    [Description("The issuer that access tokens name and must name.")]
    [Required]
    public string Issuer { get; set; } = "cote";

    [Description("The audience that access tokens name and must name.")]
    [Required]
    public string Audience { get; set; } = "cote";

    [Description("How long an access token is valid, in minutes.")]
    [Range(1, 525_600)]
    public int AccessTokenMinutes { get; set; } = 24 * 60;

    [Description("How long a session can be refreshed after its login, in days.")]
    [Range(1, 3_650)]
    public int SessionDays { get; set; } = 60;

    [Description("PBKDF2 rounds (HMAC-SHA-512) of a password hash. Old hashes are redone at the next login.")]
    [Range(210_000, 100_000_000)]
    public int PasswordIterations { get; set; } = 210_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Registration == "invitation" && InvitationCode is null)
            yield return new("registration is by invitation, but there is no code", [nameof(InvitationCode)]);
    }
}
