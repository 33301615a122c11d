using System.Data.Common;
using System.Net.Sockets;
using System.Text;
using Cote.Data;
using Cote.Primitives;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Cluster;

/// <summary>
/// Notifications by <c>NOTIFY</c> on one channel, after the commit and from a connection of their own: inside the
/// transaction of a write it would take a lock of the whole server at every commit. Notifications are gathered while a
/// round is under way; 50 rounds a second at most, some at once after a silence. A node notifies itself every few
/// seconds: where that does not come back, the connection is dead, however open it looks.
/// </summary>
sealed class PostgresNotifier(DataOptions options, Node node, Clock clock, ILogger<PostgresNotifier> log) : NodeNotifier
{
    const string Channel = "cote";
    const int IdLength = 36;
    const int MaxPayloadBytes = 7_900;  // PostgreSQL takes less than 8,000.
    const int MaxPending = 2_000;
    const int RoundsPerSecond = 50;
    const int RoundsAtOnce = 10;
    static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(4);
    static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(10);
    static readonly TimeSpan ReconnectAfter = TimeSpan.FromSeconds(1);

    readonly HashSet<Notification> _pending = [];
    readonly Wakeup _wakeup = new();
    long _selfReceivedAt;               // In ticks; 0 is never.
    bool _isWarned;
    bool _hasListened;

    public override bool IsConnected =>
        Volatile.Read(ref _selfReceivedAt) is > 0 and var at && clock.Since(at) < DeadAfter;

    public override void Publish(Notification notification)
    {
        lock (_pending)
        {
            if (_pending.Count >= MaxPending)
            {
                _pending.Clear();
                _pending.Add(new(NotificationKind.Everything));
            }
            if (!_pending.Contains(new(NotificationKind.Everything)))
                _pending.Add(notification);
        }
        _wakeup.Set();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        ConnectUntilStoppedAsync("send", "cote notify", SendAsync, stoppingToken),
        ConnectUntilStoppedAsync("receive", "cote listen", ListenAsync, stoppingToken));

    async Task ConnectUntilStoppedAsync(
        string purpose, string application, Func<NpgsqlConnection, CancellationToken, Task> work,
        CancellationToken stopping)
    {
        var settings = PostgresUrl.Parse(options.PostgresListen ?? options.Postgres!, "Cote__Data__PostgresListen");
        (settings.Pooling, settings.ApplicationName, settings.Timeout, settings.CommandTimeout) =
            (false, application, 5, 5);
        settings.KeepAlive = 10;
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(settings.ConnectionString);
                await connection.OpenAsync(stopping);
                failures = 0;
                await work(connection, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (
                error is DbException or IOException or SocketException or TimeoutException or InvalidOperationException)
            {
                if (failures++ == 0)
                    log.NotifierDisconnected(purpose, (error.InnerException ?? error).GetType().Name);
            }
            await Task.Delay(ReconnectAfter, clock.Provider, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task SendAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        // A notification need not be on disk.
        await using (var relax = new NpgsqlCommand("set synchronous_commit = off", connection))
            await relax.ExecuteNonQueryAsync(stopping);
        await using var notify = new NpgsqlCommand("select pg_notify($1, $2)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = Channel },
                new NpgsqlParameter<string> { TypedValue = "" },
            },
        };
        var rounds = new TokenBucket(RoundsAtOnce, RoundsPerSecond, clock);
        long? checkedAt = null;
        while (true)
        {
            var isCheckDue = checkedAt is not { } at || clock.Since(at) >= CheckEvery;
            if (isCheckDue)
                checkedAt = clock.Ticks;
            Notification[] notifications;
            lock (_pending)
            {
                notifications = [.. _pending];
                _pending.Clear(); // Before they are sent: what is committed meanwhile is sent again.
            }
            if (notifications.Length == 0 && !isCheckDue)
            {
                await _wakeup.WaitAsync(CheckEvery - clock.Since(checkedAt!.Value), clock.Provider, stopping);
                continue;
            }
            try
            {
                foreach (var payload in Payloads(notifications))
                {
                    notify.Parameters[1].Value = payload;
                    await notify.ExecuteNonQueryAsync(stopping);
                }
            }
            catch
            {
                foreach (var notification in notifications)
                    Publish(notification); // On the next connection.
                throw;
            }
            if (!rounds.TryTake())
                await Task.Delay(TimeSpan.FromSeconds(1.0 / RoundsPerSecond), clock.Provider, stopping);
        }
    }

    // The sender, then its notifications: "<node>e<user>,s<user><reply>,r". One without notifications is for the sender
    // itself.
    IEnumerable<string> Payloads(Notification[] notifications)
    {
        var payload = new StringBuilder(node.Id);
        foreach (var notification in notifications)
        {
            if (payload.Length + 2 * IdLength + 2 > MaxPayloadBytes)
            {
                yield return payload.ToString();
                payload.Clear().Append(node.Id);
            }
            payload.Append(payload.Length > IdLength ? "," : "")
                .Append((char)notification.Kind).Append(notification.UserId).Append(notification.Id);
        }
        yield return payload.ToString();
    }

    async Task ListenAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        connection.Notification += (_, received) => OnPayload(received.Payload);
        await using (var listen = new NpgsqlCommand("listen " + Channel, connection))
            await listen.ExecuteNonQueryAsync(stopping);
        if (_hasListened)
            OnReceived(new(NotificationKind.Everything)); // Covers what was sent while this connection was down.
        _hasListened = true;
        for (var began = clock.Ticks; clock.Since(began) < DeadAfter || IsConnected;)
            await connection.WaitAsync(CheckEvery, stopping);
        if (!_isWarned)
            log.NotificationsDoNotArrive();
        _isWarned = true;
    }

    void OnPayload(string payload)
    {
        if (payload.Length < IdLength)
            return;
        if (payload.StartsWith(node.Id, StringComparison.Ordinal))
        {
            Volatile.Write(ref _selfReceivedAt, clock.Ticks);
            _isWarned = false;
            return;
        }
        foreach (var text in payload[IdLength..].Split(',', StringSplitOptions.RemoveEmptyEntries))
            OnReceived(new((NotificationKind)text[0],
                text.Length > IdLength ? text[1..(IdLength + 1)] : "",
                text.Length > 2 * IdLength ? text[(IdLength + 1)..] : ""));
    }
}
