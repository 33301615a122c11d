using Microsoft.Extensions.Hosting;

namespace Cote.Cluster;

/// <summary>A message on the bus.</summary>
/// <param name="Type">What the body is; the receiver passes over a type that it does not know.</param>
/// <param name="UserId">The user it is about.</param>
/// <param name="Id">The reply it is about, or empty.</param>
/// <param name="Body">The bytes. Those of a received message are valid only while it is handled.</param>
readonly record struct BusMessage(string Type, string UserId, string Id, ReadOnlyMemory<byte> Body);

/// <summary>
/// What passes between nodes without being stored: the text of running replies between their checkpoints, and typing.
/// Any message may be lost, so a receiver must be able to ask again.
/// </summary>
abstract class DeltaBus : BackgroundService
{
    /// <summary>A message of another node: the sender's node id, and the message.</summary>
    public event Action<string, BusMessage>? Received;

    /// <summary>Messages arrive again after a break; what was asked for before may be forgotten.</summary>
    public event Action? Reconnected;

    /// <summary>Queues a message for one node. The oldest is dropped where too many wait.</summary>
    public abstract void Send(string nodeId, BusMessage message);

    /// <summary>Queues a message for all other nodes. The oldest is dropped where too many wait.</summary>
    public abstract void Broadcast(BusMessage message);

    /// <summary>
    /// Sends a message to one node, and waits for its turn: a slow or absent broker holds the sender back.
    /// </summary>
    public abstract ValueTask SendAsync(string nodeId, BusMessage message, CancellationToken ct);

    protected void OnReceived(string fromNode, BusMessage message) => Received?.Invoke(fromNode, message);

    protected void OnReconnected() => Reconnected?.Invoke();
}

/// <summary>Without a broker a node shows replies of other nodes by their checkpoints, once a second.</summary>
sealed class NoDeltaBus : DeltaBus
{
    public override void Send(string nodeId, BusMessage message) { }

    public override void Broadcast(BusMessage message) { }

    public override ValueTask SendAsync(string nodeId, BusMessage message, CancellationToken ct) =>
        ValueTask.CompletedTask;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.CompletedTask;
}
