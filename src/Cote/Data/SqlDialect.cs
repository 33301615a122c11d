using System.Text.Json.Nodes;

namespace Cote;

/// <summary>The words of SQL that the engines spell differently. Every other statement is one text for both.</summary>
public abstract class SqlDialect
{
    /// <summary><c>sqlite</c> or <c>postgres</c>: the name of the engine's blocks in a migration.</summary>
    public abstract string Name { get; }

    /// <summary>The database's clock in Unix milliseconds. Leases use it, and never the clock of a node.</summary>
    public abstract Sql Now { get; }

    /// <summary>Texts as a list that may follow <c>in</c>: one statement text for any number of them.</summary>
    public Sql EachOf(IEnumerable<string> texts)
    {
        var json = new JsonArray();
        foreach (var text in texts)
            json.Add((JsonNode)text);
        return EachOf(json.ToJsonString());
    }

    private protected abstract Sql EachOf(string jsonArray);
}
