using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Data;

/// <summary>A connection whose schema is brought up to date. Nobody else migrates the same database meanwhile.</summary>
abstract class MigrationConnection
{
    /// <summary>The name of its blocks in a migration.</summary>
    public abstract string Engine { get; }

    /// <summary>Begins a transaction.</summary>
    public abstract Task BeginAsync();

    public abstract Task CommitAsync();

    public abstract Task RollBackAsync();

    public abstract Task ExecuteAsync(string constant);

    public abstract Task<IReadOnlyList<T>> ListAsync<T>(Sql sql, Func<Row, T> map);

    /// <summary>Copies the database aside before this migration, where it is a file; the copy's name.</summary>
    public abstract string? CopyBefore(int migration);
}

/// <summary>
/// Brings the schema up to date from numbered files, each run once, in order, and known by its checksum. A file serves
/// both engines; where they differ it has a block <c>-- [sqlite]</c> or <c>-- [postgres]</c> up to <c>-- [end]</c>.
/// </summary>
sealed class Migrator(ILogger log, Clock clock)
{
    internal sealed record Migration(int Number, string Name, string Text)
    {
        // Of the whole file, both engines' blocks included: the same file is the same migration everywhere.
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

    /// <summary>Runs what is missing.</summary>
    public Task RunAsync(MigrationConnection database) => RunAsync(database, All(typeof(Migrator).Assembly));

    internal async Task RunAsync(MigrationConnection database, IReadOnlyList<Migration> all)
    {
        await database.ExecuteAsync("create table if not exists migrations (number integer primary key, name text not null, checksum text not null, applied_at bigint not null)");
        var missing = await MissingAsync(database, all);
        if (missing.Count > 0 && missing.Count < all.Count && database.CopyBefore(missing[0].Number) is { } copy)
            log.LogInformation("The database is copied to {Copy} before it is migrated", copy);
        foreach (var migration in missing)
        {
            await database.BeginAsync();
            try
            {
                await database.ExecuteAsync(migration.For(database.Engine));
                await database.ListAsync(
                    $"insert into migrations (number, name, checksum, applied_at) values (cast({(long)migration.Number} as integer), {migration.Name}, {migration.Checksum}, {clock.Now})", _ => 0);
                await database.CommitAsync();
            }
            catch
            {
                await database.RollBackAsync();
                throw;
            }
            log.LogInformation("Migration {Name} is done", migration.Name);
        }
    }

    /// <summary>What has not run yet. A database of a newer program, or of a changed migration, is refused.</summary>
    internal static async Task<IReadOnlyList<Migration>> MissingAsync(MigrationConnection database, IReadOnlyList<Migration> all)
    {
        var applied = await database.ListAsync($"select cast(number as bigint), name, checksum from migrations order by number",
            row => (Number: (int)row.GetInt64(0), Name: row.GetString(1), Checksum: row.GetString(2)));
        foreach (var (number, name, checksum) in applied)
        {
            var known = all.FirstOrDefault(x => x.Number == number)
                ?? throw new StartupException(
                    $"The database was made by a newer Cote (it has migration {name}, this program ends at {all[^1].Name}). Start that version, or restore a copy.");
            if (known.Checksum != checksum)
                throw new StartupException(
                    $"Migration {name} is not the one this database was made with. A migration that has run must never be changed: add a new one.");
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
                return new Migration(int.Parse(name[..4], CultureInfo.InvariantCulture), name, reader.ReadToEnd().ReplaceLineEndings("\n"));
            }),
    ];
}
