using System.Diagnostics;
using System.Net.WebSockets;
using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Cluster;

/// <summary>
/// <c>make cluster PEOPLE=200 MINUTES=10</c>: three nodes behind nginx, and everything under them breaks in turn while
/// people write; then the proof that nothing acknowledged was lost, doubled or torn. <c>COTE_CLUSTER_SEED</c> repeats
/// the choices of a run.
/// </summary>
[Trait("Stage", "slow")]
[Collection(nameof(Alone))]
public sealed class ChaosTests(PublishedProgram program, ITestOutputHelper output)
{
    static readonly int People = CrashTests.Number("COTE_CLUSTER_PEOPLE", 10);
    static readonly int Minutes = CrashTests.Number("COTE_CLUSTER_MINUTES", 0);
    static readonly TimeSpan Calm = TimeSpan.FromSeconds(Minutes > 0 ? 15 : 2);

    readonly List<(string Name, long From)> _disturbances = [];
    Story _story = null!;

    [Fact]
    public async Task Whatever_breaks_under_three_nodes_nothing_is_lost_or_doubled_and_every_reply_ends()
    {
        var seed = CrashTests.Number("COTE_CLUSTER_SEED", Random.Shared.Next());
        output.WriteLine($"COTE_CLUSTER_SEED={seed} COTE_CLUSTER_PEOPLE={People} COTE_CLUSTER_MINUTES={Minutes}");
        var random = new Random(seed);
        await using var model = await FakeModelServer.Start();
        // Many people speak and are answered more slowly: it is not throughput that is tried out.
        var story = _story = new Story(model, words: 60, TimeSpan.FromMilliseconds(Math.Max(40, People)));
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 3, rabbit: true, proxy: true,
            ownsServers: true, settings: ["Events:ReplayMaxEvents=100000", "Titles:Model=openai/fake"]);
        var people = new List<Person>();
        foreach (var group in Enumerable.Range(0, People).Chunk(8))
            people.AddRange(await Task.WhenAll(group.Select(_ =>
                Person.MakeAsync(fleet.Proxy!.Url, story, new Random(random.Next()),
                    pause: Math.Max(300, People * 25)))));

