using Microsoft.Extensions.Hosting;

namespace Cote.Cluster;

/// <summary>What a notification tells. The letters are those of the wire.</summary>
enum NotificationKind
{
    /// <summary>Events of this user were committed.</summary>
    Committed = 'e',

    /// <summary>A reply of this user was claimed, or its text was written to its row.</summary>
    ReplyChanged = 'c',

    /// <summary>A reply in this chat waits to be claimed.</summary>
    ReplyWaiting = 'w',

    /// <summary>This reply should stop; its row says so, or is deleted.</summary>
    StopRequested = 's',

    /// <summary>Sessions were revoked.</summary>
    SessionsRevoked = 'r',

    /// <summary>A share has ended.</summary>
    SharesEnded = 'h',

    /// <summary>Notifications were left out: every receiver looks at everything.</summary>
    Everything = '*',
}

/// <summary>One notification between nodes.</summary>
/// <param name="Kind">What it tells.</param>
/// <param name="UserId">The user it is about, or empty.</param>
/// <param name="Id">The id of the chat or the reply, or empty.</param>
readonly record struct Notification(NotificationKind Kind, string UserId = "", string Id = "");

/// <summary>
/// Notifications between nodes, sent after a commit. Each is a hint and the truth is in the rows: a notification may
/// come late, twice or never, and a sweep finds what was missed.
/// </summary>
abstract class NodeNotifier : BackgroundService
{
    /// <summary>A notification of another node. Raised in order on one thread; a handler must not block.</summary>
    public event Action<Notification>? Received;

    /// <summary>False while notifications of other nodes do not arrive: sweeps must run more often.</summary>
    public abstract bool IsConnected { get; }

    /// <summary>Sends a notification to all other nodes soon. Never waits and never fails.</summary>
    public abstract void Publish(Notification notification);

    protected void OnReceived(Notification notification) => Received?.Invoke(notification);
}

/// <summary>The notifier of the embedded database, which has one node.</summary>
sealed class SingleNodeNotifier : NodeNotifier
{
    public override bool IsConnected => true;

    public override void Publish(Notification notification) { }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}
