using System.Text.Json.Nodes;

namespace Cote.Http;

/// <summary>What the OpenAPI document says of the server's own routes.</summary>
static class HttpApi
{
    public static void Describe(ApiDocument api)
    {
        var health = api.Schema("HealthStatus").Required("status")
            .Property("status", new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("ok") }).Json;
        health["type"] = "object";
        api.Operation("GetLiveness").Answers(200, "It answers", schema: ApiDocument.Ref("HealthStatus"));
        api.Operation("GetReadiness").Answers(200, "It takes work", schema: ApiDocument.Ref("HealthStatus"))
            .Refuses(Problems.Unavailable, Problems.ShuttingDown);
        api.Schema<SuccessBody>().Json["properties"]!["success"]!["const"] = true;
    }
}
