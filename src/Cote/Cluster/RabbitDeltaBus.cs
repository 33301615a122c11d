using System.Net.Sockets;
using System.Threading.Channels;
using Cote.Primitives;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Cote.Cluster;

/// <summary>
/// The bus by RabbitMQ: one direct exchange, and one queue for each node, bound under the node's id and under
/// <c>all</c>. Publishing and consuming have a connection each: a broker in need blocks publishers, and must not block
/// consumers.
/// </summary>
sealed class RabbitDeltaBus : DeltaBus
{
    const string Exchange = "cote";
    const string AllNodes = "all";
    const int MaxWaiting = 10_000;
    const int MaxInQueue = 50_000;

    readonly record struct Outgoing(string Key, BasicProperties Properties, ReadOnlyMemory<byte> Body);

    readonly Channel<Outgoing> _queued = Channel.CreateBounded<Outgoing>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
    readonly Channel<Outgoing> _paced = Channel.CreateBounded<Outgoing>(1);
    readonly Wakeup _outgoing = new();
    readonly ConnectionFactory _factory;
    readonly Node _node;
    readonly Clock _clock;
    readonly ILogger _log;

    public RabbitDeltaBus(RabbitMqOptions options, Node node, Clock clock, ILogger<RabbitDeltaBus> log)
    {
        (_node, _clock, _log) = (node, clock, log);
        if (!Uri.TryCreate(options.Url!.Reveal(), UriKind.Absolute, out var url)
            || url.Scheme is not ("amqp" or "amqps"))
            throw new StartupException(
                "Cote__RabbitMq__Url is not the address of a broker, such as amqp://user:password@host:5672/.");
        _factory = new ConnectionFactory
        {
            Uri = url,
            ClientProvidedName = "cote " + node.Id,
            AutomaticRecoveryEnabled = false,   // A broken connection is replaced, with a queue of a new name.
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            ContinuationTimeout = TimeSpan.FromSeconds(10),
        };
    }

    public override void Send(string nodeId, BusMessage message)
    {
        _queued.Writer.TryWrite(Encode(nodeId, message));
        _outgoing.Set();
    }

    public override void Broadcast(BusMessage message) => Send(AllNodes, message);

    public override async ValueTask SendAsync(string nodeId, BusMessage message, CancellationToken ct)
    {
        await _paced.Writer.WriteAsync(Encode(nodeId, message), ct);
        _outgoing.Set();
    }

    Outgoing Encode(string key, BusMessage message)
    {
        var properties = new BasicProperties { Type = message.Type, AppId = _node.Id, CorrelationId = message.UserId };
        if (message.Id.Length > 0)
            properties.MessageId = message.Id;
        return new(key, properties, message.Body);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        ConnectUntilStoppedAsync("publish", PublishAsync, stoppingToken),
        ConnectUntilStoppedAsync("consume", ConsumeAsync, stoppingToken));

    async Task ConnectUntilStoppedAsync(
        string purpose, Func<IChannel, CancellationToken, Task> work, CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection =
                    await _factory.CreateConnectionAsync($"cote {purpose} {_node.Id}", stopping);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: stopping);
                using var broken = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                connection.ConnectionShutdownAsync += (_, _) => broken.CancelAsync();
                channel.ChannelShutdownAsync += (_, _) => broken.CancelAsync();
                if (failures > 0)
                    _log.BrokerReconnected(purpose);
                failures = 0;
                await work(channel, broken.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (
                error is RabbitMQClientException or OperationCanceledException or IOException or SocketException
                or TimeoutException or ObjectDisposedException)
            {
                if (failures++ == 0)
                    _log.BrokerUnreachable(purpose, error.GetType().Name);
            }
            await Task.Delay(TimeSpan.FromSeconds(1 + 2 * Random.Shared.NextDouble()), _clock.Provider, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task PublishAsync(IChannel channel, CancellationToken ct)
    {
        await DeclareAsync(channel, ct);
        while (true)
        {
            while (_queued.Reader.TryRead(out var message) || _paced.Reader.TryRead(out message))
                await channel.BasicPublishAsync(Exchange, message.Key, false, message.Properties, message.Body, ct);
            await _outgoing.WaitAsync(ct);
        }
    }

    async Task ConsumeAsync(IChannel channel, CancellationToken ct)
    {
        await DeclareAsync(channel, ct);
        // A name that was never used: an exclusive name stays taken while the broker still believes in a dead
        // connection.
        var queue = $"cote.{_node.Id}.{_clock.NewId()}";
        await channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true,
            new Dictionary<string, object?> { ["x-max-length"] = MaxInQueue, ["x-overflow"] = "drop-head" },
            cancellationToken: ct);
        await channel.QueueBindAsync(queue, Exchange, _node.Id, cancellationToken: ct);
        await channel.QueueBindAsync(queue, Exchange, AllNodes, cancellationToken: ct);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var properties = delivery.BasicProperties;
            if (properties is { AppId: { } from, CorrelationId: { } userId, Type: { } type } && from != _node.Id)
                OnReceived(from, new(type, userId, properties.MessageId ?? "", delivery.Body));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, ct);
        OnReconnected();
        await Task.Delay(Timeout.InfiniteTimeSpan, ct);
    }

    static Task DeclareAsync(IChannel channel, CancellationToken ct) =>
        channel.ExchangeDeclareAsync(Exchange, ExchangeType.Direct, durable: false, autoDelete: false,
            cancellationToken: ct);
}
