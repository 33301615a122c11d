using System.Diagnostics;

namespace Cote.Scale;

/// <summary>A table in one piece and split by a hash of the user, of the same rows.</summary>
/// <param name="WithoutUser">Unique indexes without the user: split, they hold it too, and promise less.</param>
sealed record SplitTable(
    string Name, long Rows, double WholeSeconds, double SplitSeconds, long WholeBytes, long SplitBytes, long WholeWal,
    long SplitWal, IReadOnlyList<string> WithoutUser);

/// <summary>A query that the product makes often, on both: the mean of many users.</summary>
sealed record SplitQuery(string Name, QueryCost Whole, QueryCost Split);

/// <summary>What a query costs: milliseconds to plan it and to run it, and the pages that it looks at.</summary>
sealed record QueryCost(double Planning, double Running, double Buffers);

/// <summary>Getting rid of old events: by deletion and vacuum, and by dropping what holds a week.</summary>
sealed record OldEvents(
    long Rows, double DeleteSeconds, double VacuumSeconds, long DeleteWal, long BytesBefore, long BytesAfter,
    double DropSeconds, long DropWal);

/// <summary>What partitions change, measured on copies of the large tables.</summary>
/// <param name="Unique">Unique indexes without the user, of all tables.</param>
/// <param name="References">Foreign keys without the user, of all tables.</param>
sealed record Partitions(
    IReadOnlyList<SplitTable> Tables, IReadOnlyList<SplitQuery> Queries, OldEvents Old, IReadOnlyList<string> Unique,
    IReadOnlyList<string> References)
{
    const int Count = 16;
    static readonly string[] Large = ["messages", "events", "calls", Cote.Scale.Tables.Documents];

    public static async Task<Partitions> MeasureAsync(
        Postgres db, UseModel model, Action<string> say, CancellationToken ct)
    {
        await db.ExecuteAsync("create schema whole; create schema split; create schema weeks");
        var tables = new List<SplitTable>();
        foreach (var name in Large)
        {
            ct.ThrowIfCancellationRequested();
            tables.Add(await SplitAsync(db, name));
            say($"  {name}: {tables[^1].WholeSeconds:n1} s in one piece, {tables[^1].SplitSeconds:n1} s in {Count}");
        }
        await db.ExecuteAsync("analyze");
        var queries = await new SplitQueries(db).MeasureAsync(ct);
        return new(tables, queries, await OldEventsAsync(db, model), await UniqueAsync(db), await ReferencesAsync(db));
    }

    // Of the tables that hold a user: split by it, each of these has to go, or to hold it.
    static Task<IReadOnlyList<string>> UniqueAsync(Postgres db) => db.ListAsync(
        """
        select t.relname || '.' || i.relname from pg_index x
        join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
        join pg_attribute a on a.attrelid = t.oid and a.attname = 'user_id'
        where t.relnamespace = 'public'::regnamespace and x.indisunique and a.attnum <> all(x.indkey) order by 1
        """, x => x.GetString(0));

    static Task<IReadOnlyList<string>> ReferencesAsync(Postgres db) => db.ListAsync(
        """
        select c.conrelid::regclass || ' → ' || c.confrelid::regclass from pg_constraint c
        where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
          select 1 from pg_attribute a
          where a.attrelid = c.conrelid and a.attname = 'user_id' and a.attnum = any(c.conkey)) order by 1
        """, x => x.GetString(0));

    static async Task<SplitTable> SplitAsync(Postgres db, string name)
    {
        await db.ExecuteAsync($"""
            create table whole.{name} (like {name} including defaults);
            create table split.{name} (like {name} including defaults) partition by hash (user_id);
            """);
        for (var i = 0; i < Count; i++)
            await db.ExecuteAsync($"""
                create table split.{name}_{i} partition of split.{name}
                for values with (modulus {Count}, remainder {i})
                """);
        var without = new List<string>();
        foreach (var (index, definition, isUnique, hasUser) in await IndexesAsync(db, name))
        {
            await db.ExecuteAsync(definition.Replace($" ON public.{name} ", $" ON whole.{name} ", Ordinal));
            var split = definition.Replace($" ON public.{name} ", $" ON split.{name} ", Ordinal);
            if (isUnique && !hasUser)
            {
                without.Add(index);
                split = split.Insert(split.IndexOf(')', Ordinal), ", user_id");
            }
            await db.ExecuteAsync(split);
        }
        var rows = await db.ValueAsync<long>($"select count(*) from {name}"); // and both find it in memory
        var (whole, wholeWal) = await TimedAsync(db, $"insert into whole.{name} select * from {name}");
        var (split16, splitWal) = await TimedAsync(db, $"insert into split.{name} select * from {name}");
        return new(
            name, rows, whole, split16, await BytesAsync(db, $"whole.{name}"), await BytesAsync(db, $"split.{name}"),
            wholeWal, splitWal, without);
    }

    const StringComparison Ordinal = StringComparison.Ordinal;

    static Task<IReadOnlyList<(string Name, string Definition, bool IsUnique, bool HasUser)>> IndexesAsync(
        Postgres db, string table) => db.ListAsync(
        $"""
        select i.relname, pg_get_indexdef(x.indexrelid), x.indisunique, exists (
          select 1 from pg_attribute a
          where a.attrelid = x.indrelid and a.attname = 'user_id' and a.attnum = any(x.indkey))
        from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = 'public.{table}'::regclass
        """, x => (x.GetString(0), x.GetString(1), x.GetBoolean(2), x.GetBoolean(3)));

    // What is older than the retention, over all users: of the same rows in one piece, and in pieces of a week each.
    static async Task<OldEvents> OldEventsAsync(Postgres db, UseModel model)
    {
        const long week = 7 * 86_400_000L;
        var (first, last) = (await db.ListAsync(
            "select min(at), max(at) from events", x => (x.GetInt64(0), x.GetInt64(1))))[0];
        await db.ExecuteAsync("""
            create table weeks.events (like events including defaults) partition by range (at);
            create index on weeks.events (user_id, seq);
            """);
        var pieces = new List<(string Name, long Until)>();
        for (var from = first; from <= last; from += week)
        {
            pieces.Add(($"weeks.events_{pieces.Count}", from + week));
            await db.ExecuteAsync($"""
                create table {pieces[^1].Name} partition of weeks.events for values from ({from}) to ({from + week})
                """);
        }
        await db.ExecuteAsync("insert into weeks.events select * from events; checkpoint");
        var before = Math.Max(first + week, last - model.RetentionDays * 86_400_000L);
        var size = await BytesAsync(db, "whole.events");
        var rows = await db.ValueAsync<long>($"select count(*) from whole.events where at < {before}");
        var (delete, wal) = await TimedAsync(db, $"delete from whole.events where at < {before}");
        var (vacuum, vacuumWal) = await TimedAsync(db, "vacuum whole.events");
        double drop = 0;
        long dropWal = 0;
        foreach (var (name, _) in pieces.Where(x => x.Until <= before))
        {
            var (seconds, bytes) = await TimedAsync(db, $"drop table {name}");
            (drop, dropWal) = (drop + seconds, dropWal + bytes);
        }
        return new(
            rows, delete, vacuum, wal + vacuumWal, size, await BytesAsync(db, "whole.events"), drop, dropWal);
    }

    static async Task<(double Seconds, long Wal)> TimedAsync(Postgres db, string sql)
    {
        const string place = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint";
        var (before, watch) = (await db.ValueAsync<long>(place), Stopwatch.StartNew());
        await db.ExecuteAsync(sql);
        var seconds = watch.Elapsed.TotalSeconds;
        return (seconds, await db.ValueAsync<long>(place) - before);
    }

    // What is in one piece is no tree.
    static Task<long> BytesAsync(Postgres db, string table) => db.ValueAsync<long>($"""
        select coalesce((
          select sum(pg_total_relation_size(relid)) from pg_partition_tree('{table}') where isleaf),
          pg_total_relation_size('{table}'))::bigint
        """);
}
