using System.ComponentModel.DataAnnotations;
using Cote.Notices;
using Cote.Primitives;

namespace Cote;

/// <summary>Pushes to devices, of replies that nobody was shown.</summary>
public sealed class PushOptions : IValidatableObject
{
    /// <summary>
    /// How long a reply that has ended, or waits, may go without being shown before it is pushed, in seconds.
    /// </summary>
    [Range(1, 3_600)]
    public int AfterSeconds { get; set; } = 5;

    /// <summary>
    /// The private key of Web Push (VAPID), of the curve P-256, in PEM or as the base64 of its PKCS#8. Unset: one is
    /// made in the data directory, readable by its owner only; with PostgreSQL there is no Web Push then.
    /// </summary>
    public Secret? VapidKey { get; set; }

    /// <summary>
    /// Whom a browser's push service may write to, such as <c>mailto:admin@example.com</c> or an <c>https</c> address.
    /// Some services refuse pushes without one.
    /// </summary>
    public string? VapidContact { get; set; }

    /// <summary>
    /// Host names, addresses or networks of push services in private networks that users may name, such as
    /// <c>ntfy.internal</c> or <c>10.1.0.0/16</c>. Other private addresses are refused.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Firebase Cloud Messaging.</summary>
    public PushFcmOptions Fcm { get; } = new();

    /// <summary>The Apple Push Notification service.</summary>
    public PushApnsOptions Apns { get; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (VapidContact is { } contact && !(contact.StartsWith("mailto:", StringComparison.Ordinal)
            ? EmailAddress.Parse(contact["mailto:".Length..]) is not null
            : Uri.TryCreate(contact, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps))
            yield return new("it is `mailto:` with an address, or an https address.", [nameof(VapidContact)]);
        _ = Notices.AllowedHosts.Parse(AllowedHosts, out var wrong);
        if (wrong is not null)
            yield return new(
                $"`{wrong}` is no host name, address or network such as 10.0.0.0/8.", [nameof(AllowedHosts)]);
    }
}

/// <summary>Firebase Cloud Messaging. Without a service account there is no <c>fcm</c>.</summary>
public sealed class PushFcmOptions : IValidatableObject
{
    /// <summary>The JSON of the service account, as Firebase's console gives it.</summary>
    public Secret? ServiceAccount { get; set; }

    /// <summary>Where the service is asked, for a gateway of your own.</summary>
    [Required]
    public string BaseUrl { get; set; } = "https://fcm.googleapis.com";

    internal bool IsConfigured => ServiceAccount is not null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!PushAddress.IsHttp(BaseUrl))
            yield return new("it is the address of an HTTP server.", [nameof(BaseUrl)]);
        if (ServiceAccount is not null && FcmAccount.Parse(ServiceAccount.Reveal()) is null)
            yield return new(
                "it is the JSON of a service account, with project_id, client_email, private_key and token_uri.",
                [nameof(ServiceAccount)]);
    }
}

/// <summary>
/// The Apple Push Notification service. Without a key there is no <c>apns</c>; with one, its id, the team and the topic
/// must be there.
/// </summary>
public sealed class PushApnsOptions : IValidatableObject
{
    /// <summary>The key, as the <c>.p8</c> file holds it.</summary>
    public Secret? Key { get; set; }

    /// <summary>The id of the key: ten characters.</summary>
    public string? KeyId { get; set; }

    /// <summary>The id of the team: ten characters.</summary>
    public string? TeamId { get; set; }

    /// <summary>The topic: the bundle id of the app.</summary>
    public string? Topic { get; set; }

    /// <summary>
    /// Where the service is asked: <c>https://api.sandbox.push.apple.com</c> for apps that Xcode has installed.
    /// </summary>
    [Required]
    public string BaseUrl { get; set; } = "https://api.push.apple.com";

    internal bool IsConfigured => Key is not null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!PushAddress.IsHttp(BaseUrl))
            yield return new("it is the address of an HTTP server.", [nameof(BaseUrl)]);
        foreach (var (name, value) in
            new[] { (nameof(KeyId), KeyId), (nameof(TeamId), TeamId), (nameof(Topic), Topic) })
            if (IsConfigured && string.IsNullOrWhiteSpace(value))
                yield return new("a key needs it.", [name]);
    }
}
