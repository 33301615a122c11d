using Cote.Cluster;
using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Cote.Users;
using Microsoft.Extensions.Hosting;

namespace Cote.Delivery;

/// <summary>The live connections of this node, and the one timer that keeps them alive, honest and bounded.</summary>
sealed class Connections(Hub hub, DeltaBus bus, Revocations revocations, RealtimeOptions options, Clock clock) : BackgroundService
{
    static readonly TimeSpan PulseEvery = TimeSpan.FromSeconds(1);

    readonly Dictionary<string, List<Subscription>> _users = [];

    /// <summary>Takes a connection in. The new one wins: where there are too many, the oldest goes.</summary>
    public void Add(Subscription subscription, CurrentUser user)
    {
        subscription.BindSession(user.SessionId, user.Expires);
        lock (_users)
        {
            if (!_users.TryGetValue(subscription.UserId, out var mine))
                _users[subscription.UserId] = mine = [];
            mine.Add(subscription);
            if (mine.Count > options.ConnectionsPerUser)
            {
                mine[0].Close(CloseReason.TooManyConnections);
                mine.RemoveAt(0);
            }
        }
    }

    public void Remove(Subscription subscription)
    {
        lock (_users)
            if (_users.TryGetValue(subscription.UserId, out var mine) && mine.Remove(subscription) && mine.Count == 0)
                _users.Remove(subscription.UserId);
    }

    /// <summary>Shows a frame that is nobody's history to all of a user's connections but one.</summary>
    public void Show(string userId, Frame frame, Subscription? but = null)
    {
        foreach (var subscription in Of(userId))
            if (subscription != but)
                subscription.Show(frame);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        revocations.Revoked += (_, sessionId) => CloseSession(sessionId);
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
        foreach (var channel in hub.All)
        {
            foreach (var reply in channel.Live)
                if (reply.IsTypingDue())
                    Show(channel.UserId, Frame.Typing(reply.ChatId, "ai", true));
            foreach (var subscription in channel.Subscriptions)
            {
                subscription.PingIfIdle();
                // Of whatever kind it is: a poll and a reply's stream show as much as a socket does.
                if (subscription.Session?.Expires <= now)
                    subscription.Close(CloseReason.TokenExpired);
            }
        }
    }

    void CloseSession(string sessionId)
    {
        foreach (var subscription in hub.All.SelectMany(x => x.Subscriptions))
            if (subscription.Session?.Id == sessionId)
                subscription.Close(CloseReason.SessionRevoked);
    }

    Subscription[] Of(string userId)
    {
        lock (_users)
            return _users.TryGetValue(userId, out var mine) ? [.. mine] : [];
    }
}
