using Cote.Models;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>A model, as OpenAI describes one.</summary>
/// <param name="Id"><c>provider/model</c>.</param>
/// <param name="Object"><c>model</c>.</param>
/// <param name="Created">0: when a model was made is known to nobody here.</param>
/// <param name="OwnedBy">The name of its provider.</param>
sealed record OpenAIModel(string Id, string Object, long Created, string OwnedBy);

/// <summary>A list of models, as OpenAI writes it.</summary>
sealed record OpenAIModels(string Object, IReadOnlyList<OpenAIModel> Data);

/// <summary><c>GET /v1/models</c>: the models of <c>GET /models</c>.</summary>
static class ListOpenAIModels
{
    public static async Task<IResult> Handle(ModelCatalogue models, CancellationToken ct)
    {
        await models.RefreshAsync(ct);
        return ApiResults.Json(new("list", [.. models.Models.Select(Describe)]), OpenAIJson.Default.OpenAIModels);
    }

    public static OpenAIModel Describe(CatalogueModel model) => new(model.Id, "model", 0, model.Provider);
}
