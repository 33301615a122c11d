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
    // Where nothing has grown for a minute, each twelfth round looks.
    const int Calm = 12;

    // What was almost empty and has more than tripled; each time, all plans that read it are made anew.
    static readonly Sql Grown = $"""
        select cast(c.relname as text) from pg_class c
        where c.relkind = 'r' and c.relnamespace = cast(current_schema() as regnamespace)
          and pg_has_role(c.relowner, 'usage') and (
            c.reltuples < 10000 and pg_stat_get_live_tuples(c.oid) > 200 + 3 * greatest(c.reltuples, 0)
        """;

    // What was never analyzed with the shares that migrations set: after an upgrade, or a dump that was read in.
    static readonly Sql Unshared = $"""
        c.reltuples <> 0 and pg_relation_size(c.oid) > 0 and exists (
          select 1 from pg_attribute a where a.attrelid = c.oid and a.attoptions is not null and not exists (
            select 1 from pg_stats p where p.schemaname = current_schema() and p.tablename = c.relname
              and p.attname = a.attname and 'n_distinct=' || p.n_distinct = any (a.attoptions)))
        """;

    bool _hasLooked;
    bool _cannot;
    int _calmRounds;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (engine is not PostgresEngine postgres || _cannot
            || _hasLooked && ++_calmRounds > Calm && _calmRounds % Calm != 0)
            return;
        try
        {
            var tables = await postgres.RunAloneAsync(AnalyzeAsync, ct);
            _hasLooked = true;
            if (tables.Count == 0)
                return;
            _calmRounds = 0;
            Log.TablesAnalyzed(string.Join(", ", tables));
        }
        catch (PostgresException error) when (PostgresPlans.IsUnknown(error))
        {
            _cannot = true; // It plans without.
        }
    }

    async Task<IReadOnlyList<string>> AnalyzeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        Sql which = _hasLooked ? (Sql)$"{Grown})" : (Sql)$"{Grown} or {Unshared})";
        var tables = await PostgresReadSession.ListAsync(connection, which, row => row.GetString(0), null, ct);
        if (tables.Count == 0)
            return tables;
        var names = string.Join(", ", tables.Select(x => $"\"{x}\""));
        // Which takes as long as its sample of the table; one that is being vacuumed or analyzed is passed over.
        await using var command = new NpgsqlCommand($"analyze (skip_locked) {names}", connection);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
        return tables;
    }
}
