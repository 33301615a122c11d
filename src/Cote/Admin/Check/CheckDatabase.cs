using System.Globalization;
using Cote.Media;
using Microsoft.Extensions.Hosting;

namespace Cote.Admin;

/// <summary>
/// Compares everything that is stored with everything that it must agree with, as of one moment, also while the server
/// serves.
/// </summary>
sealed class CheckDatabase(
    Database db, BlobStorage storage, IEnumerable<HostTables> hosts, IHostApplicationLifetime lifetime, Clock clock)
{
    const int Found = 2;
    const int MostLines = 100;

    /// <summary>Prints a line for each fault; the exit code is 0 or 2.</summary>
    public async Task<int> RunAsync(bool isDeep, CommandConsole console, CancellationToken ct)
    {
        // No blob goes between the moment and the look at its bytes.
        await using var hold = await SweepHold.BeginAsync(db, clock);
        await using var moment = new SnapshotEngine(db.Engine);
        await moment.OpenAsync(ct);
        var from = new Database(moment);
        var faults = 0L;
        var checks = Checks();
        var progress = new CopyProgress(console.Error, clock, "checks", 0, checks.Count);
        for (var i = 0; i < checks.Count; i++)
        {
            faults += await RunAsync(from, checks[i], console, ct);
            progress.Report(i + 1);
        }
        var blobs = await from.FirstAsync($"select count(*) from blobs", row => row.GetInt64(0), ct);
        await new BlobCheck(from, storage, isDeep).RunAsync(
            (id, fault) =>
            {
                faults++;
                console.Out.WriteLine($"blobs: blob {id} {fault}. Put its file back from a backup "
                    + $"(media/blobs/{id[^2..]}/{id}); uploads of it cannot be read.");
            },
            new(console.Error, clock, isDeep ? "blobs, with their hashes" : "blobs", 0, blobs), ct);
        await hold.ConfirmAsync();
        console.Error.WriteLine(faults == 0 ? "There is no fault." : string.Create(
            CultureInfo.InvariantCulture, $"There are {faults:N0} faults."));
        return faults == 0 ? 0 : Found;
    }

    List<RowCheck> Checks()
    {
        var keys = CopiedTables.All.ToDictionary(x => x.Name, x => x.Key);
        return
        [
            .. db.Dialect.DamagedPages is { } damaged
                ? [new RowCheck("rows", damaged, "the file is damaged: {0}. Restore a backup.")]
                : Array.Empty<RowCheck>(),
            .. References.Checks(keys), .. OfHosts(), .. StateChecks.All, .. PartChecks.All, .. TreeChecks.All,
            .. LedgerChecks.All(db.Dialect, lifetime.ApplicationStarted.IsCancellationRequested), .. SearchChecks.All,
        ];
    }

    IEnumerable<RowCheck> OfHosts() =>
        from host in hosts
        from table in host.Tables
        where table.User is not null
        select new RowCheck("rows", $"""
            select cast(x.{Sql.Names(table.User!)} as text) from {Sql.Names(table.Name)} x
            where x.{Sql.Names(table.User!)} is not null and not exists (
              select 1 from users u where u.id = x.{Sql.Names(table.User!)})
            """, $"{table.Name}: rows of the user {{0}}, who is not there. Delete them.");

    static async Task<long> RunAsync(Database from, RowCheck check, CommandConsole console, CancellationToken ct)
    {
        var lines = await from.ListAsync(
            $"select * from ({check.Rows}) faults limit {MostLines + 1L}", check.Describe, ct);
        foreach (var line in lines.Take(MostLines))
            console.Out.WriteLine(line);
        if (lines.Count > MostLines)
            console.Out.WriteLine($"{check.Area}: there are more faults of this kind.");
        return lines.Count;
    }
}
