using Cote.Load.Figures;
using Cote.Load.Loads;
using Cote.Load.Yardsticks;

namespace Cote.Load.Runs;

sealed partial class Bench
{
    async Task PostgresSendsAsync()
    {
        var row = Add("postgres", $"sends on PostgreSQL, {_plan.Clients} clients", "sends/s", true,
            [new(0.7, Pgbench)], [new(0.85, Pgbench)]);
        if (!await HasPostgresAsync(row))
            return;
        var (cote, database) = await stage.Postgres.CoteAsync();
        using var _ = cote;
        await using var rows = await PostgresRows.MakeAsync(
            database.ToString(), stage.Root, _plan.Clients, stage.NewFolder());
        var sends = await StalledAsync(cote.Site, _plan.Clients, stage.Ct);
        // Both keep the plans that were made on empty tables until there are statistics, which a node makes within
        // seconds.
        await sends(null, TimeSpan.Zero, _plan.Warm, Meter);
        await rows.RunAsync(_plan.Warm);
        await PostgresServer.AnalyzeAsync(database, stage.Ct);
        for (var round = 0; round < _plan.Rounds; round++)
        {
            row.Of(Row.Ours).Rounds.Add(await sends(null, _plan.Warm, _plan.Length, Meter));
            row.Of(Pgbench).Rounds.Add(await rows.RunAsync(_plan.Length));
        }

        Cores Meter() => cote.Meter(stage.Model);
    }

    async Task PostgresTurnsAsync()
    {
        var rows = AddTurns("postgres-turns", "turns on PostgreSQL", [new(6, Guide)], [new(10, Guide)], [], []);
        if (!await HasPostgresAsync(rows.All))
            return;
        using var contenders = new Contenders();
        var databases = await AddOnPostgresAsync(contenders, rows.All);
        await WarmUpAsync(contenders);
        foreach (var database in databases)
            await PostgresServer.AnalyzeAsync(database, stage.Ct);
        for (var round = 0; round < _plan.Rounds; round++)
            foreach (var contender in contenders)
                await TurnsAsync(rows, contender);
    }

    async Task PostgresStreamsAsync()
    {
        var row = Add("postgres-streams", "streams on PostgreSQL that are kept up with", "streams", true, [new(500)],
            [new(1_000)]);
        if (!await HasPostgresAsync(row))
            return;
        using var contenders = new Contenders();
        await AddOnPostgresAsync(contenders, row);
        var readers = new List<Readers>();
        foreach (var contender in contenders)
            readers.Add(await ReadersAsync(
                contender, contender.Who == Row.Ours ? _plan.PostgresStreams : _plan.PeerStreams));
        await StreamsAsync(row, readers);
    }

    async Task PostgresRestartAsync()
    {
        var row = AddRestart("postgres-restart", "kill -9 to the next new token, on PostgreSQL");
        if (!await HasPostgresAsync(row))
            return;
        var (database, folder, site) = await stage.Postgres.CopyAsync();
        for (var time = 0; time < _plan.Rounds * _plan.Restarts; time++)
            row.Of(Row.Ours).Rounds.Add(
                await RestartLoad.KillAsync(() => stage.Postgres.CoteAsync(database, folder), site));
    }

    async Task<bool> HasPostgresAsync(params Row[] rows)
    {
        var (server, missing) = await stage.Postgres.ServerAsync();
        foreach (var row in rows)
            row.Of(Row.Ours).Skipped = missing;
        return server is not null;
    }

    // Cote and the guide's backend, each on a database of its own; the databases.
    async Task<List<Uri>> AddOnPostgresAsync(Contenders contenders, params Row[] rows)
    {
        var (cote, database) = await stage.Postgres.CoteAsync();
        contenders.Add(cote);
        var databases = new List<Uri> { database };
        var (guide, other, missing) = await stage.Postgres.GuideAsync();
        foreach (var row in rows)
            row.Of(Guide).Skipped = missing;
        if (guide is null)
            return databases;
        contenders.Add(guide);
        databases.Add(other!);
        return databases;
    }
}
