using System.Globalization;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>
/// Ends a node whose program is too old for the schema: another node has migrated the database under it, and what this
/// one writes would be wrong.
/// </summary>
sealed class SchemaLoop(
    Database db, DatabaseEngine engine, IHostApplicationLifetime lifetime, Clock clock, ILogger<SchemaLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(1), clock, log)
{
    static readonly int Newest = MigrationHistory.OfCote.All[^1].Number;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (engine.IsSingleProcess)
            return; // nobody else can migrate it
        try
        {
            var least = await db.FirstAsync(
                $"select value from meta where key = 'schema_min'", row => row.GetString(0), ct);
            if (!int.TryParse(least, CultureInfo.InvariantCulture, out var number) || number <= Newest)
                return;
            Log.SchemaTooNew(number, Newest);
            lifetime.StopApplication();
        }
        catch (ProblemException)
        {
            // The database is unreachable; every read and write reports it.
        }
    }
}
