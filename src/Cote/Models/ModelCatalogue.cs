namespace Cote.Models;

/// <summary>A model that a chat may choose. Its id is <c>provider/model</c>, where the model may hold slashes.</summary>
sealed record CatalogueModel(string Id, string Provider, bool Default);

/// <summary>The configured models: plain data, so that a room below the assistants can check a name.</summary>
sealed class ModelCatalogue(IEnumerable<CatalogueModel> models)
{
    public IReadOnlyList<CatalogueModel> Models { get; } = [.. models];

    public CatalogueModel Default => Models.Single(model => model.Default);

    public bool Contains(string id) => Models.Any(model => model.Id == id);

    /// <summary>The id that a name stands for: itself, or, of a provider alone, its first model. Null where it is neither.</summary>
    public string? Resolve(string name) =>
        Contains(name) ? name : Models.FirstOrDefault(model => model.Provider == name)?.Id;
}
