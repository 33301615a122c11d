using Microsoft.AspNetCore.Http;

namespace Cote.Models;

/// <summary><c>GET /models</c>: what a chat can choose.</summary>
static class ListModels
{
    public static IResult Handle(ModelCatalogue models) => ApiResults.Json(ApiResults.Write(json =>
    {
        json.WriteStartArray();
        foreach (var model in models.Models)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, model.Id);
            json.WriteString("provider"u8, model.Provider);
            json.WriteBoolean("default"u8, model.Default);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }));
}
