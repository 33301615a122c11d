using System.ComponentModel.DataAnnotations;
using Cote.Notices;

namespace Cote;

/// <summary>A webhook: an endpoint that is told what happens.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    const int LongestName = 32;

    /// <summary>Where it is told: a URL that begins with https://.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "it names the endpoint and must be set.")]
    public string? Url { get; set; }

    /// <summary>
    /// What signs it: <c>whsec_</c> and 24 to 64 random bytes in base64. Several with blanks between them all sign, so
    /// that one replaces another without a gap.
    /// </summary>
    [Required(ErrorMessage = "it signs what is told and must be set.")]
    public Secret? Secret { get; set; }

    /// <summary>
    /// What it is told of: <c>reply.ended</c>, <c>reply.waiting</c>, <c>message.sent</c>, <c>chat.deleted</c>,
    /// <c>user.created</c>, <c>user.erased</c>, <c>budget.reached</c>. Unset: all of them.
    /// </summary>
    public IList<string> Events { get; } = [];

    /// <summary>
    /// Host names, addresses or networks (<c>10.0.0.0/8</c>) that it may be reached at though they are private.
    /// </summary>
    public IList<string> Allow { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrWhiteSpace(Url) && GuardedClient.Parse(Url) is null)
            yield return new(
                "it is no URL that begins with https://, has up to 2048 characters and holds no password.",
                [nameof(Url)]);
        if (Secret is not null && WebhookSignature.KeysOf(Secret) is null)
            yield return new(
                "a secret is `whsec_` and 24 to 64 bytes in base64; several have blanks between them.",
                [nameof(Secret)]);
        if (Events.FirstOrDefault(x => !NoticeTypes.All.Contains(x)) is { } unknown)
            yield return new($"`{unknown}` is none of {string.Join(", ", NoticeTypes.All)}.", [nameof(Events)]);
        AllowedHosts.Parse(Allow, out var wrong);
        if (wrong is not null)
            yield return new(
                $"`{wrong}` is no host name, address or network such as 10.0.0.0/8.", [nameof(Allow)]);
    }

    /// <summary>Whether a webhook may have the name.</summary>
    internal static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && name.All(x => char.IsAsciiLetterOrDigit(x) || x == '-');

    /// <summary>Whether it is told of a type.</summary>
    internal bool Wants(string type) => Events.Count == 0 || Events.Contains(type);
}
