using System.Data.Common;
using System.Net.Sockets;
using Cote.Primitives;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Data;

/// <summary>
/// The connections to PostgreSQL, and since when there has been somebody at their other end: whoever uses one says how it
/// went.
/// </summary>
sealed class PostgresPool(NpgsqlDataSource source, Clock clock, ILogger log) : IAsyncDisposable
{
    static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(4); // each node asks for revocations twice a second

    readonly Lock _gate = new();
    bool _away;
    long? _backAt;
    long _answeredAt;

    /// <summary>True from an error that says so until the next answer.</summary>
    public bool IsAway => _away;

    /// <summary>How long the database has been there without a break.</summary>
    public TimeSpan AvailableFor
    {
        get
        {
            lock (_gate)
                return _away || clock.Since(_answeredAt) > LongestSilence ? TimeSpan.Zero
                    : _backAt is { } at ? clock.Since(at) : TimeSpan.MaxValue;
        }
    }

    /// <summary>A connection; where there is none to be had, that is a problem.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        try
        {
            return await source.OpenConnectionAsync(ct);
        }
        catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
        {
            throw Failed(error);
        }
    }

    /// <summary>A connection, with the errors as they come, for who tells them apart.</summary>
    public ValueTask<NpgsqlConnection> OpenRawAsync() => source.OpenConnectionAsync();

    /// <summary>The first answer of all; <paramref name="isBack"/> where the database itself has only just started.</summary>
    public void Found(bool isBack)
    {
        lock (_gate)
        {
            if (isBack)
                _backAt = clock.Ticks;
            _answeredAt = clock.Ticks;
        }
    }

    /// <summary>
    /// The database has answered. Where it had not for a while it was away, whatever that looked like: a line that broke,
    /// one that hung, or this node asleep.
    /// </summary>
    public void Succeeded()
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

    /// <summary>The database has not answered, or not as it should; what a client is told of that.</summary>
    public ProblemException Failed(Exception error)
    {
        if (PostgresErrors.IsAway(error))
        {
            // Connections that lie in the pool are as dead as this one.
            source.Clear();
            lock (_gate)
            {
                if (!_away)
                    log.LogWarning("The database is away: {Error}", error is PostgresException said ? said.SqlState : (error.InnerException ?? error).GetType().Name);
                _away = true;
            }
        }
        return PostgresErrors.ToProblem(error);
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
