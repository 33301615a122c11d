namespace Cote;

/// <summary>
/// One of the two databases: it opens, reads, writes and reports its health. A store never asks which engine it runs
/// on: a word of SQL that differs belongs to <see cref="SqlDialect"/>.
/// </summary>
public abstract class DatabaseEngine : IAsyncDisposable
{
    /// <summary>The words of SQL of this engine.</summary>
    public abstract SqlDialect Dialect { get; }

    /// <summary>
    /// True where no second process can have the database open: a lease found at the start has no owner then.
    /// </summary>
    public abstract bool IsSingleProcess { get; }

    /// <summary>
    /// How long the database has been reachable without a break. A node that could not reach it cannot tell a lease
    /// that lapsed with its owner from one that its owner could not renew either.
    /// </summary>
    public abstract TimeSpan AvailableFor { get; }

    /// <summary>True while the database accepts writes.</summary>
    public abstract bool IsHealthy { get; }

    /// <summary>
    /// Opens the database, refuses a second owner where only one is possible, and brings the schema up to date. Throws
    /// <see cref="StartupException"/> where it cannot.
    /// </summary>
    public abstract Task OpenAsync(CancellationToken ct);

    /// <summary>How many batches wait to be committed, or are being committed.</summary>
    internal virtual int Waiting => 0;

    /// <summary>
    /// How often rows of <c>users</c> were changed: what was read at a count holds as long as the count does. Null
    /// where other processes write them too.
    /// </summary>
    internal virtual long? UserChanges => null;

    internal abstract Task<Outcome> WriteAsync(WriteBatch batch);

    internal abstract ValueTask<ReadSession> ReadAsync(CancellationToken ct);

    /// <param name="ct">Cancels the wait for a connection.</param>
    /// <param name="isLong">True where one of its queries may take minutes.</param>
    internal abstract Task<ReadSession> SnapshotAsync(CancellationToken ct, bool isLong = false);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
