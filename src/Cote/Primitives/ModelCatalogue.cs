namespace Cote.Primitives;

/// <summary>A model that a chat can choose; <paramref name="Id"/> is <c>provider/model</c>.</summary>
public sealed record CatalogueModel(string Id, string Provider, bool Default);

/// <summary>The configured models: plain data, so that Chats can check a name without knowing who answers.</summary>
public sealed class ModelCatalogue(IReadOnlyList<CatalogueModel> models)
{
    readonly HashSet<string> _ids = [.. models.Select(x => x.Id)];

    /// <summary>All models, in the order of their providers.</summary>
    public IReadOnlyList<CatalogueModel> Models => models;

    /// <summary>The model of a chat that names none.</summary>
    public CatalogueModel Default { get; } = models.Single(x => x.Default);

    /// <summary>Can a chat choose this one?</summary>
    public bool Contains(string id) => _ids.Contains(id);
}
