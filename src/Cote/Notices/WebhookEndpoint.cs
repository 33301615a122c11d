namespace Cote.Notices;

/// <summary>A configured webhook.</summary>
/// <param name="Name">Under which it is configured, in lower case.</param>
/// <param name="Url">Where it is told.</param>
/// <param name="Keys">Of its secrets; each signs.</param>
/// <param name="Allowed">Where it may be reached beside the public internet.</param>
/// <param name="Wants">Whether it is told of a type.</param>
sealed record WebhookEndpoint(
    string Name, Uri Url, IReadOnlyList<byte[]> Keys, AllowedHosts Allowed, Func<string, bool> Wants);

/// <summary>
/// The configured webhooks. Throws <see cref="StartupException"/> where one has no name that it may have.
/// </summary>
sealed class WebhookEndpoints(CoteOptions options)
{
    /// <summary>All of them, by their names.</summary>
    public IReadOnlyList<WebhookEndpoint> Items { get; } = [.. options.Webhooks
        .Select(x => Of(x.Key, x.Value)).OrderBy(x => x.Name, StringComparer.Ordinal)];

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names => [.. Items.Select(x => x.Name)];

    // The options are valid by then: CoteConfiguration has asked them.
    static WebhookEndpoint Of(string name, WebhookOptions options) => WebhookOptions.IsName(name)
        ? new(name.ToLowerInvariant(), GuardedClient.Parse(options.Url)!, WebhookSignature.KeysOf(options.Secret!)!,
            AllowedHosts.Parse(options.Allow, out _), options.Wants)
        : throw new StartupException(
            $"Cote__Webhooks__{name} is no name of a webhook: it has up to 32 letters, digits and hyphens.");
}
