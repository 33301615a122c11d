using Cote.Primitives;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// Analyzes tables of PostgreSQL that grow faster than its autovacuum looks at them, which is each minute: a plan that
/// was made on an almost empty table reads all rows of a user, and is kept until the table is analyzed. See
/// docs/decisions/0056-postgres-plans.md.
/// </summary>
sealed class AnalyzeLoop(DatabaseEngine engine, Clock clock, ILogger<AnalyzeLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(5), clock, log)
{
    const int MostTries = 12;
    const int SharesEach = 12;
    const int LongestSeconds = 600;

    // The table was almost empty and has more than tripled. To analyze one has all plans that read it made anew.
    static readonly Sql Grown = $"""
        select quote_ident(c.relname) from pg_class c
        where c.relkind = 'r' and c.relnamespace = cast(current_schema() as regnamespace)
          and pg_has_role(c.relowner, 'usage') and (
            c.reltuples < 10000 and pg_stat_get_live_tuples(c.oid) > 200 + 3 * greatest(c.reltuples, 0)
        """;

    // The statistics lack the share that a migration has set: after an upgrade, or a dump that was read in.
    static readonly Sql Unshared = $"""
        c.reltuples <> 0 and pg_relation_size(c.oid) > 0 and exists (
          select 1 from pg_attribute a, pg_options_to_table(a.attoptions) o
          where a.attrelid = c.oid and a.attname = 'user_id' and o.option_name = 'n_distinct'
            and cast(o.option_value as real) <> 0 and not exists (
              select 1 from pg_stats p where p.schemaname = current_schema() and p.tablename = c.relname
                and p.attname = a.attname and p.n_distinct = cast(o.option_value as real)))
        """;

    readonly Dictionary<string, int> _tries = [];
    bool _hasStatistics = true;
    int _rounds;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (engine is not PostgresEngine postgres || !_hasStatistics)
            return;
        Sql which = _rounds++ % SharesEach == 0 ? (Sql)$"{Grown} or {Unshared})" : (Sql)$"{Grown})";
        var listed = await ListAsync(postgres, which, ct);
        var tables = listed.Where(x => _tries.GetValueOrDefault(x) < MostTries).ToList();
        foreach (var table in tables)
        {
            _tries[table] = _tries.GetValueOrDefault(table) + 1;
            await postgres.RunAloneAsync((connection, stop) => AnalyzeAsync(connection, table, stop), ct);
        }
        if (tables.Count == 0)
            return;
        var left = await ListAsync(postgres, which, ct);
        var analyzed = tables.Except(left).ToList();
        foreach (var table in analyzed)
            _tries.Remove(table);
        if (analyzed.Count > 0)
            Log.TablesAnalyzed(string.Join(", ", analyzed));
        foreach (var table in tables.Where(x => _tries.GetValueOrDefault(x) == MostTries))
            Log.TableNotAnalyzed(table);
    }

    async Task<IReadOnlyList<string>> ListAsync(PostgresEngine postgres, Sql which, CancellationToken ct)
    {
        try
        {
            return await postgres.RunAloneAsync((connection, stop) =>
                PostgresReadSession.ListAsync(connection, which, row => row.GetString(0), null, stop), ct);
        }
        catch (PostgresException error) when (PostgresPlans.IsUnknown(error))
        {
            _hasStatistics = false; // The database speaks the protocol, and has no catalog of this kind.
            return [];
        }
    }

    // PostgreSQL passes over a table that is locked, as by its own vacuum; a later round tries again.
    static async Task<bool> AnalyzeAsync(NpgsqlConnection connection, string table, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"analyze (skip_locked) {table}", connection);
        command.CommandTimeout = LongestSeconds;
        try
        {
            await command.ExecuteNonQueryAsync(ct);
            return true;
        }
        catch (PostgresException error) when (!PostgresErrors.IsAway(error))
        {
            return false;
        }
    }
}
