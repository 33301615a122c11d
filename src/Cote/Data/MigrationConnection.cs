namespace Cote.Data;

/// <summary>
/// A connection whose schema is brought up to date. No other one migrates the same database meanwhile.
/// </summary>
abstract class MigrationConnection
{
    /// <summary>The name of the engine's blocks in a migration.</summary>
    public abstract string Engine { get; }

    /// <summary>Begins a transaction.</summary>
    public abstract Task BeginAsync();

    public abstract Task CommitAsync();

    public abstract Task RollBackAsync();

    /// <summary>Runs statements that are constants of the program.</summary>
    public abstract Task ExecuteAsync(string constant);

    public abstract Task<IReadOnlyList<T>> ListAsync<T>(Sql sql, Func<Row, T> map);

    /// <summary>Copies a database that is a file before this migration; the name of the copy, or null.</summary>
    public abstract string? CopyBefore(int migration);
}
