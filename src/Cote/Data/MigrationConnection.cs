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

    /// <summary>Selects the columns of all tables: table, name, type, place in the primary key or 0.</summary>
    public abstract Sql Columns { get; }

    /// <summary>Has the texts of these tables compared by their bytes, as Cote's are on both engines.</summary>
    public abstract Task CompareByBytesAsync(string prefix);

    /// <summary>Copies a database that is a file before this migration; the name of the copy, or null.</summary>
    public abstract string? CopyBefore(string migration);
}
