using System.Data.Common;
using System.Reflection;
using System.Security.Cryptography;
using Cote.Data;
using Cote.Primitives;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cote.Tests.Harness;

/// <summary>
/// The database below the tests of this assembly. Its project says which one, so that no test has to: the embedded one,
/// or a PostgreSQL, of which there is one for all of them, with a database for each server.
/// </summary>
static class Engine
{
    static readonly Lazy<Task<PostgresCluster>> Cluster = new(StartAsync);

    // To copy a database in which the migrations have run is faster than to run them in each.
    static readonly Lazy<Task<string>> Migrated = new(MigrateAsync);
    static readonly Lazy<Task<byte[]>> MigratedFile = new(MigrateFileAsync);

    public static bool IsPostgres { get; } = typeof(Engine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Any(x => x is { Key: "Engine", Value: "postgres" });

    /// <summary>The key that servers on PostgreSQL must be given.</summary>
    public static string SigningKey { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));

    // A database on an overloaded machine takes longer for a new connection than the five seconds that a server gives
    // it. Connections, and the types that each server asks a new database for, cost more than all that a short test
    // asks: three connections are enough to be in each other's way.
    static string Patient { get; } =
        $"?Timeout={Patience.Deadline.TotalSeconds}&Command%20Timeout={2 * Patience.Deadline.TotalSeconds}"
        + "&Maximum%20Pool%20Size=3&Server%20Compatibility%20Mode=NoTypeLoading";

    /// <summary>The URL of a new database; null is the embedded one, in the folder of this data.</summary>
    public static async Task<string?> CreateAsync(string data)
    {
        if (IsPostgres)
            return await CreateDatabaseAsync();
        await CreateFileAsync(data);
        return null;
    }

    /// <summary>The URL of a new database on the PostgreSQL of this assembly.</summary>
    public static async Task<string> CreateDatabaseAsync() =>
        await (await Cluster.Value).CreateDatabaseAsync(await Migrated.Value) + Patient;

    /// <summary>A new embedded database in the folder of this data.</summary>
    public static async Task CreateFileAsync(string data)
    {
        var file = Path.Combine(data, "cote.db");
        OwnerOnly.CreateFile(file);
        await File.WriteAllBytesAsync(file, await MigratedFile.Value);
    }

    public static async Task DropAsync(string? url)
    {
        if (url is not null)
            await (await Cluster.Value).DropDatabaseAsync(url.Split('?')[0]);
    }

    /// <summary>A connection beside the server's own.</summary>
    public static async Task<DbConnection> ConnectAsync(string? url, string data)
    {
        if (url is not null)
            return await (await Cluster.Value).ConnectAsync(url);
        var db = new SqliteConnection($"Data Source={Path.Combine(data, "cote.db")};Mode=ReadOnly;Pooling=False");
        await db.OpenAsync();
        return db;
    }

    /// <summary>Changes rows without a look at foreign keys.</summary>
    public static async Task PlantAsync(string? url, string data, string sql)
    {
        await using DbConnection db = url is not null ? await (await Cluster.Value).ConnectAsync(url)
            : new SqliteConnection($"Data Source={Path.Combine(data, "cote.db")};Pooling=False;Foreign Keys=False");
        if (url is null)
            await db.OpenAsync();
        await using var command = db.CreateCommand();
        command.CommandText = url is null ? sql : "set session_replication_role = replica; " + sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A database without any table, to be migrated.</summary>
    public static async Task<EmptyDatabase> OpenEmptyAsync()
    {
        if (!IsPostgres)
        {
            var folder = Directory.CreateTempSubdirectory("cote-migrations-").FullName;
            var file = Path.Combine(folder, "test.db");
            var session = new SqliteSession(file, SqliteOpenMode.ReadWriteCreate);
            return new(new SqliteMigrationConnection(session, file), () =>
            {
                session.Dispose();
                Directory.Delete(folder, recursive: true);
                return ValueTask.CompletedTask;
            });
        }
        var cluster = await Cluster.Value;
        var url = await cluster.CreateDatabaseAsync();
        var db = await cluster.ConnectAsync(url);
        return new(new PostgresMigrationConnection(db), async () =>
        {
            await db.DisposeAsync();
            await cluster.DropDatabaseAsync(url);
        });
    }

    static async Task<PostgresCluster> StartAsync()
    {
        var cluster = await PostgresCluster.StartAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => cluster.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(20));
        return cluster;
    }

    static async Task<string> MigrateAsync()
    {
        var cluster = await Cluster.Value;
        var url = await cluster.CreateDatabaseAsync();
        await using var db = await cluster.ConnectAsync(url);
        await new Migrator(NullLogger.Instance, new Clock(TimeProvider.System))
            .RunAsync(new PostgresMigrationConnection(db));
        return url;
    }

    static async Task<byte[]> MigrateFileAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cote-migrations-").FullName;
        try
        {
            var file = Path.Combine(folder, "cote.db");
            using (var session = new SqliteSession(file, SqliteOpenMode.ReadWriteCreate))
            {
                session.Execute("pragma journal_mode = wal");
                await new Migrator(NullLogger.Instance, new Clock(TimeProvider.System))
                    .RunAsync(new SqliteMigrationConnection(session, file));
            }
            return await File.ReadAllBytesAsync(file);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>A database of a test alone, and its only connection.</summary>
sealed class EmptyDatabase(MigrationConnection connection, Func<ValueTask> drop) : IAsyncDisposable
{
    public MigrationConnection Connection => connection;

    public ValueTask DisposeAsync() => drop();
}
