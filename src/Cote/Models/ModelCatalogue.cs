namespace Cote.Models;

/// <summary>A model that a chat can choose, and what it can do.</summary>
/// <param name="Id"><c>provider/model</c>; the model may hold slashes.</param>
/// <param name="Provider">The name of its provider.</param>
/// <param name="Default">Whether it answers in chats that choose none.</param>
/// <param name="ContextTokens">Its context window in tokens, as configured.</param>
/// <param name="Vision">Whether it sees images.</param>
/// <param name="Audio">Whether it hears audio.</param>
/// <param name="Tools">Whether it calls tools.</param>
sealed record CatalogueModel(
    string Id, string Provider, bool Default, int ContextTokens, bool Vision, bool Audio, bool Tools);

/// <summary>The models of all providers: those that are configured, and those that servers list themselves.</summary>
/// <param name="providers">The providers, in the order of defaults.</param>
/// <param name="defaultId">The id of the model of chats that choose none.</param>
/// <param name="contextTokens">The context window where a provider says nothing.</param>
sealed class ModelCatalogue(IReadOnlyList<Provider> providers, string defaultId, int contextTokens)
{
    public IReadOnlyList<CatalogueModel> Models =>
        [.. providers.SelectMany(x => x.Models.Union(x.Listed?.Names ?? []).Select(model => Describe(x, model)))];

    public CatalogueModel Default => Split(defaultId) is var (provider, model)
        ? Describe(provider, model) : throw new InvalidOperationException("The default model has no provider.");

    public bool Contains(string id) => Split(id) is var (provider, model) && provider.Offers(model);

    /// <summary>The id of a name: itself, or the first model of a provider. Null where it is neither.</summary>
    public string? Resolve(string name) => Contains(name) ? name
        : providers.FirstOrDefault(x => x.Name == name) is { } provider ? $"{name}/{provider.DefaultModel}" : null;

    /// <summary>Asks the servers that list their models, as far as they were not asked just now.</summary>
    public Task RefreshAsync(CancellationToken ct) =>
        Task.WhenAll(providers.Select(x => x.Listed?.RefreshAsync(ct) ?? Task.CompletedTask));

    /// <summary>The provider and the model of an id; null where there is no such provider.</summary>
    public (Provider Provider, string Model)? Split(string id)
    {
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && providers.FirstOrDefault(x => x.Name == id[..slash]) is { } provider
            ? (provider, id[(slash + 1)..]) : null;
    }

    CatalogueModel Describe(Provider provider, string model)
    {
        var id = $"{provider.Name}/{model}";
        return new(id, provider.Name, id == defaultId, provider.ContextTokensOf(model) ?? contextTokens,
            provider.Sees(model), provider.Hears(model), provider.TakesTools(model));
    }
}
