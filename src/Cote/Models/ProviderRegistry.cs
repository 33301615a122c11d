using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Models;

/// <summary>The configured providers, the models they offer, and the default model.</summary>
sealed class ProviderRegistry
{
    ProviderRegistry(IReadOnlyList<Provider> providers, ModelCatalogue catalogue)
    {
        Providers = providers;
        Catalogue = catalogue;
    }

    public IReadOnlyList<Provider> Providers { get; }

    public ModelCatalogue Catalogue { get; }

    /// <summary>The providers of these options, without a log.</summary>
    public static ProviderRegistry From(
        AssistantsOptions options, TimeProvider time, params IEnumerable<Provider> added) =>
        From(options, time, NullLogger.Instance, added);

    /// <summary>The providers of these options.</summary>
    /// <param name="options">What is configured.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Where it is said what a model refuses.</param>
    /// <param name="added">Providers of the host's own; they stand before the demo in the order of defaults.</param>
    public static ProviderRegistry From(
        AssistantsOptions options, TimeProvider time, ILogger log, params IEnumerable<Provider> added)
    {
        List<Provider> providers = [];
        if (options.OpenAI.IsConfigured)
            providers.Add(Configured(
                "openai", "gpt-4.1-mini", options.OpenAI, () => new OpenAIWire(options.OpenAI), time, log));
        if (options.Anthropic.IsConfigured)
            providers.Add(Configured(
                "anthropic", "claude-sonnet-4-5", options.Anthropic, () => new AnthropicWire(options.Anthropic), time,
                log));
        providers.AddRange(added);
        providers.Add(new Provider("demo", DemoChatClient.Models, model => new DemoChatClient(model, time)));
        return new ProviderRegistry(providers, CatalogueOf(providers, options.Default));
    }

    /// <summary>The provider and model of an id; null where the model is no longer configured.</summary>
    public (Provider Provider, string Model)? Find(string id)
    {
        if (!Catalogue.Contains(id))
            return null;
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        return (Providers.First(provider => provider.Name == id[..slash]), id[(slash + 1)..]);
    }

    static Provider Configured(
        string name, string model, ProviderOptions options, Func<Wire> open, TimeProvider time, ILogger log)
    {
        // Opened at the first question: a server that is asked nothing needs no HTTP client.
        var wire = new Lazy<Wire>(open);
        var http = new Lazy<ModelHttp>(() => new ModelHttp(time));
        var further = options.Models.SelectMany(entry =>
            entry.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        var first = string.IsNullOrWhiteSpace(options.Model) ? model : options.Model.Trim();
        return new Provider(name, further.Prepend(first).Distinct(StringComparer.Ordinal),
            x => new WireChatClient(name, x, wire.Value, http.Value, log))
        {
            ContextTokens = options.ContextTokens,
            MaxTokens = options.MaxTokens,
            Temperature = options.Temperature,
            Vision = options.Vision,
        };
    }

    static ModelCatalogue CatalogueOf(List<Provider> providers, string? wanted)
    {
        var ids = providers.SelectMany(provider =>
            provider.Models.Select(model => (Id: $"{provider.Name}/{model}", Provider: provider.Name))).ToList();
        var chosen = string.IsNullOrWhiteSpace(wanted) ? ids[0].Id : wanted.Trim();
        if (providers.Find(provider => provider.Name == chosen) is { } named)
            chosen = $"{chosen}/{named.DefaultModel}";
        if (!ids.Exists(model => model.Id == chosen))
            throw new StartupException(
                $"Cote__Assistants__Default names `{chosen}`, which is not configured. Configured are: "
                + $"{string.Join(", ", ids.Select(model => model.Id))}.");
        return new ModelCatalogue(
            ids.Select(model => new CatalogueModel(model.Id, model.Provider, model.Id == chosen)));
    }
}
