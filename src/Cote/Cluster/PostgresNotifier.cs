using System.Data.Common;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Cote.Data;
using Cote.Primitives;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cote.Cluster;

/// <summary>
/// Words between nodes by <c>NOTIFY</c>, on one channel, after the commit and from a connection of their own: inside the
/// transaction of a write it would take a lock of the whole server at every commit. Words are gathered while the ones
/// before are under way, and said fifty times a second at most, some at once after a silence. A node says a word to itself now and then: where it does
/// not come back, the line is dead, however open it looks.
/// </summary>
sealed class PostgresNotifier(DataOptions options, Node node, Clock clock, ILogger<PostgresNotifier> log) : NodeNotifier
{
    const string Channel = "cote";
    const int IdLength = 36;
    const int MostBytes = 7_900;        // PostgreSQL takes less than 8,000
    const int MostUnsaid = 2_000;
    const int PerSecond = 50;
    const int AtOnce = 10;
    static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(4);
    static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(10);
    static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    readonly HashSet<Notification> _unsaid = [];
    readonly Channel<bool> _wakes = System.Threading.Channels.Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    long _heardMyself;                  // in ticks; 0 is never
    bool _toldDeaf;
    bool _hasListened;

    public override bool IsConnected => Volatile.Read(ref _heardMyself) is > 0 and var at && clock.Since(at) < DeadAfter;

    public override void Publish(Notification notification)
    {
        lock (_unsaid)
        {
            if (_unsaid.Count >= MostUnsaid)
            {
                _unsaid.Clear();
                _unsaid.Add(new(NotificationKind.Everything));
            }
            if (!_unsaid.Contains(new(NotificationKind.Everything)))
                _unsaid.Add(notification);
        }
        _wakes.Writer.TryWrite(true);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(UntilStoppedAsync("say", SayAsync, stoppingToken), UntilStoppedAsync("listen", ListenAsync, stoppingToken));

    async Task UntilStoppedAsync(string name, Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken stopping)
    {
        var settings = PostgresUrl.Parse(options.PostgresListen ?? options.Postgres!, "Cote__Data__PostgresListen");
        (settings.Pooling, settings.ApplicationName, settings.Timeout, settings.CommandTimeout) = (false, "cote " + name, 5, 5);
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
            catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or InvalidOperationException)
            {
                if (failures++ == 0)
                    log.LogWarning("The line to {Name} to other nodes broke: {Error}", name, (error.InnerException ?? error).GetType().Name);
            }
            await Task.Delay(AgainAfter, clock.Provider, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task SayAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        // A hint need not be on disk.
        await using (var relax = new NpgsqlCommand("set synchronous_commit = off", connection))
            await relax.ExecuteNonQueryAsync(stopping);
        await using var notify = new NpgsqlCommand("select pg_notify($1, $2)", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = Channel }, new NpgsqlParameter<string> { TypedValue = "" } },
        };
        var (allowed, allowedAt) = ((double)AtOnce, clock.Ticks);
        var checkedAt = clock.Ticks - clock.Provider.TimestampFrequency * 60;
        while (true)
        {
            var check = clock.Since(checkedAt) >= CheckEvery;
            if (check)
                checkedAt = clock.Ticks;
            Notification[] words;
            lock (_unsaid)
            {
                words = [.. _unsaid];
                _unsaid.Clear(); // before they are said: what is committed meanwhile is said again
            }
            if (words.Length == 0 && !check)
            {
                await WaitAsync(CheckEvery - clock.Since(checkedAt), stopping);
                continue;
            }
            try
            {
                foreach (var payload in Payloads(words))
                {
                    notify.Parameters[1].Value = payload;
                    await notify.ExecuteNonQueryAsync(stopping);
                }
            }
            catch
            {
                foreach (var word in words)
                    Publish(word); // on the next line
                throw;
            }
            allowed = Math.Min(AtOnce, allowed + clock.Since(allowedAt).TotalSeconds * PerSecond) - 1;
            allowedAt = clock.Ticks;
            if (allowed < 1)
                await Task.Delay(TimeSpan.FromSeconds(1.0 / PerSecond), clock.Provider, stopping);
        }
    }

    async Task WaitAsync(TimeSpan most, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(most > TimeSpan.Zero ? most : TimeSpan.Zero);
        try
        {
            await _wakes.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // time for a word to oneself
        }
    }

    // The speaker first, then word after word: "<node>e<user>,s<user><reply>,r". Without a word it is one to oneself.
    IEnumerable<string> Payloads(Notification[] words)
    {
        var payload = new StringBuilder(node.Id);
        foreach (var word in words)
        {
            if (payload.Length + 2 * IdLength + 2 > MostBytes)
            {
                yield return payload.ToString();
                payload.Clear().Append(node.Id);
            }
            payload.Append(payload.Length > IdLength ? "," : "").Append((char)word.Kind).Append(word.UserId).Append(word.Id);
        }
        yield return payload.ToString();
    }

    async Task ListenAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        connection.Notification += (_, told) => OnPayload(told.Payload);
        await using (var listen = new NpgsqlCommand("listen " + Channel, connection))
            await listen.ExecuteNonQueryAsync(stopping);
        if (_hasListened)
            OnReceived(new(NotificationKind.Everything)); // what was said while nobody listened
        _hasListened = true;
        for (var began = clock.Ticks; clock.Since(began) < DeadAfter || IsConnected;)
            await connection.WaitAsync(CheckEvery, stopping);
        if (!_toldDeaf)
            log.LogWarning("Nothing that is said by NOTIFY comes back: other nodes are asked twice a second instead. Where Cote__Data__Postgres leads to a pooler of transactions, set Cote__Data__PostgresListen to the database itself");
        _toldDeaf = true;
    }

    void OnPayload(string payload)
    {
        if (payload.Length < IdLength)
            return;
        if (payload.StartsWith(node.Id, StringComparison.Ordinal))
        {
            Volatile.Write(ref _heardMyself, clock.Ticks);
            _toldDeaf = false;
            return;
        }
        foreach (var word in payload[IdLength..].Split(',', StringSplitOptions.RemoveEmptyEntries))
            OnReceived(new((NotificationKind)word[0],
                word.Length > IdLength ? word[1..(IdLength + 1)] : "", word.Length > 2 * IdLength ? word[(IdLength + 1)..] : ""));
    }
}
