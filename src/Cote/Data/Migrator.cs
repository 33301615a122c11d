using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>Numbered migrations, and the table that records which of them have run.</summary>
/// <param name="Owner">The program that they belong to, as errors name it.</param>
/// <param name="Table">The table, a constant of the program.</param>
/// <param name="All">All that the program knows, in order.</param>
/// <param name="Host">The host's tables that they make; null where they are Cote's.</param>
sealed record MigrationHistory(
    string Owner, string Table, IReadOnlyList<Migrator.Migration> All, HostTables? Host = null)
{
    public static MigrationHistory OfCote { get; } = new("Cote", "migrations", Migrator.All(typeof(Migrator).Assembly));

    /// <summary>A migration as log lines and errors name it.</summary>
    public string Describe(string migration) => Host is null ? migration : $"{migration} of {Owner}";

    /// <summary>The name of a copy that is made before a migration: <c>0002</c>, <c>shop-0002</c>.</summary>
    public string LabelOf(Migrator.Migration migration) =>
        Host is null ? $"{migration.Number:0000}" : $"{Owner}-{migration.Number:0000}";
}

/// <summary>
/// Brings the schema up to date from numbered files. Each runs once, in order, and its checksum is kept. A file serves
/// both engines; where they differ it has a block <c>-- [sqlite]</c> or <c>-- [postgres]</c> up to <c>-- [end]</c>.
/// </summary>
sealed class Migrator(ILogger log, Clock clock)
{
    internal sealed record Migration(int Number, string Name, string Text)
    {
        // Of the whole file, with the blocks of both engines: the same file is the same migration everywhere.
        public string Checksum { get; } = SecureTokens.Hash(Text);

        public string For(string engine)
        {
            var text = new StringBuilder();
            string? block = null;
            foreach (var line in Text.Split('\n'))
            {
                var mark = line.Trim();
                if (mark is "-- [sqlite]" or "-- [postgres]")
                    block = mark[4..^1];
                else if (mark == "-- [end]")
                    block = null;
                else if (block is null || block == engine)
                    text.Append(line).Append('\n');
            }
            return text.ToString();
        }
    }

    /// <summary>Runs Cote's migrations that are missing, then those of each host.</summary>
    public async Task RunAsync(MigrationConnection database, params IReadOnlyList<HostTables> hosts)
    {
        var isNew = await RunAsync(database, MigrationHistory.OfCote, isNew: false);
        await HostSchema.RefuseUnknownAsync(database, hosts);
        foreach (var host in hosts)
        {
            await RunAsync(database, host.History, isNew);
            await HostSchema.ReadAsync(database, host);
        }
    }

    /// <summary>
    /// Runs the migrations of one history that are missing; true where all were. The database is copied before, unless
    /// nothing is in it that could be lost.
    /// </summary>
    internal async Task<bool> RunAsync(MigrationConnection database, MigrationHistory history, bool isNew)
    {
        await database.ExecuteAsync($"""
            create table if not exists {history.Table} (
              number integer primary key, name text not null, checksum text not null, applied_at bigint not null)
            """);
        var missing = await MissingAsync(database, history);
        var isFirst = missing.Count == history.All.Count;
        isNew = history.Host is null ? isFirst : isNew;
        if (missing.Count > 0 && !isNew && database.CopyBefore(history.LabelOf(missing[0])) is { } copy)
            log.DatabaseCopied(copy);
        // An empty database waits for the disk once.
        foreach (var unit in missing.Chunk(isFirst && history.Host is null ? history.All.Count : 1))
            await RunAsync(database, history, unit);
        return isFirst;
    }

    async Task RunAsync(MigrationConnection database, MigrationHistory history, Migration[] unit)
    {
        await database.BeginAsync();
        try
        {
            foreach (var migration in unit)
                await RunAsync(database, history, migration);
            await database.CommitAsync();
        }
        catch
        {
            await database.RollBackAsync();
            throw;
        }
        foreach (var migration in unit)
            log.MigrationDone(history.Describe(migration.Name));
    }

    async Task RunAsync(MigrationConnection database, MigrationHistory history, Migration migration)
    {
        if (history.Host is { } host)
            await RunAsync(database, host, migration);
        else
            await database.ExecuteAsync(migration.For(database.Engine));
        await database.ListAsync(
            $"""
            insert into {Sql.Names(history.Table)} (number, name, checksum, applied_at)
            values (cast({(long)migration.Number} as integer), {migration.Name}, {migration.Checksum}, {clock.Now})
            """, _ => 0);
    }

    static async Task RunAsync(MigrationConnection database, HostTables host, Migration migration)
    {
        var before = await HostSchema.ColumnsAsync(database);
        try
        {
            await database.ExecuteAsync(migration.For(database.Engine));
        }
        catch (DbException error)
        {
            throw new StartupException(
                $"Migration {migration.Name} of {host.Name} has failed, and nothing of it is kept: {error.Message}",
                error);
        }
        HostSchema.Check(host, migration.Name, before, await HostSchema.ColumnsAsync(database));
        await database.CompareByBytesAsync(host.Prefix);
    }

    /// <summary>
    /// The migrations that have not run. A database of a newer program, or of a changed migration, is refused.
    /// </summary>
    internal static async Task<IReadOnlyList<Migration>> MissingAsync(
        MigrationConnection database, MigrationHistory history)
    {
        var applied = await database.ListAsync(
            $"select cast(number as bigint), name, checksum from {Sql.Names(history.Table)} order by number",
            row => (Number: (int)row.GetInt64(0), Name: row.GetString(1), Checksum: row.GetString(2)));
        foreach (var (number, name, checksum) in applied)
        {
            var known = history.All.FirstOrDefault(x => x.Number == number)
                ?? throw new StartupException(
                    $"The database was made by a newer {history.Owner} (it has migration {name}, "
                    + $"this program ends at {(history.All is [.., var last] ? last.Name : "none")}). "
                    + "Start that version, or restore a copy.");
            if (known.Checksum != checksum)
                throw new StartupException(
                    $"Migration {history.Describe(name)} is not the one this database was made with. "
                    + "A migration that has run must never be changed: add a new one.");
        }
        return [.. history.All.Where(x => applied.All(y => y.Number != x.Number))];
    }

    internal static IReadOnlyList<Migration> All(Assembly assembly) =>
    [
        .. assembly.GetManifestResourceNames()
            .Where(x => x.StartsWith("Migrations/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(x =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(x)!);
                var name = Path.GetFileNameWithoutExtension(x);
                var number = int.Parse(name[..4], CultureInfo.InvariantCulture);
                return new Migration(number, name, reader.ReadToEnd().ReplaceLineEndings("\n"));
            }),
    ];
}
