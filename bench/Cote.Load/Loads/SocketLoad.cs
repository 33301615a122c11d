using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cote.Load.Figures;
using Cote.Load.Wire;

namespace Cote.Load.Loads;

/// <summary>Many sockets, idle or told the same, and one that comes back.</summary>
static class SocketLoad
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Opens so many, lets them lie, and reads the server's resident memory before and after: the figure is kilobytes a
    /// socket. Then each is spoken to and must answer: one that does not was not idle but dead.
    /// </summary>
    public static async Task<Sample> IdleAsync(IPEndPoint to, string path, Func<int, string?> token, int count,
        long residentBefore, Func<long> resident, TimeSpan lie)
    {
        var sockets = new SocketConnection[count];
        var (ready, answered, errors) = (0L, 0L, 0L);
        string? fault = null;
        var began = Stopwatch.GetTimestamp();
        try
        {
            await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            {
                sockets[i] = new(to, 512);
                try
                {
                    await sockets[i].ConnectAsync(path, token(i));
                    await sockets[i].ReadAsync(
                        text => Interlocked.Add(ref ready, text.IndexOf("\"ready\""u8) > 0 ? 1 : 0));
                }
                catch (Exception error) when (error is SocketException or IOException)
                {
                    Interlocked.Increment(ref errors);
                    Interlocked.CompareExchange(ref fault, error.Message, null);
                }
            });
            var opened = Stopwatch.GetElapsedTime(began);
            await Task.Delay(lie);
            var after = resident();
            var reading = sockets.Select(
                x => x.RunAsync(text => Interlocked.Add(ref answered, text.IndexOf("\"pong\""u8) > 0 ? 1 : 0)))
                .ToArray();
            for (var i = 0; i < count; i++)
                await SpeakAsync(sockets[i]);
            for (var waited = Stopwatch.GetTimestamp(); Interlocked.Read(ref answered) < count
                && Stopwatch.GetElapsedTime(waited) < Patience;)
                await Task.Delay(20);
            var sample = new Sample((after - residentBefore) / 1024.0 / count, ready, errors,
                count - Math.Min(count, Interlocked.Read(ref answered)))
            { Fault = fault };
            sample.Detail["opened_in_seconds"] = opened.TotalSeconds;
            sample.Detail["resident_before_mb"] = residentBefore / 1048576.0;
            sample.Detail["resident_after_mb"] = after / 1048576.0;
            foreach (var socket in sockets)
                socket.Dispose();
            await Task.WhenAll(reading);
            return sample;
        }
        finally
        {
            foreach (var socket in sockets)
                socket?.Dispose();
        }

        static async Task SpeakAsync(SocketConnection socket)
        {
            try
            {
                await socket.SendTextAsync("{\"type\":\"ping\"}"u8);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or NullReferenceException)
            {
                // it counts as one that did not answer
            }
        }
    }

    /// <summary>
    /// One user's sockets while so many of the user's replies are made at once. Each frame on each socket is compared
    /// with what it must be; each durable event must follow the one before. The figure is frames a second between the
    /// ramps.
    /// </summary>
    public static async Task<Sample> FanOutAsync(Site site, Account account, int count, int replies, int seconds,
        Func<Cores> cores)
    {
        const int PerSecond = 50;
        var tokens = seconds * PerSecond;
        var chats = new string[replies];
        for (var i = 0; i < replies; i++)
            chats[i] = await site.CreateChatAsync(account, "fan-out");
        var places = chats.Index().ToDictionary(x => Guid.Parse(x.Item), x => x.Index);
        var watchers = Enumerable.Range(0, count).Select(_ => new Watcher(site.Address, places, tokens)).ToArray();
        try
        {
            foreach (var part in watchers.Chunk(50))
                await Task.WhenAll(part.Select(x => x.OpenAsync(account.Token)));
            var reading = watchers.Select(x => x.RunAsync()).ToArray();
            using var http = new HttpConnection(site.Address);
            var errors = 0L;
            var meter = cores();
            foreach (var chat in chats)
            {
                await http.ExchangeAsync(
                    site.Send(account, chat, ReplyText.Ask(tokens, PerSecond, 200), asStream: false));
                if (http.Status != 200)
                    errors++;
            }
            var ramp = TimeSpan.FromSeconds(Math.Min(1, seconds / 4.0));
            await Task.Delay(ramp);
            var (before, began) = (watchers.Sum(x => x.Frames), Stopwatch.GetTimestamp());
            await Task.Delay(TimeSpan.FromSeconds(seconds) - ramp * 2);
            var rate = (watchers.Sum(x => x.Frames) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
            var sample = new Sample(rate);
            meter.Into(sample);
            for (var waited = Stopwatch.GetTimestamp(); watchers.Any(x => x.Ended < replies && x.IsOpen)
                && Stopwatch.GetElapsedTime(waited) < Patience;)
                await Task.Delay(20);
            sample.Detail["sockets"] = count;
            sample.Detail["replies"] = replies;
            var late = watchers.Max(x => x.LastAt) - began;
            sample.Detail["last_end_after_seconds"] = (double)late / Stopwatch.Frequency + ramp.TotalSeconds;
            foreach (var watcher in watchers)
                watcher.Dispose();
            await Task.WhenAll(reading);
            var lost = watchers.Sum(x => (long)x.Lost);
            return sample with
            {
                Count = watchers.Sum(x => x.Frames),
                Errors = errors,
                Losses = lost,
                Fault = lost > 0 ? watchers.First(x => x.Lost > 0).ToString() : null,
            };
        }
        finally
        {
            foreach (var watcher in watchers)
                watcher.Dispose();
        }
    }

    /// <summary>The bare server's frames a second to so many sockets, as fast as it can.</summary>
    public static async Task<Sample> BlastAsync(IPEndPoint to, int count, int frames, Func<Cores> cores)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => new SocketConnection(to)).ToArray();
        try
        {
            foreach (var part in sockets.Chunk(50))
                await Task.WhenAll(part.Select(x => x.ConnectAsync("/ws", null)));
            var reading = sockets.Select(x => x.RunAsync(_ => { })).ToArray();
            using var http = new HttpConnection(to);
            var due = (long)count * (frames + 1); // the first frame of each is its greeting
            for (var waited = Stopwatch.GetTimestamp(); sockets.Sum(x => x.Frames) < count
                && Stopwatch.GetElapsedTime(waited) < Patience;)
                await Task.Delay(5);
            var meter = cores();
            var began = Stopwatch.GetTimestamp();
            await http.ExchangeAsync(Request.Post($"/blast?frames={frames}", null, ""));
            while (sockets.Sum(x => x.Frames) < due && Stopwatch.GetElapsedTime(began) < Patience)
                await Task.Delay(1);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var came = sockets.Sum(x => x.Frames) - count;
            var sample = new Sample(came / seconds, came, 0, (long)count * frames - came);
            meter.Into(sample);
            foreach (var socket in sockets)
                socket.Dispose();
            await Task.WhenAll(reading);
            return sample;
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }

    /// <summary>
    /// A client that comes back after so many events: from the connection's first packet to the last missed event. The
    /// figure is the 99th percentile; a hole or a <c>reset</c> is a loss.
    /// </summary>
    public static async Task<Sample> ResumeAsync(Site site, Account account, int missed, int times)
    {
        string? cursor = null;
        using (var socket = new SocketConnection(site.Address))
        {
            await socket.ConnectAsync("/ws", account.Token);
            await socket.ReadAsync(text => cursor ??= CursorOf(text));
        }
        var (epoch, head) = (cursor!.Split('-')[0], long.Parse(cursor.Split('-')[1]));
        if (head < missed)
            throw new InvalidOperationException($"the user has only {head} events");
        var ms = new List<double>();
        var (lost, errors) = (0L, 0L);
        string? fault = null;
        for (var i = -5; i < times; i++)
        {
            var next = head - missed + 1;
            var began = Stopwatch.GetTimestamp();
            using var socket = new SocketConnection(site.Address);
            try
            {
                await socket.ConnectAsync($"/ws?cursor={epoch}-{head - missed}", account.Token);
                while (next <= head && await socket.ReadAsync(Take))
                {
                }
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                (errors, fault) = (errors + 1, fault ?? error.Message);
                continue;
            }
            if (i >= 0)
                ms.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (next <= head)
                (lost, fault) = (lost + 1, fault ?? $"{next} did not come; closed: {socket.Closed}");

            void Take(ReadOnlySpan<byte> text)
            {
                if (text.IndexOf("\"type\":\"ready\""u8) > 0)
                    return;
                var seen = Seen.Read(text);
                if (seen.Seq == 0)
                    return;
                if (seen.Seq != next)
                    (lost, fault) = (lost + 1, fault ?? $"{seen.Seq} instead of {next}");
                next = seen.Seq + 1;
            }
        }
        var sample = new Sample(Percentiles.Of(ms, 99), ms.Count, errors, lost) { Fault = fault };
        sample.Detail["p50_ms"] = Percentiles.Of(ms, 50);
        sample.Detail["max_ms"] = Percentiles.Of(ms, 100);
        sample.Detail["missed"] = missed;
        return sample;
    }

    static string CursorOf(ReadOnlySpan<byte> ready) =>
        JsonElement.Parse(ready).GetProperty("data").GetProperty("cursor").GetString()!;

    sealed class Watcher(IPEndPoint to, Dictionary<Guid, int> places, int tokens) : IDisposable
    {
        readonly SocketConnection _socket = new(to);
        readonly ReplyView[] _views = new ReplyView[places.Count];
        long? _seq;
        int _gaps;

        public long Frames => _socket.Frames;
        public bool IsOpen => _socket.Closed is null;
        public int Ended { get; private set; }
        public long LastAt { get; private set; }

        /// <summary>Replies that did not come whole, and holes in the log.</summary>
        public int Lost => _views.Count(x => !x.IsWhole || x.Length < tokens * ReplyText.TokenLength) + _gaps;

        public async Task OpenAsync(string token)
        {
            await _socket.ConnectAsync("/ws", token);
            await _socket.ReadAsync(Take); // It may bring what follows the first frame too.
        }

        public Task RunAsync() => _socket.RunAsync(Take);

        public void Dispose() => _socket.Dispose();

        public override string ToString() =>
            $"closed: {_socket.Closed}, {_gaps} gaps, {_views.Count(x => !x.Ended)} without end, "
                + $"{_views.Sum(x => x.Faults)} frames that were wrong";

        void Take(ReadOnlySpan<byte> text)
        {
            if (_seq is null)
            {
                _seq = long.Parse(CursorOf(text).Split('-')[1]);
                return;
            }
            var seen = Seen.Read(text);
            if (seen.Seq != 0)
            {
                if (seen.Seq != _seq + 1)
                    _gaps++;
                _seq = seen.Seq;
            }
            if (seen.Type == SeenType.Other || !places.TryGetValue(seen.Chat, out var place))
                return;
            _views[place].Apply(seen, tokens);
            if (seen is { Type: SeenType.Message, IsAi: true })
            {
                Ended++;
                LastAt = Stopwatch.GetTimestamp();
            }
        }
    }
}
