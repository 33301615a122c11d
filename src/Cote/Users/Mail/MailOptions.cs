using System.ComponentModel.DataAnnotations;
using Cote.Primitives;

namespace Cote;

/// <summary>Mail by SMTP: forgotten passwords, and addresses that are verified. Without a host there is none.</summary>
public sealed class MailOptions : IValidatableObject
{
    /// <summary>The SMTP server. Unset: the routes that need mail answer 501.</summary>
    public string? Host { get; set; }

    /// <summary>Its port. Unset: 587 with <c>starttls</c>, 465 with <c>tls</c>, 25 with <c>none</c>.</summary>
    [Range(1, 65_535)]
    public int? Port { get; set; }

    /// <summary>The address that mails come from.</summary>
    public string? From { get; set; }

    /// <summary>The name to log in to the server with. Unset: no login.</summary>
    public string? Username { get; set; }

    /// <summary>The password to log in to the server with.</summary>
    public Secret? Password { get; set; }

    /// <summary>
    /// <c>starttls</c>: nothing is sent before the connection is encrypted. <c>tls</c>: it is from the beginning.
    /// <c>none</c>: never.
    /// </summary>
    [OneOf("starttls", "tls", "none")]
    public string Security { get; set; } = "starttls";

    internal bool IsConfigured => !string.IsNullOrEmpty(Host);

    internal int PortInUse => Port ?? Security switch { "tls" => 465, "none" => 25, _ => 587 };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsConfigured)
            yield break;
        if (EmailAddress.Parse(From ?? "") is null)
            yield return new("mail needs an address that it comes from, such as cote@example.com", [nameof(From)]);
        if (Username is null != Password is null)
            yield return new("a login has a name and a password", [nameof(Password)]);
    }
}