        using var end = new CancellationTokenSource();
        var lives = people.Select(x => x.LiveAsync(end.Token)).ToList();
        Mark("nothing is broken");
        // as the disturbances have one after them: what is measured in it is their yardstick
        await Task.Delay(2 * Calm);
        var began = Stopwatch.GetTimestamp();
        do
        {
            Func<Fleet, Random, Task>[] all = [FreezeListenAsync, StopRabbitAsync, RestartPostgresAsync, KillNodeAsync];
            if (Minutes > 0)
                random.Shuffle(all);
            foreach (var disturb in all)
            {
                await disturb(fleet, random);
                await Task.Delay(Calm); // people live on; what comes after this belongs to the next disturbance
            }
            output.WriteLine(
                $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0} s, {people.Sum(x => x.Acknowledged)} "
                + "messages acknowledged");
        }
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(Minutes));
        Mark("the end");
        await end.CancelAsync();
        await Task.WhenAll(lives);
        foreach (var group in people.Chunk(8))
            await Task.WhenAll(group.Select(x => x.CheckAsync(_disturbances.Count)));
        foreach (var person in people)
            await person.DisposeAsync();

        Report(people, model);
        var faults = people.SelectMany(x => x.Faults).ToList();
        if (faults.Count > 0)
            Assert.Fail($"{faults.Count} faults, COTE_CLUSTER_SEED={seed}:\n"
                + string.Join('\n', faults.Take(10).Select(x => x.Length > 2_000 ? x[..2_000] + "…" : x)));
        fleet.Failures.ShouldBeEmpty();
        // A run in which nothing was cut off or repeated would have proved nothing.
        people.Sum(x => x.Acknowledged).ShouldBeGreaterThan(5 * People);
        people.Sum(x => x.Replayed).ShouldBeGreaterThan(0);
        fleet.Proxy!.Output.ShouldNotContain("token="); // every socket had one in its URL
    }

    async Task FreezeListenAsync(Fleet fleet, Random random)
    {
        var backends = await fleet.Postgres.BackendsAsync("cote listen", fleet.Database);
        Mark("a LISTEN backend is frozen");
        var backend = backends[random.Next(backends.Length)];
        await fleet.Postgres.FreezeAsync(backend);
        await Task.Delay(TimeSpan.FromSeconds(14)); // longer than a node takes to find that it is deaf
        await fleet.Postgres.ThawAsync(backend);
    }

    async Task StopRabbitAsync(Fleet fleet, Random random)
    {
        Mark("RabbitMQ is away");
        await fleet.Rabbit!.StopAsync(immediate: random.Next(2) == 0);
        await Task.Delay(random.Next(1_000, 5_000)); // how long it is away is what is tried out
        await fleet.Rabbit.StartAgainAsync();
    }

    async Task RestartPostgresAsync(Fleet fleet, Random random)
    {
        Mark("PostgreSQL is restarted, immediate");
        await fleet.Postgres.StopAsync(immediate: true);
        await Task.Delay(random.Next(0, 4_000)); // the same
        var began = Stopwatch.GetTimestamp();
        await fleet.Postgres.StartAgainAsync();
        output.WriteLine(
            $"PostgreSQL was away for {Stopwatch.GetElapsedTime(_disturbances[^1].From).TotalSeconds:0.0} s; "
            + $"to start again took it {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s.");
    }

    // A database that is just back may be busy, which is said with a 503.
    static async Task<T> AskAgainAsync<T>(Func<Task<T>> ask)
    {
        for (var limit = Patience.Begin(); ;)
            try
            {
                return await ask();
            }
            catch (Exception error) when (limit.Left > TimeSpan.Zero
                && error is InvalidOperationException or WebSocketException
                && (error.Message.Contains("got 503", StringComparison.Ordinal)
                    || error.Message.Contains("'503'", StringComparison.Ordinal)))
            {
                await Task.Delay(100);
            }
    }

    async Task KillNodeAsync(Fleet fleet, Random random)
    {
        var node = fleet.Nodes[random.Next(fleet.Nodes.Count)];
        // In mid-stream for certain: this one is made by the node that it was sent to, and has begun.
        await Patience.UntilAsync(async () =>
        {
            using var anyone = new CoteClient(node.Url);
            return (await anyone.GetAsync("/health/ready")).Status == 200;
        }, "the node takes work again after what broke before");
        using var witness = await AskAgainAsync(() => CoteClient.RegisterAsync(node.Url));
        var chat = await AskAgainAsync(() => witness.CreateChatAsync());
        var question = $"question {Guid.CreateVersion7()}";
        string reply;
        await using (var socket = await AskAgainAsync(() => witness.ConnectAsync()))
        {
            reply = (await AskAgainAsync(() => witness.AskAsync(chat, question))).GetProperty("reply_id").GetString()!;
            await socket.ShowsAsync(reply);
            Mark("a node is killed");
            await node.KillAsync();
        }
        using var elsewhere = new CoteClient(fleet.Proxy!.Url) { Token = witness.Token };
        var end = await elsewhere.EndOfAsync(chat, reply);
        end.GetProperty("content").GetString().ShouldBe(_story.To(question));
        end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBeGreaterThan(1);
        await node.StartAsync();
    }

    void Mark(string name) => _disturbances.Add((name, Stopwatch.GetTimestamp()));

    void Report(List<Person> people, FakeModelServer model)
    {
        var devices = people.SelectMany(x => x.Devices).ToList();
        output.WriteLine(
            $"{people.Sum(x => x.Acknowledged)} messages acknowledged, {people.Sum(x => x.Replayed)} repeated sends, "
            + $"{people.Sum(x => x.TakenUp)} replies taken up again, {model.Calls} model calls, "
            + $"{devices.Sum(x => x.Connections)} connections, {devices.Sum(x => x.Frames)} frames.");
        var frames = devices.SelectMany(x => x.Silence.Times).ToList();
        var texts = devices.SelectMany(x => x.TextSilence.Times).ToList();
        var requests = people.SelectMany(x => x.Silence.Times).ToList();
        var windows = _disturbances.Zip(_disturbances.Skip(1), (x, next) => (x.Name, x.From, To: next.From))
            .GroupBy(x => x.Name);
        foreach (var window in windows)
            output.WriteLine(
                $"Longest silence while {window.Key}: {Longest(frames, window):0.0} s for a client with an open "
                + $"reply, {Longest(texts, window):0.0} s for one reply, "
                + $"{Longest(requests, window):0.0} s for a request.");

        static double Longest(List<(long From, long To)> times,
            IEnumerable<(string Name, long From, long To)> window) => times
            .Where(x => window.Any(y => (x.From / 2) + (x.To / 2) is var middle && middle >= y.From && middle < y.To))
            .Select(x => Stopwatch.GetElapsedTime(x.From, x.To).TotalSeconds).DefaultIfEmpty().Max();
    }
}
