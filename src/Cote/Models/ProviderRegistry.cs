using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Models;

/// <summary>The configured providers, the models they offer, and the default model.</summary>
sealed class ProviderRegistry
{
    readonly IReadOnlyList<string> _fallbacks;

    ProviderRegistry(IReadOnlyList<Provider> providers, AssistantsOptions options)
    {
        Providers = providers;
        var first = $"{providers[0].Name}/{providers[0].DefaultModel}";
        Catalogue = new(providers, first, options.ContextTokens);
        if (!string.IsNullOrWhiteSpace(options.Default))
            Catalogue = new(providers, IdOf(options.Default.Trim(), nameof(options.Default)), options.ContextTokens);
        _fallbacks = [.. options.Fallback.Select(x => IdOf(x.Trim(), nameof(options.Fallback))).Distinct()];
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
            providers.Add(Configured("openai", "gpt-4.1-mini", options.OpenAI, time, log));
        if (options.Anthropic.IsConfigured)
            providers.Add(Configured("anthropic", "claude-sonnet-4-5", options.Anthropic, time, log));
        providers.AddRange(options.Providers.Select(x => Configured(x.Key, x.Value.Model ?? "", x.Value, time, log)));
        providers.AddRange(added);
        providers.Add(new Provider(
            DemoChatClient.Provider, DemoChatClient.Models, model => new DemoChatClient(model, time))
        {
            TakesFormat = false,
        });
        return providers.CountBy(x => x.Name).FirstOrDefault(x => x.Value > 1).Key is { } twice
            ? throw new StartupException($"There are two providers of the name `{twice}`.")
            : new ProviderRegistry(providers, options);
    }

    /// <summary>The models that answer, in this order, where one cannot; never the model itself.</summary>
    public IReadOnlyList<string> FallbacksOf(string id) => [.. _fallbacks.Where(x => x != id)];

    /// <summary>
    /// The provider and model of an id; null where the model is no longer configured. A model that a server listed once
    /// stays: only the server knows whether it is gone.
    /// </summary>
    public (Provider Provider, string Model)? Find(string id) =>
        Catalogue.Split(id) is var (provider, model) && (provider.Offers(model) || provider.Listed is not null)
            ? (provider, model) : null;

    string IdOf(string name, string setting) => Catalogue.Resolve(name)
        ?? throw new StartupException(
            $"Cote__Assistants__{setting} names `{name}`, which is not configured. Configured are: "
            + $"{string.Join(", ", Catalogue.Models.Select(x => x.Id))}.");

    static Provider Configured(
        string name, string unset, ProviderOptions options, TimeProvider time, ILogger log)
    {
        Wire wire = options is AnthropicOptions or NamedProviderOptions { Kind: "anthropic" }
            ? new AnthropicWire(options) : new OpenAIWire(options);
        // Opened at the first question: a server that is asked nothing needs no HTTP client.
        var http = new Lazy<ModelHttp>(() => new ModelHttp(time));
        return new Provider(name, options.ModelNames(unset), x => new WireChatClient(name, x, wire, http.Value, log))
        {
            ContextTokens = options.ContextTokens,
            MaxTokens = options.MaxTokens,
            Temperature = options.Temperature,
            Vision = options.Vision,
            Audio = options.Audio,
            Tools = options.Tools,
            ThinkTags = options.ThinkTags ?? wire.WritesThinkTags,
            ModelSettings = SettingsIn(name, options.ModelSettings),
            TakesSound = (wire.NeverSent & Omissions.Sound) == 0,
            TakesFormat = wire is OpenAIWire,
            Transcriptions = wire is OpenAIWire openAI
                ? new(openAI.TranscriptionsEndpoint, wire.Headers, http) : null,
            IsWire = true,
            OpenAI = wire is OpenAIWire compatible ? new(compatible, http) : null,
            Listed = options.ListsModels ? new ModelList(name, ReadNamesAsync, time, log) : null,
        };

        async Task<IReadOnlyList<string>> ReadNamesAsync(CancellationToken ct)
        {
            using var json = await http.Value.GetAsync(wire.ModelsEndpoint, wire.Headers, ct);
            return ModelList.NamesIn(json.RootElement);
        }
    }

    static Dictionary<string, ModelSettings> SettingsIn(string provider, IList<ModelOptions> models)
    {
        Dictionary<string, ModelSettings> settings = new(StringComparer.Ordinal);
        foreach (var model in models)
            if (!settings.TryAdd(model.Name.Trim(), new()
            {
                ContextTokens = model.ContextTokens,
                MaxTokens = model.MaxTokens,
                Temperature = model.Temperature,
                Vision = model.Vision,
                Audio = model.Audio,
                Tools = model.Tools,
            }))
                throw new StartupException(
                    $"The settings of provider {provider} name the model `{model.Name.Trim()}` twice.");
        return settings;
    }
}
