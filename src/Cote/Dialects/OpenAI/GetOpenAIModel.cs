using Cote.Models;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// <c>GET /v1/models/{id}</c>; the id holds slashes, which the official clients write as <c>%2F</c>.
/// </summary>
static class GetOpenAIModel
{
    public static async Task Handle(string modelId, ModelCatalogue models, HttpContext http, CancellationToken ct)
    {
        await models.RefreshAsync(ct);
        var id = Uri.UnescapeDataString(modelId).TrimEnd('/');
        if (models.Models.FirstOrDefault(x => x.Id == id) is not { } model)
            await OpenAIError.NoModel(id).WriteAsync(http);
        else
            await ApiResults.Json(ListOpenAIModels.Describe(model), OpenAIJson.Default.OpenAIModel).ExecuteAsync(http);
    }
}
