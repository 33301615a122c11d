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
    static readonly Sql Grown =
        $"c.reltuples < 10000 and pg_stat_get_live_tuples(c.oid) > 200 + 3 * greatest(c.reltuples, 0)";

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
        Sql which = _rounds++ % SharesEach == 0 ? (Sql)$"{Grown} or {Unshared}" : Grown;
        var analyzed = new List<string>();
        foreach (var table in await ListAsync(postgres, which, ct))
        {
            if (_tries.GetValueOrDefault(table) == MostTries)
                continue;
            _tries[table] = _tries.GetValueOrDefault(table) + 1;
            if (await postgres.RunAloneAsync((connection, stop) => AnalyzeAsync(connection, table, which, stop), ct))
            {
                _tries.Remove(table);
                analyzed.Add(table);
            }
            else if (_tries[table] == MostTries)
                Log.TableNotAnalyzed(table);
        }
        if (analyzed.Count > 0)
            Log.TablesAnalyzed(string.Join(", ", analyzed));
    }

    async Task<IReadOnlyList<string>> ListAsync(PostgresEngine postgres, Sql which, CancellationToken ct)
    {
        try
        {
            return await postgres.RunAloneAsync((connection, stop) => ListAsync(connection, which, stop), ct);
        }
        catch (PostgresException error) when (PostgresPlans.IsUnknown(error))
        {
            _hasStatistics = false; // The database speaks the protocol, and has no catalog of this kind.
            return [];
        }
    }

    // Whether the statistics are new. PostgreSQL says nothing of a table that it passes over because it is locked, as
    // by its own vacuum.
    static async Task<bool> AnalyzeAsync(NpgsqlConnection connection, string table, Sql which, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"analyze (skip_locked) {table}", connection);
        command.CommandTimeout = LongestSeconds;
        try
        {
            await command.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException error) when (!PostgresErrors.IsAway(error))
        {
            return false;
        }
        return !(await ListAsync(connection, which, ct)).Contains(table);
    }

    static Task<List<string>> ListAsync(NpgsqlConnection connection, Sql which, CancellationToken ct) =>
        PostgresReadSession.ListAsync(
            connection,
            $"""
            select quote_ident(c.relname) from pg_class c
            where c.relkind = 'r' and c.relnamespace = cast(current_schema() as regnamespace)
              and pg_has_role(c.relowner, 'usage') and ({which})
            """, row => row.GetString(0), null, ct);
}
