using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Cote.Users;
using Microsoft.Extensions.Hosting;

namespace Cote.Realtime;

/// <summary>The live connections of this node, and the one timer that keeps them alive, honest and bounded.</summary>
sealed class Connections(Feeds feeds, Revocations revocations, RealtimeOptions options, Clock clock) : BackgroundService
{
    static readonly TimeSpan PulseEvery = TimeSpan.FromSeconds(1);

    readonly Dictionary<string, List<Connection>> _users = [];

    /// <summary>One connection: its reader, its session, and when the token that opened it stops working.</summary>
    public sealed record Connection(Reader Reader, string SessionId, Timestamp Expires);

    /// <summary>Takes a connection in. The new one wins: where there are too many, the oldest goes.</summary>
    public Connection Add(Reader reader, CurrentUser user)
    {
        var connection = new Connection(reader, user.SessionId, user.Expires);
        lock (_users)
        {
            if (!_users.TryGetValue(reader.UserId, out var mine))
                _users[reader.UserId] = mine = [];
            mine.Add(connection);
            if (mine.Count > options.ConnectionsPerUser)
            {
                mine[0].Reader.Close(CloseReason.TooManyConnections);
                mine.RemoveAt(0);
            }
        }
        // Revoked between the check of the token and here: nobody else would tell this connection.
        if (revocations.Contains(user.SessionId))
            reader.Close(CloseReason.SessionRevoked);
        return connection;
    }

    public void Remove(Connection connection)
    {
        lock (_users)
            if (_users.TryGetValue(connection.Reader.UserId, out var mine) && mine.Remove(connection) && mine.Count == 0)
                _users.Remove(connection.Reader.UserId);
    }

    /// <summary>Shows a frame that is nobody's history to all of a user's connections but one.</summary>
    public void Show(string userId, Frame frame, Reader? but = null)
    {
        foreach (var connection in Of(userId))
            if (connection.Reader != but)
                connection.Reader.Show(frame);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        revocations.Revoked += CloseSession;
        using var timer = new PeriodicTimer(PulseEvery, clock.Provider);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Pulse();
        }
        catch (OperationCanceledException)
        {
            // told to go
        }
    }

    void Pulse()
    {
        foreach (var feed in feeds.All)
        {
            foreach (var reply in feed.Live)
                if (reply.IsTypingDue())
                    Show(feed.UserId, Frame.Typing(reply.ChatId, "ai", true));
            foreach (var reader in feed.Readers)
                reader.Beat();
        }
        var now = clock.Now;
        List<Connection> expired;
        lock (_users)
            expired = [.. _users.Values.SelectMany(x => x).Where(x => x.Expires <= now)];
        foreach (var connection in expired)
            connection.Reader.Close(CloseReason.TokenExpired);
    }

    void CloseSession(string sessionId)
    {
        lock (_users)
            foreach (var connection in _users.Values.SelectMany(x => x).Where(x => x.SessionId == sessionId))
                connection.Reader.Close(CloseReason.SessionRevoked);
    }

    Connection[] Of(string userId)
    {
        lock (_users)
            return _users.TryGetValue(userId, out var mine) ? [.. mine] : [];
    }
}
