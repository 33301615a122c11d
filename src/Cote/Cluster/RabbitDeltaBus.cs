using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Cote.Delivery;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Cote.Cluster;

/// <summary>
/// The bus by RabbitMQ: one direct exchange, and one queue a node that is bound once, under its own id and under
/// <c>all</c>. A node that follows a reply tells its home how far it is; from then on the home sends what the follower
/// does not have, at its own pace, from the one text that its readers read too. So nothing is queued here for a broker
/// that is slow or away, and what it drops is asked for again.
/// </summary>
sealed class RabbitDeltaBus : DeltaBus
{
    const string Exchange = "cote";
    const string ToAll = "all";
    const int MostWaiting = 10_000;
    const int MostInQueue = 50_000;
    static readonly TimeSpan FollowsFor = TimeSpan.FromSeconds(30);
    static readonly BasicProperties NoProperties = new();

    readonly ConcurrentDictionary<(string Node, string UserId, string ReplyId), Follower> _followers = [];
    readonly Channel<(string Key, BasicProperties Properties, ReadOnlyMemory<byte> Body)> _outgoing =
        Channel.CreateBounded<(string, BasicProperties, ReadOnlyMemory<byte>)>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
    readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    readonly ConnectionFactory _factory;
    readonly Hub _hub;
    readonly Node _node;
    readonly Clock _clock;
    readonly ILogger _log;

    // How far another node was told of a reply that is made here.
    sealed class Follower(StreamingReply reply)
    {
        public StreamingReply Reply => reply;
        public long Attempt;
        public int Length;
        public long AskedAt;
    }

    public RabbitDeltaBus(RabbitMqOptions options, Hub hub, Node node, Clock clock, ILogger<RabbitDeltaBus> log)
    {
        (_hub, _node, _clock, _log) = (hub, node, clock, log);
        if (!Uri.TryCreate(options.Url!.Reveal(), UriKind.Absolute, out var url) || url.Scheme is not ("amqp" or "amqps"))
            throw new StartupException("Cote__RabbitMq__Url is not the address of a broker, such as amqp://user:password@host:5672/.");
        _factory = new ConnectionFactory
        {
            Uri = url,
            ClientProvidedName = "cote " + node.Id,
            AutomaticRecoveryEnabled = false,   // a line that broke is begun anew, with a queue of a new name
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
            ContinuationTimeout = TimeSpan.FromSeconds(10),
        };
    }

