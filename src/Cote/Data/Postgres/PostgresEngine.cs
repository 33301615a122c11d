using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// PostgreSQL, shared by any number of nodes. What each statement waits for and sees is its "read committed": see
/// <see cref="WriteBatch.Lock"/>.
/// </summary>
/// <param name="options">The database, and the limits of connections and of waiting writes.</param>
/// <param name="folder">The data directory of this node.</param>
/// <param name="clock">Measures how long the database has been reachable.</param>
/// <param name="log">Takes its log lines.</param>
/// <param name="hosts">The tables of hosts, whose migrations run after Cote's.</param>
/// <param name="isCopyTarget">Opens a database that holds an unfinished copy too: only the copy itself does.</param>
sealed class PostgresEngine(
    DataOptions options, DataFolder folder, Clock clock, ILogger<Database> log, IEnumerable<HostTables> hosts,
    bool isCopyTarget = false)
    : DatabaseEngine
{
    const int Oldest = 13;
    const long MigrationLock = 0x636F7465; // "cote"
    static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(30);
    static readonly TimeSpan OpenAgainAfter = TimeSpan.FromMilliseconds(500);

    PostgresPool? _pool;
    PostgresWriter? _writer;

    /// <summary>The setting that names the database, as its operators know it.</summary>
    internal const string Setting = "DATABASE_URL (Cote__Data__Postgres)";

    public override SqlDialect Dialect => PostgresDialect.Instance;

    public override bool IsSingleProcess => false;

    public override bool IsHealthy => _pool is { IsAway: false };

    public override TimeSpan AvailableFor => _pool?.AvailableFor ?? TimeSpan.Zero;

    public override async Task OpenAsync(CancellationToken ct)
    {
        folder.Open();
        var settings = PostgresUrl.Parse(options.Postgres!, Setting);
        Default(settings, "Maximum Pool Size", options.Connections);
        Default(settings, "Application Name", "cote");
        Default(settings, "Timeout", 5);
        Default(settings, "Command Timeout", 15);
        Default(settings, "Max Auto Prepare", 256);
        Default(settings, "Auto Prepare Min Usages", 2);
        Default(settings, "No Reset On Close", true); // no session is given settings of its own
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableTransportSecurity();
        builder.Name = "cote"; // It is a label of the metrics, and without one the connection string is.
        builder.UsePhysicalConnectionInitializer(PostgresPlans.Set, PostgresPlans.SetAsync);
        var source = builder.Build();
        _pool = new(source, clock, log);
        _writer = new(_pool, options.WriteQueue, clock);
        var place = PostgresUrl.PlaceOf(settings);
        try
        {
            await OpenAsync(source, settings, ct);
        }
        catch (PostgresException error)
        {
            throw new StartupException($"The database at {place} cannot be used: {error.MessageText}", error);
        }
    }

    async Task OpenAsync(NpgsqlDataSource source, NpgsqlConnectionStringBuilder settings, CancellationToken ct)
    {
        var place = PostgresUrl.PlaceOf(settings);
        await using (var connection = await OpenFirstAsync(source, place, ct))
            _pool!.Found(hasJustStarted: await CheckAsync(connection, place, ct));
        // The lock of migrations belongs to a session: through a pooler of transactions it would stay with a connection
        // that the next client gets. Its plans are the server's own: a migration may read everything.
        await using var direct = NpgsqlDataSource.Create(options.PostgresListen is { } listen
            ? PostgresUrl.Parse(listen, "Cote__Data__PostgresListen") : settings);
        await using var session = await OpenFirstAsync(direct, place, ct);
        await MigrateAsync(session, ct);
        var copies = await PostgresReadSession.ListAsync(session, UnfinishedCopy.Source, _ => true, null, ct);
        if (copies.Count > 0 && !isCopyTarget)
            throw new StartupException(
                $"The database at {place} holds an unfinished copy of another one. "
                + "Run the copy again: it goes on to its end. Or drop the database and begin anew.");
    }

    internal override int Waiting => _writer?.Waiting ?? 0;

    internal override Task<Outcome> WriteAsync(WriteBatch batch) => _writer!.WriteAsync(batch);

    internal override ValueTask<ReadSession> ReadAsync(CancellationToken ct) => new(new PostgresReadSession(_pool!));

    internal override async Task<ReadSession> SnapshotAsync(CancellationToken ct, bool isLong = false)
    {
        for (var tries = 1; ; tries++)
        {
            var connection = await _pool!.OpenAsync(ct);
            try
            {
                // It sends nothing yet, so there is nothing to cancel.
                await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, CancellationToken.None);
                if (isLong)
                {
                    await using var plans = new NpgsqlCommand(PostgresPlans.UsualHere, connection);
                    await plans.ExecuteNonQueryAsync(ct);
                }
                return new PostgresReadSession(_pool, connection, isLong);
            }
            catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException)
            {
                await _pool.CloseAsync(connection);
                var problem = _pool.Failed(error);
                if (tries > 1 || !PostgresErrors.IsAway(error))
                    throw problem;
            }
        }
    }

    /// <summary>A connection of the pool, for work that no batch can do.</summary>
    internal Task<NpgsqlConnection> OpenConnectionAsync(CancellationToken ct) => _pool!.OpenAsync(ct);

    /// <summary>
    /// Work outside of every transaction, on a connection of the pool. That the server does not know what it is asked
    /// comes as its own error.
    /// </summary>
    internal async Task<T> RunAloneAsync<T>(
        Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken ct)
    {
        var connection = await _pool!.OpenAsync(ct);
        try
        {
            var result = await work(connection, ct);
            _pool.Succeeded();
            return result;
        }
        catch (Exception error) when (PostgresErrors.IsOfDatabase(error)
            && !(error is PostgresException refusal && PostgresPlans.IsUnknown(refusal)))
        {
            throw _pool.Failed(error);
        }
        finally
        {
            await _pool.CloseAsync(connection);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_pool is not null)
            await _pool.DisposeAsync();
        folder.Dispose();
    }

    async Task<NpgsqlConnection> OpenFirstAsync(NpgsqlDataSource source, string place, CancellationToken ct)
    {
        for (var began = clock.Ticks; ;)
        {
            try
            {
                return await source.OpenConnectionAsync(ct);
            }
            catch (Exception error) when (
                error is NpgsqlException and not PostgresException or SocketException or TimeoutException
                || error is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow })
            {
                // A database that starts together with its nodes may need longer than they do.
                if (clock.Since(began) > OpenWithin)
                    throw new StartupException($"The database at {place} ({Setting}) cannot be reached.", error);
                if (clock.Since(began) < OpenAgainAfter)
                    log.WaitingForDatabase(place);
                await Task.Delay(OpenAgainAfter, clock.Provider, ct);
            }
        }
    }

    // Refuses a database that cannot be used. True where the server itself started a moment ago.
    static async Task<bool> CheckAsync(NpgsqlConnection connection, string place, CancellationToken ct)
    {
        var version = connection.PostgreSqlVersion;
        if (version.Major < Oldest)
            throw new StartupException(
                $"The database at {place} is PostgreSQL {version}; Cote needs {Oldest} or newer.");
        await using var command = new NpgsqlCommand(
            """
            select current_setting('server_encoding'),
              cast(extract(epoch from clock_timestamp() - pg_postmaster_start_time()) as bigint)
            """, connection);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        if (row.GetString(0) is not "UTF8" and var encoding)
            throw new StartupException(
                $"The database at {place} has the encoding {encoding}; "
                + "Cote needs UTF8 (create database … encoding 'UTF8').");
        // Running nodes may not have renewed their leases since the server came back.
        return row.GetInt64(1) < TimeSpan.FromMinutes(1).TotalSeconds;
    }

    async Task MigrateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // Nodes that start together migrate one after the other; the lock ends with the session.
        var wait = $"select pg_advisory_lock({MigrationLock})";
        await using (var take = new NpgsqlCommand(wait, connection) { CommandTimeout = 0 })
            await take.ExecuteNonQueryAsync(ct);
        await new Migrator(log, clock).RunAsync(new PostgresMigrationConnection(connection), [.. hosts]);
        await using var give = new NpgsqlCommand($"select pg_advisory_unlock({MigrationLock})", connection);
        await give.ExecuteNonQueryAsync(ct);
    }

    static void Default(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        if (!settings.ShouldSerialize(keyword))
            settings[keyword] = value;
    }
}
