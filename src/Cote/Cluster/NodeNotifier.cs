using Microsoft.Extensions.Hosting;

namespace Cote.Cluster;

/// <summary>What a node says to the others. The letters are the wire's.</summary>
enum NotificationKind
{
    /// <summary>Events of this user were committed.</summary>
    Committed = 'e',

    /// <summary>A reply of this user was claimed, or its text was kept.</summary>
    ReplyChanged = 'c',

    /// <summary>A reply waits in this chat for somebody to make it.</summary>
    ReplyWaiting = 'w',

    /// <summary>This reply should stop: its row says so, or is gone.</summary>
    StopRequested = 's',

    /// <summary>Sessions were revoked.</summary>
    SessionsRevoked = 'r',

    /// <summary>More was to be said than fits: look at everything.</summary>
    Everything = '*',
}

/// <summary>One word, and whom it is about; <paramref name="Id"/> is the chat's or the reply's.</summary>
readonly record struct Notification(NotificationKind Kind, string UserId = "", string Id = "");

/// <summary>
/// The signal between nodes: after a commit, whoever might be concerned is told to look. Every word is a hint and the
/// truth stands in the rows: a word may come late, twice or never, and a sweep finds what was not heard.
/// </summary>
abstract class NodeNotifier : BackgroundService
{
    /// <summary>Another node has said something. Called in order, on one thread; whoever hears it does not wait.</summary>
    public event Action<Notification>? Received;

    /// <summary>False while words of others do not come through: then whoever must know has to look more often.</summary>
    public abstract bool IsConnected { get; }

    /// <summary>Tells the other nodes, soon. Never waits and never fails.</summary>
    public abstract void Publish(Notification notification);

    protected void OnReceived(Notification notification) => Received?.Invoke(notification);
}

/// <summary>The embedded database has one node: there is nobody to tell.</summary>
sealed class SingleNodeNotifier : NodeNotifier
{
    public override bool IsConnected => true;

    public override void Publish(Notification notification) { }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}
