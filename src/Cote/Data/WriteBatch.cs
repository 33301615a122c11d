using System.Data.Common;

namespace Cote.Data;

/// <summary>
/// A write: a fixed list of statements that happen together or not at all. Values flow between them by sub-selects,
/// never through the program, so that PostgreSQL runs the list in one round trip and SQLite within a group commit.
/// </summary>
public sealed class WriteBatch
{
    internal List<Statement> Statements { get; } = [];

    /// <summary>
    /// True where it may be run again when the connection broke and nobody knows whether it was committed: it inserts a
    /// row under an id that was made before the first try, so a second run of it is a <see cref="Outcome.Conflict"/>.
    /// </summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Adds a statement; the answer tells, after the commit, how many rows it changed.</summary>
    public Statement Execute(Sql sql) => Add(new Statement(sql));

    /// <summary>Adds a statement that returns rows; they are there after the commit.</summary>
    public Query<T> Query<T>(Sql sql, Func<Row, T> map) => Add(new Query<T>(sql, map));

    /// <summary>
    /// Waits until no other unit holds the rows of this <c>select</c>, and holds them to the end. The statements after it
    /// see what the others have committed: on PostgreSQL each statement sees the moment it begins at, and a condition on
    /// one table that had to wait for a row of another would still see the moment before. SQLite's writer is alone: it
    /// passes over this step.
    /// </summary>
    public void Lock(Sql select) => Add(new Statement(select) { IsLock = true });

    T Add<T>(T step) where T : Statement
    {
        Statements.Add(step);
        return step;
    }
}

/// <summary>One statement of a unit, and what came of it.</summary>
public class Statement
{
    internal Statement(Sql sql) => Sql = sql;

    internal Sql Sql { get; }

    /// <summary>How many rows the statement changed.</summary>
    public int Changed { get; internal set; }

    internal bool IsLock { get; init; }

    internal virtual bool Reads => IsLock;

    internal virtual void Read(SqliteStatement statement) { }

    internal virtual Task ReadAsync(DbDataReader reader) => Task.CompletedTask;
}

/// <summary>A statement of a unit that returns rows.</summary>
public sealed class Query<T> : Statement
{
    readonly Func<Row, T> _map;
    readonly List<T> _items = [];

    internal Query(Sql sql, Func<Row, T> map) : base(sql) => _map = map;

    /// <summary>The rows, after the commit.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>The first row, or the default where there is none.</summary>
    public T? First => _items.Count > 0 ? _items[0] : default;

    internal override bool Reads => true;

    internal override void Read(SqliteStatement statement)
    {
        _items.Clear();
        while (statement.Step())
            _items.Add(_map(statement));
    }

    internal override async Task ReadAsync(DbDataReader reader)
    {
        _items.Clear();
        var row = new DataReaderRow(reader);
        while (await reader.ReadAsync())
            _items.Add(_map(row));
    }
}

/// <summary>What came of a unit.</summary>
public enum Outcome
{
    /// <summary>It is on disk.</summary>
    Committed,

    /// <summary>A unique index refused it: an id or a name is taken. Nothing was changed.</summary>
    Conflict,
}
