namespace Cote.Models;

/// <summary>A model that a chat can choose. Its id is <c>provider/model</c>; the model may hold slashes.</summary>
sealed record CatalogueModel(string Id, string Provider, bool Default);

/// <summary>The configured models.</summary>
sealed class ModelCatalogue(IEnumerable<CatalogueModel> models)
{
    public IReadOnlyList<CatalogueModel> Models { get; } = [.. models];

    public CatalogueModel Default => Models.Single(model => model.Default);

    public bool Contains(string id) => Models.Any(model => model.Id == id);

    /// <summary>The id of a name: itself, or the first model of a provider. Null where it is neither.</summary>
    public string? Resolve(string name) =>
        Contains(name) ? name : Models.FirstOrDefault(model => model.Provider == name)?.Id;
}
