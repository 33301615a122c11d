using Microsoft.AspNetCore.Http;

namespace Cote.Models;

/// <summary><c>GET /models</c>: what a chat can choose, and what each can do.</summary>
static class ListModels
{
    public static async Task<IResult> Handle(ModelCatalogue models, CancellationToken ct)
    {
        await models.RefreshAsync(ct);
        return ApiResults.Json(ApiResults.Write(json =>
        {
            json.WriteStartArray();
            foreach (var model in models.Models)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, model.Id);
                json.WriteString("provider"u8, model.Provider);
                json.WriteBoolean("default"u8, model.Default);
                json.WriteNumber("context_tokens"u8, model.ContextTokens);
                json.WriteBoolean("vision"u8, model.Vision);
                json.WriteBoolean("audio"u8, model.Audio);
                json.WriteBoolean("tools"u8, model.Tools);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }));
    }
}
