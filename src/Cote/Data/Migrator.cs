using System.Globalization;
using System.Reflection;
using System.Text;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

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

    /// <summary>Runs the migrations that are missing.</summary>
    public Task RunAsync(MigrationConnection database) => RunAsync(database, All(typeof(Migrator).Assembly));

    internal async Task RunAsync(MigrationConnection database, IReadOnlyList<Migration> all)
    {
        await database.ExecuteAsync("""
            create table if not exists migrations (
              number integer primary key, name text not null, checksum text not null, applied_at bigint not null)
            """);
        var missing = await MissingAsync(database, all);
        if (missing.Count > 0 && missing.Count < all.Count && database.CopyBefore(missing[0].Number) is { } copy)
            log.DatabaseCopied(copy);
        foreach (var migration in missing)
        {
            await RunAsync(database, migration);
            log.MigrationDone(migration.Name);
        }
    }

    async Task RunAsync(MigrationConnection database, Migration migration)
    {
        await database.BeginAsync();
        try
        {
            await database.ExecuteAsync(migration.For(database.Engine));
            await database.ListAsync(
                $"""
                insert into migrations (number, name, checksum, applied_at)
                values (cast({(long)migration.Number} as integer), {migration.Name}, {migration.Checksum}, {clock.Now})
                """, _ => 0);
            await database.CommitAsync();
        }
        catch
        {
            await database.RollBackAsync();
            throw;
        }
    }

    /// <summary>
    /// The migrations that have not run. A database of a newer program, or of a changed migration, is refused.
    /// </summary>
    internal static async Task<IReadOnlyList<Migration>> MissingAsync(
        MigrationConnection database, IReadOnlyList<Migration> all)
    {
        var applied = await database.ListAsync(
            $"select cast(number as bigint), name, checksum from migrations order by number",
            row => (Number: (int)row.GetInt64(0), Name: row.GetString(1), Checksum: row.GetString(2)));
        foreach (var (number, name, checksum) in applied)
        {
            var known = all.FirstOrDefault(x => x.Number == number)
                ?? throw new StartupException(
                    $"The database was made by a newer Cote (it has migration {name}, "
                    + $"this program ends at {all[^1].Name}). Start that version, or restore a copy.");
            if (known.Checksum != checksum)
                throw new StartupException(
                    $"Migration {name} is not the one this database was made with. "
                    + "A migration that has run must never be changed: add a new one.");
        }
        return [.. all.Where(x => applied.All(y => y.Number != x.Number))];
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
