namespace Cote.Scale;

/// <summary>What a table is at the end of the month.</summary>
/// <param name="Rows">Counted, not estimated.</param>
/// <param name="Heap">Bytes of the rows in their pages.</param>
/// <param name="Toast">Bytes of long values beside them, with their index.</param>
/// <param name="Indexes">Bytes of all indexes.</param>
sealed record TableSize(string Name, long Rows, long Heap, long Toast, long Indexes)
{
    public long Total => Heap + Toast + Indexes;
}

/// <summary>What an index is at the end of the month.</summary>
sealed record IndexSize(string Name, string Table, long Bytes);

/// <summary>How a table was changed, and what vacuum made of it.</summary>
/// <param name="Hot">Updates that touched no index.</param>
/// <param name="DeadPercent">Of its bytes, rows that are dead and not yet vacuumed.</param>
/// <param name="FreePercent">Of its bytes, free space.</param>
/// <param name="Vacuums">Runs of autovacuum.</param>
sealed record TableWear(
    string Name, long Inserted, long Updated, long Hot, long Deleted, double DeadPercent, double FreePercent,
    long Vacuums, long Bytes);

/// <summary>Reads what the database has become.</summary>
static class Growth
{
    /// <summary>Every table of the product that has a row, the largest first.</summary>
    public static async Task<IReadOnlyList<TableSize>> TablesAsync(Postgres db)
    {
        var sizes = await db.ListAsync(
            """
            select c.relname, pg_relation_size(c.oid),
              pg_table_size(c.oid) - pg_relation_size(c.oid), pg_indexes_size(c.oid)
            from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            """, x => new TableSize(x.GetString(0), 0, x.GetInt64(1), x.GetInt64(2), x.GetInt64(3)));
        var counted = new List<TableSize>();
        foreach (var size in sizes)
            if (await db.ValueAsync<long>($"select count(*) from public.{size.Name}") is > 0 and var rows)
                counted.Add(size with { Rows = rows });
        return [.. counted.OrderByDescending(x => x.Total)];
    }

    public static Task<IReadOnlyList<IndexSize>> IndexesAsync(Postgres db) => db.ListAsync(
        """
        select i.relname, t.relname, pg_relation_size(i.oid) from pg_index x
        join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
        where t.relnamespace = 'public'::regnamespace order by pg_relation_size(i.oid) desc
        """, x => new IndexSize(x.GetString(0), x.GetString(1), x.GetInt64(2)));

    /// <summary>Waits until autovacuum has caught up, for a minute at most.</summary>
    public static async Task SettleAsync(Postgres db, CancellationToken ct)
    {
        for (var (quiet, looks) = (0, 0); quiet < 4 && looks < 60; looks++)
        {
            await Task.Delay(1_000, ct); // it looks once a second, and tells nobody
            quiet = await db.ValueAsync<long>(
                "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'") == 0 ? quiet + 1 : 0;
        }
    }

    /// <summary>Of the tables that change most. The extension reads every page of them.</summary>
    public static async Task<IReadOnlyList<TableWear>> WearAsync(Postgres db)
    {
        await db.ExecuteAsync("create extension if not exists pgstattuple schema scale");
        return await db.ListAsync(
            """
            select s.relname, s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del, p.dead_tuple_percent,
              p.free_percent, s.autovacuum_count, pg_table_size(s.relid)
            from pg_stat_user_tables s cross join lateral scale.pgstattuple(s.relid::regclass) p
            where s.schemaname = 'public' and s.n_tup_upd + s.n_tup_del > 0 order by s.n_tup_upd + s.n_tup_del desc
            """,
            x => new TableWear(x.GetString(0), x.GetInt64(1), x.GetInt64(2), x.GetInt64(3), x.GetInt64(4),
                x.GetDouble(5), x.GetDouble(6), x.GetInt64(7), x.GetInt64(8)));
    }
}
