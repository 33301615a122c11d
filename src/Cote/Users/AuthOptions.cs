using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote.Users;

/// <summary>Accounts, tokens and sessions.</summary>
public sealed class AuthOptions
{
    [Description("The key that signs access tokens, at least 32 bytes. Unset: one is made in the data directory, readable by its owner only.")]
    public Secret? SigningKey { get; set; }

    [Description("The issuer that access tokens name and must name.")]
    [Required]
    public string Issuer { get; set; } = "cote";

    [Description("The audience that access tokens name and must name.")]
    [Required]
    public string Audience { get; set; } = "cote";

    [Description("How long an access token works, in minutes.")]
    [Range(1, 525_600)]
    public int AccessTokenMinutes { get; set; } = 24 * 60;

    [Description("How long a session can be refreshed after its login, in days.")]
    [Range(1, 3_650)]
    public int SessionDays { get; set; } = 60;

    [Description("PBKDF2 rounds (HMAC-SHA-512) of a password hash. Old hashes are redone at the next login.")]
    [Range(210_000, 100_000_000)]
    public int PasswordIterations { get; set; } = 210_000;
}
