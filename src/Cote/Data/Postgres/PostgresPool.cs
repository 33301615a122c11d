using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// The connections to PostgreSQL, and how long the server has answered without a break: each user of a connection
/// reports its success or failure.
/// </summary>
sealed class PostgresPool(NpgsqlDataSource source, Clock clock, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(4); // each node asks for revocations twice a second

    readonly Lock _gate = new();
    bool _isAway;
    long? _reachableSince;
    long _answeredAt;

    /// <summary>True from an error that means it until the next answer.</summary>
    public bool IsAway => _isAway;

    /// <summary>How long the database has been reachable without a break.</summary>
    public TimeSpan AvailableFor
    {
        get
        {
            lock (_gate)
                return _isAway || clock.Since(_answeredAt) > LongestSilence ? TimeSpan.Zero
                    : _reachableSince is { } at ? clock.Since(at) : TimeSpan.MaxValue;
        }
    }

    /// <summary>Opens a connection, or throws the problem that a client gets.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        try
        {
            return await source.OpenConnectionAsync(ct);
        }
        catch (Exception error) when (PostgresErrors.IsOfDatabase(error))
        {
            throw Failed(error);
        }
    }

    /// <summary>Opens a connection, with the driver's errors as they come.</summary>
    public ValueTask<NpgsqlConnection> OpenRawAsync() => source.OpenConnectionAsync();

    /// <summary>
    /// Gives a connection back, which ends the transaction that was begun on it. One that has broken is gone, with its
    /// transaction: what was read on it holds all the same.
    /// </summary>
    public async ValueTask CloseAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception error) when (PostgresErrors.IsOfDatabase(error))
        {
            _ = Failed(error);
        }
    }

    /// <summary>
    /// The first answer; <paramref name="hasJustStarted"/> where the server itself started a moment ago.
    /// </summary>
    public void Found(bool hasJustStarted)
    {
        lock (_gate)
        {
            if (hasJustStarted)
                _reachableSince = clock.Ticks;
            _answeredAt = clock.Ticks;
        }
    }

    /// <summary>
    /// The database has answered. If it had not answered for a while it was unreachable, whatever the cause: a
    /// connection that broke or hung, or a node that was suspended.
    /// </summary>
    public void Succeeded()
    {
        bool wasAway;
        lock (_gate)
        {
            wasAway = _isAway;
            if (_isAway || clock.Since(_answeredAt) > LongestSilence)
                _reachableSince = clock.Ticks;
            (_isAway, _answeredAt) = (false, clock.Ticks);
        }
        if (wasAway)
            log.DatabaseReachable();
    }

    /// <summary>The database has not answered, or with an error; the problem that a client gets.</summary>
    public ProblemException Failed(Exception error)
    {
        if (PostgresErrors.IsAway(error))
        {
            // The idle connections of the pool are as dead as this one.
            source.Clear();
            lock (_gate)
            {
                if (!_isAway)
                    log.DatabaseUnreachable(
                        error is PostgresException refusal
                            ? refusal.SqlState : (error.InnerException ?? error).GetType().Name);
                _isAway = true;
            }
        }
        return PostgresErrors.ToProblem(error);
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
