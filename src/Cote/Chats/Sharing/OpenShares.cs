using Cote.Cluster;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>What this node sends to those who have a link: it ends when the share does.</summary>
sealed class OpenShares(NodeNotifier notifier)
{
    readonly Lock _gate = new();
    readonly Dictionary<string, List<Opened>> _opened = [];

    /// <summary>A share has ended, by a request to this node.</summary>
    public event Action? Ended;

    /// <summary>The shares of which something is being sent.</summary>
    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (_gate)
                return [.. _opened.Keys];
        }
    }

    /// <summary>An answer of limited length begins; disposed, it has ended.</summary>
    /// <param name="shareId">The share.</param>
    /// <param name="end">Ends it, from any thread and perhaps more than once.</param>
    public IDisposable Open(string shareId, Action end) => Add(shareId, end, isViewer: false)!;

    /// <summary>The same of a stream, of which a share has so many on a node; null where it has them.</summary>
    public IDisposable? View(string shareId, Action end) => Add(shareId, end, isViewer: true);

    /// <summary>Says to this node and to the others that a share has ended.</summary>
    public void Announce()
    {
        Ended?.Invoke();
        notifier.Publish(new(NotificationKind.SharesEnded));
    }

    /// <summary>Ends what is being sent of a share.</summary>
    public void End(string shareId)
    {
        List<Opened> opened;
        lock (_gate)
            opened = [.. _opened.GetValueOrDefault(shareId) ?? []];
        foreach (var one in opened)
            one.End();
    }

    Opened? Add(string shareId, Action end, bool isViewer)
    {
        lock (_gate)
        {
            var opened = _opened.GetValueOrDefault(shareId) ?? [];
            if (isViewer && opened.Count(x => x.IsViewer) >= Share.MostViewers)
                return null;
            var one = new Opened(this, shareId, end, isViewer);
            opened.Add(one);
            _opened[shareId] = opened;
            return one;
        }
    }

    void Remove(Opened one)
    {
        lock (_gate)
            if (_opened.TryGetValue(one.ShareId, out var opened) && opened.Remove(one) && opened.Count == 0)
                _opened.Remove(one.ShareId);
    }

    sealed class Opened(OpenShares owner, string shareId, Action end, bool isViewer) : IDisposable
    {
        public string ShareId => shareId;

        public bool IsViewer => isViewer;

        public void End() => end();

        public void Dispose() => owner.Remove(this);
    }
}

/// <summary>
/// Ends what is being sent of shares that have ended, on whatever node and for whatever reason: it asks the rows of the
/// open ones twice a second and at once when a node tells of one, so that nothing is shown for longer than a second.
/// </summary>
sealed class OpenShareLoop : PeriodicLoop
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(400);

    readonly OpenShares _open;
    readonly ShareStore _shares;

    public OpenShareLoop(
        OpenShares open, ShareStore shares, NodeNotifier notifier, Clock clock, ILogger<OpenShareLoop> log)
        : base(Every, clock, log)
    {
        (_open, _shares) = (open, shares);
        open.Ended += Wake;
        notifier.Received += notification =>
        {
            // With the sessions of an account that is disabled or erased its shares end.
            if (notification.Kind is NotificationKind.SharesEnded or NotificationKind.SessionsRevoked
                or NotificationKind.Everything)
                Wake();
        };
    }

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        if (_open.Ids is not { Count: > 0 } ids)
            return;
        foreach (var ended in ids.Except(await _shares.ListShownAsync(ids, Clock.Now, ct)))
            _open.End(ended);
    }
}
