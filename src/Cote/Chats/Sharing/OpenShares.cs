using Cote.Cluster;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Chats;

/// <summary>What this node sends to those who have a link: it ends when the share does.</summary>
sealed class OpenShares(NodeNotifier notifier, Clock clock, ILogger<OpenShares> log)
{
    static readonly TimeSpan AbortAfter = TimeSpan.FromMilliseconds(300);

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

    /// <summary>An upload, or a copy, is sent; disposed, it has ended.</summary>
    /// <param name="shareId">The share.</param>
    /// <param name="abort">Ends it at once; called before it is disposed, from any thread, once.</param>
    public IDisposable Open(string shareId, Action abort) =>
        Add(new(this, shareId, OpenedKind.Other, null, null, abort))!;

    /// <summary>The same of a whole chat: an address has so many at a time; null where it has them.</summary>
    public IDisposable? Read(string shareId, HttpContext http) =>
        Add(new(this, shareId, OpenedKind.Reader, RateLimits.AddressOf(http), null, http.Abort));

    /// <summary>
    /// The same of a stream, of which a share has so many on a node, and an address some of them; null where it has
    /// them. It is asked to end, and aborted where it does not, as that of a client that reads nothing.
    /// </summary>
    public IDisposable? View(string shareId, HttpContext http, Action close) =>
        Add(new(this, shareId, OpenedKind.Viewer, RateLimits.AddressOf(http), close, http.Abort));

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
            try
            {
                one.End();
            }
            catch (Exception error)
            {
                log.SharedAnswerNotEnded(error); // The others end all the same.
            }
    }

    Opened? Add(Opened one)
    {
        lock (_gate)
        {
            var opened = _opened.GetValueOrDefault(one.ShareId) ?? [];
            var alike = opened.Where(x => x.Kind == one.Kind).ToList();
            if (one.Kind == OpenedKind.Viewer && alike.Count >= Share.MostViewers)
                return null;
            if (one.Kind != OpenedKind.Other && alike.Count(x => x.Address == one.Address) >= Share.MostOfAddress)
                return null;
            opened.Add(one);
            _opened[one.ShareId] = opened;
            return one;
        }
    }

    void Remove(Opened one)
    {
        lock (_gate)
            if (_opened.TryGetValue(one.ShareId, out var opened) && opened.Remove(one) && opened.Count == 0)
                _opened.Remove(one.ShareId);
    }

    enum OpenedKind
    {
        Viewer,
        Reader,
        Other,
    }

    sealed class Opened(
        OpenShares owner, string shareId, OpenedKind kind, string? address, Action? close, Action abort) : IDisposable
    {
        readonly Lock _ending = new();
        long? _closedAt;
        bool _isOver;

        public string ShareId => shareId;

        public OpenedKind Kind => kind;

        public string? Address => address;

        // Under the lock: once it is disposed its connection may carry another answer, which is not to be aborted.
        public void End()
        {
            lock (_ending)
            {
                if (_isOver)
                    return;
                if (close is not null && _closedAt is null)
                {
                    _closedAt = owner.Now;
                    close();
                }
                else if (_closedAt is not { } at || owner.Since(at) >= AbortAfter)
                {
                    _isOver = true;
                    abort();
                }
            }
        }

        public void Dispose()
        {
            lock (_ending)
                _isOver = true;
            owner.Remove(this);
        }
    }

    long Now => clock.Ticks;

    TimeSpan Since(long at) => clock.Since(at);
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
