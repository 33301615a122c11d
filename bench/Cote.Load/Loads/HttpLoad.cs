using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Cote.Load.Figures;
using Cote.Load.Wire;

namespace Cote.Load.Loads;

/// <summary>One operation of one client; null where all of it was as it must be, else what was wrong.</summary>
delegate ValueTask<string?> Operation(HttpConnection http, int client);

/// <summary>Clients that repeat an operation: as fast as they are answered, or at a given rate.</summary>
static class HttpLoad
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Closed loop: each client asks again when it was answered. The figure is operations a second that ended within
    /// the window, which begins when the warm-up is over and every client was answered once; what goes wrong before is
    /// an error too.
    /// </summary>
    public static async Task<Sample> ClosedAsync(IPEndPoint to, int clients, TimeSpan warm, TimeSpan length,
        Operation operation, Func<Cores> cores)
    {
        var tally = new Tally();
        long from = long.MaxValue, until = long.MaxValue;
        var answered = Enumerable.Range(0, clients).Select(_ => new TaskCompletionSource()).ToArray();
        var connections = Enumerable.Range(0, clients).Select(_ => new HttpConnection(to)).ToArray();
        var running = connections.Select((http, i) => Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() is var began && began < Volatile.Read(ref until))
            {
                var wrong = await tally.DoAsync(operation, http, i);
                var ended = Stopwatch.GetTimestamp();
                answered[i].TrySetResult();
                if (wrong is null && ended >= Volatile.Read(ref from) && ended < Volatile.Read(ref until))
                    tally.Add(ended - began);
            }
        })).ToArray();
        await Task.Delay(warm);
        await Task.WhenAny(Task.WhenAll(answered.Select(x => x.Task)), Task.Delay(Grace));
        var meter = cores();
        var start = Stopwatch.GetTimestamp();
        Volatile.Write(ref until, start + (long)(length.TotalSeconds * Stopwatch.Frequency));
        Volatile.Write(ref from, start);
        await Task.Delay(length);
        meter.Stop();
        var sample = await tally.EndAsync(connections, running, count => count / length.TotalSeconds);
        meter.Into(sample, sample.Value);
        return sample;
    }

    /// <summary>
    /// Open loop: operations are due at a fixed rate, whether or not those before were answered, and each is timed from
    /// the moment at which it was due: a server that stalls pays for all who had to wait. The figure is the 99th
    /// percentile.
    /// </summary>
    public static async Task<Sample> OpenAsync(IPEndPoint to, int clients, double perSecond, TimeSpan warm,
        TimeSpan length, Operation operation, Func<Cores> cores)
    {
        var tally = new Tally();
        using var pacer = new Pacer();
        var start = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 10;
        var warmed = (long)(warm.TotalSeconds * perSecond);
        var all = (long)((warm + length).TotalSeconds * perSecond);
        var next = -1L;
        var late = 0L;
        var end = start + (long)((warm + length + Grace).TotalSeconds * Stopwatch.Frequency);
        var connections = Enumerable.Range(0, clients).Select(_ => new HttpConnection(to)).ToArray();
        var running = connections.Select((http, i) => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < all)
            {
                if (Stopwatch.GetTimestamp() > end)
                {
                    Interlocked.Increment(ref late); // it was never sent: the server was too far behind
                    continue;
                }
                var due = start + (long)(number / perSecond * Stopwatch.Frequency);
                await pacer.At(due);
                var wrong = await tally.DoAsync(operation, http, i);
                if (wrong is null && number >= warmed)
                    tally.Add(Stopwatch.GetTimestamp() - due);
            }
        })).ToArray();
        await Task.Delay(warm);
        var meter = cores();
        await Task.Delay(length);
        meter.Stop();
        var sample = await tally.EndAsync(connections, running, _ => double.NaN, late);
        meter.Into(sample, perSecond);
        sample.Detail["per_second"] = perSecond;
        return sample with { Value = sample.Detail["p99_ms"] };
    }

    sealed class Tally
    {
        readonly LatencyHistogram _latencies = new();
        long _count;
        long _errors;
        string? _fault;

        public void Add(long ticks)
        {
            Interlocked.Increment(ref _count);
            _latencies.Add(ticks);
        }

        public async ValueTask<string?> DoAsync(Operation operation, HttpConnection http, int client)
        {
            string? wrong;
            try
            {
                wrong = await operation(http, client);
            }
            catch (Exception error) when (
                error is SocketException or IOException or FormatException or ObjectDisposedException)
            {
                wrong = error.Message;
                http.Reset();
                await Task.Delay(5); // a server that is gone must not be asked a million times
            }
            if (wrong is null)
                return null;
            Interlocked.Increment(ref _errors);
            Interlocked.CompareExchange(ref _fault, wrong, null);
            return wrong;
        }

        public async Task<Sample> EndAsync(HttpConnection[] connections, Task[] running, Func<long, double> value,
            long lost = 0)
        {
            await Task.WhenAny(Task.WhenAll(running), Task.Delay(Grace));
            lost += running.Count(x => !x.IsCompleted); // asked, and never answered
            foreach (var connection in connections)
                connection.Dispose();
            await Task.WhenAny(Task.WhenAll(running), Task.Delay(Grace));
            var sample = new Sample(value(_count), _count, _errors, lost) { Fault = _fault };
            _latencies.Into(sample);
            return sample;
        }
    }
}
