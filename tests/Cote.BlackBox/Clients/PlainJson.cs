using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.BlackBox.Clients;

/// <summary>JSON in one form: without nulls, which are the same as absent, and with names in order.</summary>
static class PlainJson
{
    public static string Of(JsonNode node, params string[] without) => Form(node, without).ToJsonString();

    static JsonNode Form(JsonNode node, string[] without) => node switch
    {
        JsonObject json => new JsonObject(json.Where(x => x.Value is not null && !without.Contains(x.Key))
            .OrderBy(x => x.Key, StringComparer.Ordinal)
            .Select(x => KeyValuePair.Create(x.Key, (JsonNode?)Form(x.Value!, without)))),
        JsonArray array => new JsonArray([.. array.Select(x => x is null ? null : Form(x, without))]),
        _ when node.GetValueKind() == JsonValueKind.Number => JsonValue.Create(decimal.Parse(
            node.ToJsonString(), System.Globalization.NumberStyles.Float)),
        _ => node.DeepClone(),
    };
}
