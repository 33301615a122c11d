using System.Collections.Concurrent;

namespace Cote.Users;

/// <summary>
/// When things were used last, kept in memory and written now and then, so that a request costs no write.
/// </summary>
/// <param name="db">The database.</param>
/// <param name="update">The statement that writes the use of one thing, where the row has an earlier one.</param>
sealed class LastUses(Database db, Func<string, Timestamp, Sql> update)
{
    const int RowsOfBatch = 200; // a long one would hold up every other write of the embedded database

    readonly ConcurrentDictionary<string, Timestamp> _uses = [];

    /// <summary>Remembers a use.</summary>
    public void Mark(string id, Timestamp at) => _uses[id] = at;

    /// <summary>The last use that this node knows of and has not written; null where there is none.</summary>
    public Timestamp? Find(string id) => _uses.TryGetValue(id, out var at) ? at : null;

    /// <summary>Writes all. What could not be written is kept for the next time.</summary>
    public async Task WriteAsync(CancellationToken ct)
    {
        // In one order on every node: two that write the same rows must not wait for each other.
        foreach (var chunk in _uses.OrderBy(x => x.Key, StringComparer.Ordinal).Chunk(RowsOfBatch))
        {
            ct.ThrowIfCancellationRequested();
            var batch = new WriteBatch();
            foreach (var (id, at) in chunk)
                batch.Execute(update(id, at));
            await db.WriteAsync(batch);
            foreach (var written in chunk)
                _uses.TryRemove(written); // not where it was used again meanwhile
        }
    }
}
