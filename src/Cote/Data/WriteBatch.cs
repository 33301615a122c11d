namespace Cote;

/// <summary>
/// A write: a fixed list of statements that are committed together or not at all. Values flow between them by
/// sub-selects, never through the program, so that PostgreSQL runs the list in one round trip and SQLite in a group
/// commit.
/// </summary>
public sealed class WriteBatch
{
    internal List<Statement> Statements { get; } = [];

    /// <summary>
    /// True where the batch may run again when the connection broke and it is unknown whether it was committed: it
    /// inserts a row under an id that was made before the first try, so a second run of it is a
    /// <see cref="Outcome.Conflict"/>, or a second run changes nothing that the first has not.
    /// </summary>
    public bool IsRepeatable { get; init; }

    /// <summary>
    /// Where it stands among batches that PostgreSQL may commit together with it; null where it is committed alone. It
    /// begins with the user: such a batch holds rows of one user, and whoever holds rows of several takes them in this
    /// order.
    /// </summary>
    internal string? Place { get; init; }

    /// <summary>What is done once it is committed, and never where it is not. It must not block or throw.</summary>
    internal Action? Committed { get; set; }

    /// <summary>Adds a statement; its result has, after the commit, the number of rows it changed.</summary>
    public Statement Execute(Sql sql) => Add(new Statement(sql));

    /// <summary>
    /// Adds a statement that returns rows; they are available after the commit. <paramref name="map"/> reads the
    /// columns of a row and does nothing else: on SQLite the writer waits for it, on PostgreSQL the batch may be
    /// committed though it throws.
    /// </summary>
    public Query<T> Query<T>(Sql sql, Func<Row, T> map) => Add(new Query<T>(sql, map));

    /// <summary>
    /// Waits until no other batch holds the rows of this <c>select</c>, and holds them to the end. The statements after
    /// it see what the others have committed: on PostgreSQL each statement sees the moment at which it begins, and a
    /// condition on one table that waited for a row of another would still see the moment before. SQLite's writer is
    /// alone and skips this step.
    /// </summary>
    public void Lock(Sql select) => Add(new Statement(select) { IsLock = true });

    T Add<T>(T statement) where T : Statement
    {
        Statements.Add(statement);
        return statement;
    }
}

/// <summary>One statement of a batch, and its result.</summary>
public class Statement
{
    internal Statement(Sql sql) => Sql = sql;

    internal Sql Sql { get; set; }

    /// <summary>How many rows the statement changed.</summary>
    public int Changed { get; internal set; }

    internal bool IsLock { get; init; }

    /// <summary>Whether the engine answers it with a result set.</summary>
    internal virtual bool ReturnsRows => IsLock;

    /// <summary>The statement runs, for the first time or again: rows of a run before are void.</summary>
    internal virtual void Begin() { }

    /// <summary>Takes the next row of the result.</summary>
    internal virtual void Take(Row row) { }
}

/// <summary>A statement of a batch that returns rows.</summary>
public sealed class Query<T> : Statement
{
    readonly Func<Row, T> _map;
    readonly List<T> _items = [];

    internal Query(Sql sql, Func<Row, T> map) : base(sql) => _map = map;

    /// <summary>The rows, after the commit.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>The first row, or the default where there is none.</summary>
    public T? First => _items.Count > 0 ? _items[0] : default;

    internal override bool ReturnsRows => true;

    internal override void Begin() => _items.Clear();

    internal override void Take(Row row) => _items.Add(_map(row));
}

/// <summary>The result of a batch.</summary>
public enum Outcome
{
    /// <summary>It is on disk.</summary>
    Committed,

    /// <summary>A unique index refused it: an id or a name is taken. Nothing was changed.</summary>
    Conflict,
}
