using Cote.Cluster;

namespace Cote.Replies;

/// <summary>The runs of this node, for those that stop them and renew their leases.</summary>
sealed class RunningReplies
{
    static readonly TimeSpan EarlyStopsKept = TimeSpan.FromSeconds(30);

    readonly Dictionary<(string UserId, string ReplyId), ReplyRun> _runs = [];
    readonly Dictionary<(string UserId, string ReplyId), long> _earlyStops = []; // Requests that came before their run.
    readonly NodeNotifier _notifier;
    readonly Clock _clock;

    public RunningReplies(NodeNotifier notifier, Clock clock)
    {
        (_notifier, _clock) = (notifier, clock);
        notifier.Received += notification =>
        {
            if (notification.Kind == NotificationKind.StopRequested)
                StopHere(notification.UserId, notification.Id);
        };
    }

    public void Add(ReplyRun run)
    {
        lock (_runs)
        {
            _runs[(run.UserId, run.ReplyId)] = run;
            if (_earlyStops.Remove((run.UserId, run.ReplyId)))
                run.RequestStop();
        }
    }

    public void Remove(ReplyRun run)
    {
        lock (_runs)
            _runs.Remove((run.UserId, run.ReplyId));
    }

    public IReadOnlyList<ReplyRun> List()
    {
        lock (_runs)
            return [.. _runs.Values];
    }

    /// <summary>What the run of a reply does; null where it is not made here.</summary>
    public RunView? Look(string userId, string replyId)
    {
        ReplyRun? run;
        lock (_runs)
            _runs.TryGetValue((userId, replyId), out run);
        return run?.Look();
    }

    public bool Contains(string userId, string replyId)
    {
        lock (_runs)
            return _runs.ContainsKey((userId, replyId));
    }

    /// <summary>Stops a reply on whatever node it runs; its row says so already, or is deleted.</summary>
    public void Stop(string userId, string replyId)
    {
        StopHere(userId, replyId);
        _notifier.Publish(new(NotificationKind.StopRequested, userId, replyId));
    }

    /// <summary>Stops a reply if it runs here, or is about to.</summary>
    public void StopHere(string userId, string replyId)
    {
        lock (_runs)
            if (_runs.TryGetValue((userId, replyId), out var run))
                run.RequestStop();
            else
                _earlyStops[(userId, replyId)] = _clock.Ticks;
    }

    /// <summary>Forgets stop requests whose reply never began here.</summary>
    public void ForgetEarlyStops()
    {
        lock (_runs)
            foreach (var (key, at) in _earlyStops)
                if (_clock.Since(at) > EarlyStopsKept)
                    _earlyStops.Remove(key);
    }
}
