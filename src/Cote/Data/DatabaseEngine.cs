using System.Data.Common;

namespace Cote.Data;

/// <summary>
/// What differs between the engines, and nothing else: opening, reading, committing, and the few words of SQL that
/// they spell differently. A store that asks which engine it runs on has found a missing member of this class.
/// </summary>
public abstract class DatabaseEngine : IAsyncDisposable
{
    /// <summary><c>sqlite</c> or <c>postgres</c>: the name of its blocks in a migration.</summary>
    public abstract string Name { get; }

    /// <summary>True where no second process can have the database open: a lease found at the start is then nobody's.</summary>
    public abstract bool IsSingleProcess { get; }

    /// <summary>The database's clock in Unix milliseconds. Leases go by it, never by a node's own.</summary>
    public abstract Sql Now { get; }

    /// <summary>Texts as what may stand behind <c>in</c>: one statement, however many they are.</summary>
    public Sql EachOf(IEnumerable<string> texts)
    {
        var json = new System.Text.Json.Nodes.JsonArray();
        foreach (var text in texts)
            json.Add((System.Text.Json.Nodes.JsonNode)text);
        return EachOf(json.ToJsonString());
    }

    private protected abstract Sql EachOf(string jsonArray);

    /// <summary>
    /// How long the database has been there without a break. Whoever could not reach it cannot tell a lease that lapsed
    /// with its owner from one that its owner could not renew either.
    /// </summary>
    public abstract TimeSpan AvailableFor { get; }

    /// <summary>Opens the database, refuses a second owner where only one is possible, and brings the schema up to date.</summary>
    public abstract Task OpenAsync(CancellationToken ct);

    /// <summary>True while writes are being accepted.</summary>
    public abstract bool IsHealthy { get; }

    internal abstract Task<Outcome> WriteAsync(WriteBatch batch);

    internal abstract ValueTask<ReadSession> ReadAsync(CancellationToken ct);

    internal abstract Task<ReadSession> SnapshotAsync(CancellationToken ct);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>Something that can be read from; a snapshot shows one state of the database however long it is kept.</summary>
public abstract class ReadSession : IAsyncDisposable
{
    /// <summary>All rows of a query, or, with <paramref name="enough"/>, those up to the one where it says so.</summary>
    public abstract ValueTask<IReadOnlyList<T>> ListAsync<T>(
        Sql sql, Func<Row, T> map, CancellationToken ct, Func<T, bool>? enough = null);

    /// <summary>The first row of a query, or the default.</summary>
    public async ValueTask<T?> FirstAsync<T>(Sql sql, Func<Row, T> map, CancellationToken ct)
    {
        var rows = await ListAsync(sql, map, ct, static _ => true);
        return rows.Count > 0 ? rows[0] : default;
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