    public override void Follow(string home, string userId, string replyId, long attempt, int length) => Send(
        home, new BasicProperties { Type = "follow", AppId = _node.Id, CorrelationId = userId, MessageId = replyId },
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{attempt} {length}")));

    public override void PublishTyping(string userId, Frame frame) =>
        Send(ToAll, new BasicProperties { Type = frame.Type, AppId = _node.Id, CorrelationId = userId }, frame.Json);

    void Send(string key, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        _outgoing.Writer.TryWrite((key, properties, body));
        Wake();
    }

    // A connection each: a broker in need stops those that publish, and must not stop those that listen.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(UntilStoppedAsync("publish", PublishAsync, stoppingToken), UntilStoppedAsync("consume", ConsumeAsync, stoppingToken));

    async Task UntilStoppedAsync(string name, Func<IChannel, CancellationToken, Task> work, CancellationToken stopping)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _factory.CreateConnectionAsync($"cote {name} {_node.Id}", stopping);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: stopping);
                using var broken = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                connection.ConnectionShutdownAsync += (_, _) => broken.CancelAsync();
                channel.ChannelShutdownAsync += (_, _) => broken.CancelAsync();
                if (failures > 0)
                    _log.LogInformation("The broker is back, to {Name}", name);
                failures = 0;
                await work(channel, broken.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is RabbitMQClientException or OperationCanceledException or IOException or SocketException
                or TimeoutException or ObjectDisposedException)
            {
                if (failures++ == 0)
                    _log.LogWarning("The broker is away, to {Name} ({Error}): replies of other nodes are shown once a second", name, error.GetType().Name);
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
            while (_outgoing.Reader.TryRead(out var message))
                await channel.BasicPublishAsync(Exchange, message.Key, false, message.Properties, message.Body, ct);
            foreach (var (key, follower) in _followers)
                if (NewsFor(key, follower) is { } frame)
                    await channel.BasicPublishAsync(Exchange, key.Node, false,
                        new BasicProperties { Type = frame.Type, AppId = _node.Id, CorrelationId = key.UserId }, frame.Json, ct);
            await _wakes.Reader.ReadAsync(ct);
        }
    }

    Frame? NewsFor((string, string, string) key, Follower follower)
    {
        if (follower.Reply.IsOver || _clock.Since(Volatile.Read(ref follower.AskedAt)) > FollowsFor)
        {
            follower.Reply.Changed -= Wake;
            _followers.TryRemove(new(key, follower));
            return null;
        }
        lock (follower)
            return follower.Reply.Advance(ref follower.Attempt, ref follower.Length);
    }

    void Wake() => _wakes.Writer.TryWrite(true);

    async Task ConsumeAsync(IChannel channel, CancellationToken ct)
    {
        await DeclareAsync(channel, ct);
        // A name that was never used: one that is exclusive stays taken while the broker still believes in a dead line.
        var queue = $"cote.{_node.Id}.{_clock.NewId()}";
        await channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true,
            new Dictionary<string, object?> { ["x-max-length"] = MostInQueue, ["x-overflow"] = "drop-head" }, cancellationToken: ct);
        await channel.QueueBindAsync(queue, Exchange, _node.Id, cancellationToken: ct);
        await channel.QueueBindAsync(queue, Exchange, ToAll, cancellationToken: ct);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) =>
        {
            Take(message.BasicProperties, message.Body);
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, ct);
        OnReconnected();
        await Task.Delay(Timeout.InfiniteTimeSpan, ct);
    }

    static Task DeclareAsync(IChannel channel, CancellationToken ct) =>
        channel.ExchangeDeclareAsync(Exchange, ExchangeType.Direct, durable: false, autoDelete: false, cancellationToken: ct);

    // The body is the library's: nothing of it is kept.
    void Take(IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        if (properties.AppId is not { } from || from == _node.Id || properties.CorrelationId is not { } userId)
            return;
        try
        {
            switch (properties.Type)
            {
                case "follow" when properties.MessageId is { } replyId:
                    TakeFollower(from, userId, replyId, Encoding.ASCII.GetString(body.Span).Split(' '));
                    break;
                case EventTypes.Typing:
                    OnTyping(userId, new Frame(EventTypes.Typing, body.ToArray()));
                    break;
                case EventTypes.Snapshot or EventTypes.Delta:
                    TakeText(userId, properties.Type, body);
                    break;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            _log.LogWarning("Another node said what this one does not understand: {Type}", properties.Type);
        }
    }

    void TakeFollower(string from, string userId, string replyId, string[] place)
    {
        if (_hub.Find(userId)?.Find(replyId) is not { Home: null } reply)
            return;
        var (attempt, length) = (long.Parse(place[0], CultureInfo.InvariantCulture), int.Parse(place[1], CultureInfo.InvariantCulture));
        var follower = _followers.AddOrUpdate((from, userId, replyId), _ => Begin(reply), (_, known) => known.Reply == reply ? known : Begin(reply));
        lock (follower)
            (follower.Attempt, follower.Length) = (attempt, length);
        Volatile.Write(ref follower.AskedAt, _clock.Ticks);
        Wake();

        Follower Begin(StreamingReply streaming)
        {
            streaming.Changed += Wake;
            return new(streaming) { AskedAt = _clock.Ticks };
        }
    }

    void TakeText(string userId, string type, ReadOnlyMemory<byte> body)
    {
        var data = JsonElement.Parse(body.Span).GetProperty("data");
        var isDelta = type == EventTypes.Delta;
        OnDelta(userId, new(
            data.GetProperty("message_id").GetString()!, data.GetProperty("attempt").GetInt64(),
            isDelta ? data.GetProperty("offset").GetInt32() : null, data.GetProperty(isDelta ? "text" : "content").GetString()!));
    }
}
