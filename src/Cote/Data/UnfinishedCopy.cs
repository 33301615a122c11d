using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Data;

/// <summary>How far a copy has read a table: the number of rows, and the key of the last one.</summary>
readonly record struct KeysetPosition(long Rows, IReadOnlyList<object?>? After);

/// <summary>
/// The rows of <c>meta</c> in a database that is the target of a copy: the name of the source, and the position in each
/// table. A server that started on it before the end would serve half of the data.
/// </summary>
static class UnfinishedCopy
{
    /// <summary>The condition on the rows of <c>meta</c> that belong to a copy.</summary>
    public static Sql Keys => $"(key = 'copy' or key like 'copy:%')";

    /// <summary>Selects the name of the source.</summary>
    public static Sql Source => $"select value from meta where key = 'copy'";

    /// <summary>Notes the name of the source.</summary>
    public static Sql Begin(string source) => $"insert into meta (key, value) values ('copy', {source})";

    /// <summary>Selects the position in a table.</summary>
    public static Sql Progress(string table) => $"select value from meta where key = {"copy:" + table}";

    /// <summary>Notes the position in a table.</summary>
    public static Sql Note(string table, KeysetPosition position)
    {
        var value = new JsonArray(JsonValue.Create(position.Rows));
        foreach (var part in position.After ?? [])
            value.Add(part is long number ? JsonValue.Create(number) : (JsonNode?)JsonValue.Create((string?)part));
        return $"""
            insert into meta (key, value) values ({"copy:" + table}, {value.ToJsonString()})
            on conflict (key) do update set value = excluded.value
            """;
    }

    /// <summary>Reads a position that was noted; without a note it is the beginning.</summary>
    public static KeysetPosition Read(string? note)
    {
        if (note is null)
            return default;
        var value = JsonNode.Parse(note)!.AsArray();
        return new((long)value[0]!,
            [.. value.Skip(1).Select(x => x!.GetValueKind() == JsonValueKind.Number ? (object)(long)x : (string)x!)]);
    }

    /// <summary>Adds the statement that ends the copy: the database is then like any other.</summary>
    public static void End(WriteBatch batch) => batch.Execute($"delete from meta where {Keys}");
}
