using System.Data.Common;
using System.Net.Sockets;
using Cote.Primitives;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// PostgreSQL, shared by any number of nodes. A unit is one batch: one round trip, one transaction. What each statement
/// waits for and sees is PostgreSQL's "read committed": see <see cref="Unit.Lock"/>.
/// </summary>
sealed class PostgresDialect(DataOptions options, DataFolder folder, Clock clock, ILogger<Database> log) : Dialect
{
    const int Oldest = 13;
    const int MostTries = 6;
    const long MigrationLock = 0x636F7465; // "cote"
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(4); // each node asks for revocations twice a second
    static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(30);
    static readonly TimeSpan OpenAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly Lock _gate = new();
    NpgsqlDataSource? _source;
    int _writing;
    bool _away;
    long? _backAt;
    long _answeredAt;

    /// <summary>Another database is being copied into this one, and by us: everyone else is refused until that is finished.</summary>
    internal bool IsFilled { get; set; }

    public override string Name => "postgres";

    public override bool IsOnlyProcess => false;

    // Not now(): that is the beginning of the transaction, which may have waited for a lock.
    public override Sql Now => $"(cast(extract(epoch from clock_timestamp()) * 1000 as bigint))";

    private protected override Sql EachOf(string jsonArray) => $"(select jsonb_array_elements_text(cast({jsonArray} as jsonb)))";

    public override bool IsHealthy => _source is not null && !_away;

