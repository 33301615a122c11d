using System.Text.Json.Nodes;
using Cote.Admin;

namespace Cote.Data;

/// <summary>
/// What a database says of itself while another one is being copied into it: of which one, and how far each table has
/// come. Whoever serves it before the end would serve half of it.
/// </summary>
static class UnfinishedCopy
{
    /// <summary>The keys of <c>meta</c> that tell of a copy.</summary>
    public static Sql Keys => $"(key = 'copy' or key like 'copy:%')";

    /// <summary>The one that says of what.</summary>
    public static Sql Source => $"select value from meta where key = 'copy'";

    public static Sql Begin(string source) => $"insert into meta (key, value) values ('copy', {source})";

    public static Sql Progress(string what) => $"select value from meta where key = {"copy:" + what}";

    public static Sql Note(string what, KeysetPosition position)
    {
        var value = new JsonArray(JsonValue.Create(position.Rows));
        foreach (var part in position.After ?? [])
            value.Add(part is long number ? JsonValue.Create(number) : (JsonNode?)JsonValue.Create((string?)part));
        return $"insert into meta (key, value) values ({"copy:" + what}, {value.ToJsonString()}) on conflict (key) do update set value = excluded.value";
    }

    public static KeysetPosition Read(string? noted)
    {
        if (noted is null)
            return default;
        var value = JsonNode.Parse(noted)!.AsArray();
        return new((long)value[0]!, [.. value.Skip(1).Select(x => x!.GetValueKind() == System.Text.Json.JsonValueKind.Number ? (object)(long)x : (string)x!)]);
    }

    /// <summary>Adds to a unit what makes the copy a database like any other.</summary>
    public static void End(WriteBatch batch) => batch.Execute($"delete from meta where {Keys}");
}
