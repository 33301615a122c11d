using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Cote.Users;
using Microsoft.Extensions.Hosting;

namespace Cote.Realtime;

/// <summary>The live connections of this node, and the one timer that keeps them alive, honest and bounded.</summary>
sealed class Connections(Hub feeds, DeltaBus bus, Revocations revocations, RealtimeOptions options, Clock clock) : BackgroundService
{
    static readonly TimeSpan PulseEvery = TimeSpan.FromSeconds(1);

    readonly Dictionary<string, List<Subscription>> _users = [];

    /// <summary>Takes a connection in. The new one wins: where there are too many, the oldest goes.</summary>
    public void Add(Subscription reader, CurrentUser user)
    {
        reader.BindSession(user.SessionId, user.Expires);
        lock (_users)
        {
            if (!_users.TryGetValue(reader.UserId, out var mine))
                _users[reader.UserId] = mine = [];
            mine.Add(reader);
            if (mine.Count > options.ConnectionsPerUser)
            {
                mine[0].Close(CloseReason.TooManyConnections);
                mine.RemoveAt(0);
            }
        }
    }

    public void Remove(Subscription reader)
    {
        lock (_users)
            if (_users.TryGetValue(reader.UserId, out var mine) && mine.Remove(reader) && mine.Count == 0)
                _users.Remove(reader.UserId);
    }

    /// <summary>Shows a frame that is nobody's history to all of a user's connections but one.</summary>
    public void Show(string userId, Frame frame, Subscription? but = null)
    {
        foreach (var reader in Of(userId))
            if (reader != but)
                reader.Show(frame);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        revocations.Revoked += CloseSession;
        bus.TypingReceived += (userId, frame) => Show(userId, frame);
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
        var now = clock.Now;
        foreach (var feed in feeds.All)
        {
            foreach (var reply in feed.Live)
                if (reply.IsTypingDue())
                    Show(feed.UserId, Frame.Typing(reply.ChatId, "ai", true));
            foreach (var reader in feed.Subscriptions)
            {
                reader.PingIfIdle();
                // Of whatever kind it is: a poll and a reply's stream show as much as a socket does.
                if (reader.Session?.Expires <= now)
                    reader.Close(CloseReason.TokenExpired);
            }
        }
    }

    void CloseSession(string sessionId)
    {
        foreach (var reader in feeds.All.SelectMany(x => x.Subscriptions))
            if (reader.Session?.Id == sessionId)
                reader.Close(CloseReason.SessionRevoked);
    }

    Subscription[] Of(string userId)
    {
        lock (_users)
            return _users.TryGetValue(userId, out var mine) ? [.. mine] : [];
    }
}