    public override TimeSpan UpFor
    {
        get
        {
            lock (_gate)
                return _away || clock.Since(_answeredAt) > LongestSilence ? TimeSpan.Zero
                    : _backAt is { } at ? clock.Since(at) : TimeSpan.MaxValue;
        }
    }

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
        Default(settings, "No Reset On Close", true); // nothing here sets anything for its session
        _source = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableTransportSecurity().Build();
        var place = $"{settings.Host}:{settings.Port}, database {settings.Database ?? settings.Username}";
        try
        {
            await using (var connection = await OpenFirstAsync(_source, place, ct))
                await CheckAsync(connection, place, ct);
            // A lock of a session: through a pooler of transactions it would stay behind with whoever comes next.
            await using var direct = options.PostgresListen is { } listen
                ? NpgsqlDataSource.Create(PostgresUrl.Parse(listen, "Cote__Data__PostgresListen")) : null;
            await using var session = await OpenFirstAsync(direct ?? _source, place, ct);
            await MigrateAsync(session, ct);
            if (!IsFilled && (await PostgresView.ListAsync(session, UnfinishedCopy.Source, _ => true, null, ct)).Count > 0)
                throw new StartupException(
                    $"The database at {place} holds an unfinished copy of another one. Run the copy again: it goes on to its end. Or drop the database and begin anew.");
        }
        catch (PostgresException error)
        {
            throw new StartupException($"The database at {place} cannot be used: {error.MessageText}", error);
        }
    }

    /// <summary>Names what names the database, as the people who set it know it.</summary>
    internal const string Setting = "DATABASE_URL (Cote__Data__Postgres)";

    internal override async Task<Outcome> WriteAsync(Unit unit)
    {
        try
        {
            if (Interlocked.Increment(ref _writing) > options.WriteQueue)
                throw new ProblemException(Problems.Busy);
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await RunAsync(unit);
                    Succeeded();
                    return Outcome.Committed;
                }
                catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
                {
                    Succeeded();
                    return Outcome.Conflict;
                }
                catch (PostgresException error) when (WasRolledBackByOthers(error) && tries < MostTries)
                {
                    // At a deadlock all but one have lost: not all at the same moment again.
                    await Task.Delay(Random.Shared.Next(1, 5 << tries));
                }
                catch (Exception error) when (IsAway(error) && unit.IsRepeatable && tries == 1)
                {
                    Failed(error);
                }
            }
        }
        catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            throw Failed(error);
        }
        finally
        {
            Interlocked.Decrement(ref _writing);
        }
    }

    async Task RunAsync(Unit unit)
    {
        await using var connection = await _source!.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var step in unit.Steps)
        {
            // As an update locks that leaves the key alone: a row that only refers to this one need not wait.
            var command = new NpgsqlBatchCommand(step.IsLock ? step.Sql.Text + " for no key update" : step.Sql.Text);
            Bind(command.Parameters, step.Sql);
            batch.BatchCommands.Add(command);
        }
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            var isFirst = true;
            foreach (var step in unit.Steps)
            {
                if (!step.Reads)
                    continue;
                if (!isFirst)
                    await reader.NextResultAsync();
                isFirst = false;
                await step.ReadAsync(reader);
            }
            // To the very end: only there has it been committed.
            while (await reader.NextResultAsync())
            {
            }
        }
        for (var i = 0; i < unit.Steps.Count; i++)
            unit.Steps[i].Changed = (int)batch.BatchCommands[i].RecordsAffected;
    }

    internal override ValueTask<View> ReadAsync(CancellationToken ct) => new(new PostgresView(this));

    internal override async Task<View> SnapshotAsync(CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            var connection = await OpenConnectionAsync(ct);
            try
            {
                // It says nothing to the server yet: there is nothing to give up.
                await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, CancellationToken.None);
                return new PostgresView(this, connection);
            }
            catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException)
            {
                await connection.DisposeAsync();
                var problem = Failed(error);
                if (tries > 1 || !IsAway(error))
                    throw problem;
            }
        }
    }

    /// <summary>A connection of the pool; where there is none to be had, that is a problem.</summary>
    internal async Task<NpgsqlConnection> OpenConnectionAsync(CancellationToken ct)
    {
        try
        {
            return await _source!.OpenConnectionAsync(ct);
        }
        catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            throw Failed(error);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_source is not null)
            await _source.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Gives a command the values of a statement. A null still says of what type it is.</summary>
    internal static void Bind(NpgsqlParameterCollection parameters, Sql sql)
    {
        foreach (var arg in sql.Args)
            parameters.Add(arg.Value switch
            {
                string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                long number => new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint },
                double number => new NpgsqlParameter<double> { TypedValue = number, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Double },
                byte[] bytes => new NpgsqlParameter<byte[]> { TypedValue = bytes, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
                _ => new NpgsqlParameter
                {
                    Value = DBNull.Value,
                    NpgsqlDbType = arg.Kind switch
                    {
                        Sql.ArgKind.Integer => NpgsqlTypes.NpgsqlDbType.Bigint,
                        Sql.ArgKind.Real => NpgsqlTypes.NpgsqlDbType.Double,
                        Sql.ArgKind.Bytes => NpgsqlTypes.NpgsqlDbType.Bytea,
                        _ => NpgsqlTypes.NpgsqlDbType.Text,
                    },
                },
            });
    }

    /// <summary>
    /// The database has answered. Where it had not for a while it was away, whatever that looked like: a line that broke,
    /// one that hung, or this node asleep.
    /// </summary>
    internal void Succeeded()
    {
        bool wasAway;
        lock (_gate)
        {
            wasAway = _away;
            if (_away || clock.Since(_answeredAt) > LongestSilence)
                _backAt = clock.Ticks;
            (_away, _answeredAt) = (false, clock.Ticks);
        }
        if (wasAway)
            log.LogInformation("The database is back");
    }

    /// <summary>What a client is told of an error of the engine, by its code and never by its text.</summary>
    internal ProblemException Failed(Exception error)
    {
        if (error is ObjectDisposedException)
            return new(Problems.ShuttingDown, error);
        if (IsAway(error))
        {
            // Connections that lie in the pool are as dead as this one.
            _source!.Clear();
            lock (_gate)
            {
                if (!_away)
                    log.LogWarning("The database is away: {Error}", error is PostgresException said ? said.SqlState : (error.InnerException ?? error).GetType().Name);
                _away = true;
            }
            return new(Problems.Unavailable, error);
        }
        return error switch
        {
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new(Problems.DiskFull, error),
            PostgresException
            {
                SqlState: PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.OutOfMemory
                    or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            } => new(Problems.Busy, error),
            PostgresException => new(Problems.Internal, error),
            _ => new(Problems.Busy, error), // all connections of the pool are in use, or the answer did not come in time
        };
    }

    /// <summary>True where nobody answers any more, or nobody who may write.</summary>
    internal static bool IsAway(Exception error) => error switch
    {
        PostgresException said => said.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.ReadOnlySqlTransaction
            || said.SqlState.StartsWith("08", StringComparison.Ordinal) || said.SqlState.StartsWith("58", StringComparison.Ordinal),
        NpgsqlException { InnerException: IOException or SocketException } or IOException or SocketException => true,
        _ => false,
    };

    // Serialization, deadlock, and a row that a foreign key leads to and that went, or came, in the same moment.
    static bool WasRolledBackByOthers(PostgresException error) => error.SqlState is PostgresErrorCodes.SerializationFailure
        or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.ForeignKeyViolation;

    async Task<NpgsqlConnection> OpenFirstAsync(NpgsqlDataSource source, string place, CancellationToken ct)
    {
        for (var began = clock.Ticks; ;)
        {
            try
            {
                return await source.OpenConnectionAsync(ct);
            }
            catch (Exception error) when (error is NpgsqlException and not PostgresException or SocketException or TimeoutException
                || error is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow })
            {
                // A database that is started beside its nodes may need a moment longer than they do.
                if (clock.Since(began) > OpenWithin)
                    throw new StartupException($"The database at {place} ({Setting}) cannot be reached.", error);
                if (clock.Since(began) < OpenAgainAfter)
                    log.LogInformation("Waiting for the database at {Place}", place);
                await Task.Delay(OpenAgainAfter, clock.Provider, ct);
            }
        }
    }

    async Task CheckAsync(NpgsqlConnection connection, string place, CancellationToken ct)
    {
        if (connection.PostgreSqlVersion.Major < Oldest)
            throw new StartupException($"The database at {place} is PostgreSQL {connection.PostgreSqlVersion}; Cote needs {Oldest} or newer.");
        await using var command = new NpgsqlCommand(
            "select current_setting('server_encoding'), cast(extract(epoch from clock_timestamp() - pg_postmaster_start_time()) as bigint)", connection);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        if (row.GetString(0) != "UTF8")
            throw new StartupException($"The database at {place} has the encoding {row.GetString(0)}; Cote needs UTF8 (create database … encoding 'UTF8').");
        // It may have come back a moment ago, and nodes that run may not have renewed their leases yet.
        if (row.GetInt64(1) < TimeSpan.FromMinutes(1).TotalSeconds)
            _backAt = clock.Ticks;
        _answeredAt = clock.Ticks;
    }

    async Task MigrateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        // Nodes that start together migrate one after the other; the lock goes with the session.
        await using (var take = new NpgsqlCommand($"select pg_advisory_lock({MigrationLock})", connection) { CommandTimeout = 0 })
            await take.ExecuteNonQueryAsync(ct);
        await new Migrator(log, clock).RunAsync(new PostgresMigrated(connection));
        await using var give = new NpgsqlCommand($"select pg_advisory_unlock({MigrationLock})", connection);
        await give.ExecuteNonQueryAsync(ct);
    }

    static void Default(NpgsqlConnectionStringBuilder settings, string keyword, object value)
    {
        if (!settings.ShouldSerialize(keyword))
            settings[keyword] = value;
    }
}
