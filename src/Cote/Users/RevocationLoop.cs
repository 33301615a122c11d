using Cote.Cluster;
using Cote.Events;
using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// Reads revocations of other nodes and of the command line: twice a second, and at once when a node tells of one. So
/// a revocation holds everywhere within a second.
/// </summary>
sealed class RevocationLoop : PeriodicLoop
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    readonly Revocations _revocations;

    public RevocationLoop(
        Revocations revocations, EventLog events, NodeNotifier notifier, Clock clock, ILogger<RevocationLoop> log)
        : base(Every, clock, log)
    {
        _revocations = revocations;
        events.EpochChanged += revocations.ReadAllAgain;
        notifier.Received += notification =>
        {
            if (notification.Kind is NotificationKind.SessionsRevoked or NotificationKind.Everything)
                Wake();
        };
    }

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        await _revocations.ReadNewAsync(ct);
        _revocations.RemoveExpired();
    }
}
