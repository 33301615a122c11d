using System.Data.Common;

namespace Cote.Data;

/// <summary>
/// A write: a fixed list of statements that happen together or not at all. Values flow between them by sub-selects,
/// never through the program, so that PostgreSQL can run the list in one round trip and SQLite within a group commit.
/// </summary>
public sealed class Unit
{
    internal List<Step> Steps { get; } = [];

    /// <summary>Adds a statement; the answer tells, after the commit, how many rows it changed.</summary>
    public Step Do(Sql sql)
    {
        var step = new Step(sql);
        Steps.Add(step);
        return step;
    }

    /// <summary>Adds a statement that returns rows; they are there after the commit.</summary>
    public Rows<T> Fetch<T>(Sql sql, Func<DbDataReader, T> map)
    {
        var step = new Rows<T>(sql, map);
        Steps.Add(step);
        return step;
    }
}

/// <summary>One statement of a unit, and what came of it.</summary>
public class Step
{
    internal Step(Sql sql) => Sql = sql;

    internal Sql Sql { get; }

    /// <summary>How many rows the statement changed.</summary>
    public int Changed { get; internal set; }

    internal virtual bool Reads => false;

    internal virtual void Read(DbDataReader reader) { }
}

/// <summary>A statement of a unit that returns rows.</summary>
public sealed class Rows<T> : Step
{
    readonly Func<DbDataReader, T> _map;
    readonly List<T> _items = [];

    internal Rows(Sql sql, Func<DbDataReader, T> map) : base(sql) => _map = map;

    /// <summary>The rows, after the commit.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>The first row, or the default where there is none.</summary>
    public T? First => _items.Count > 0 ? _items[0] : default;

    internal override bool Reads => true;

    internal override void Read(DbDataReader reader)
    {
        _items.Clear();
        while (reader.Read())
            _items.Add(_map(reader));
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
