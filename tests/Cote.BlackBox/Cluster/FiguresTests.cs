using System.Diagnostics;
using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Cluster;

/// <summary><c>make cluster-figures</c>: what it costs that there is more than one node. A part of the bench: printed,
/// never judged, and in no stage of the tests.</summary>
[Trait("Stage", "figures")]
[Collection(nameof(Alone))]
public sealed class FiguresTests(PublishedProgram program, ITestOutputHelper output)
{
    static readonly int Samples = CrashTests.Number("COTE_CLUSTER_SAMPLES", 60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task From_a_commit_on_one_node_to_the_frame_on_another(bool rabbit)
    {
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 2, rabbit);
        using var ada = await CoteClient.RegisterAsync(fleet.Nodes[0].Url);
        using var elsewhere = await ada.OtherDeviceAsync(fleet.Nodes[1].Url);
        var chat = await ada.CreateChatAsync();
        await using var here = await ada.ConnectAsync();
        await using var there = await elsewhere.ConnectAsync();
        var (own, other, after) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Samples + 20; i++)
        {
            var title = $"title {i}";
            var sent = Stopwatch.GetTimestamp();
            var (shownHere, shownThere) = (ShownAsync(here, title), ShownAsync(there, title));
            (await ada.PatchAsync($"/chats/{chat}", new { title })).Ok();
            var answered = Stopwatch.GetTimestamp(); // the commit is behind it
            if (i < 20)
            {
                await Task.WhenAll(shownHere, shownThere); // to be warm
                continue;
            }
            own.Add(Stopwatch.GetElapsedTime(sent, await shownHere).TotalMilliseconds);
            other.Add(Stopwatch.GetElapsedTime(sent, await shownThere).TotalMilliseconds);
            after.Add(Math.Max(0, Stopwatch.GetElapsedTime(answered, await shownThere).TotalMilliseconds));
        }
        var with = rabbit ? "with RabbitMQ" : "without RabbitMQ";
        output.WriteLine(
            $"{Samples} commits, {with}: answer of the commit → frame on another node {Say(after)}; request → frame "
            + $"on its own node {Say(own)}, on another {Say(other)}.");

        static async Task<long> ShownAsync(TestSocket socket, string title)
        {
            await socket.NextAsync("chat.updated", x => x.Data.GetProperty("title").GetString() == title);
            return Stopwatch.GetTimestamp();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task From_the_first_token_of_a_model_on_one_node_to_the_text_on_another(bool rabbit)
    {
        const int Together = 5; // one after the other it would take minutes where text comes by checkpoints
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 2, rabbit);
        var gates = new System.Collections.Concurrent.ConcurrentDictionary<string, Gate>();
        // It goes on to speak, as models do: a text that has ended comes with its end.
        model.Answer = request =>
            FakeReply.After(
            gates[request.Messages.EnumerateArray().Last().GetProperty("content").GetString()!.Split("\n\n")[^1]])
            .Then("First ").ThenStall();
        var (own, other) = (new List<double>(), new List<double>());
        await Task.WhenAll(Enumerable.Range(0, Together).Select(_ => AskAsync()));
        output.WriteLine(
            $"{own.Count} replies, {(rabbit ? "with RabbitMQ" : "without RabbitMQ")}: first token → text on its own "
                + $"node {Say(own)}, on another node {Say(other)}.");

        async Task AskAsync()
        {
            using var ada = await CoteClient.RegisterAsync(fleet.Nodes[0].Url);
            using var elsewhere = await ada.OtherDeviceAsync(fleet.Nodes[1].Url);
            await using var here = await ada.ConnectAsync();
            await using var there = await elsewhere.ConnectAsync();
            for (var i = 0; i < Samples / Together; i++)
            {
                var (chat, question, gate) =
                    (await ada.CreateChatAsync(), Guid.CreateVersion7().ToString(), new Gate());
                gates[question] = gate;
                var reply = (await ada.AskAsync(chat, question)).GetProperty("reply_id").GetString()!;
                await gate.Reached;
                await there.NextAsync("message", x => x.Data.GetProperty("content").GetString() == question);
                // a model thinks for a moment, in which the other node learns where the reply is made
                await Task.Delay(150);
                var opened = Stopwatch.GetTimestamp();
                gate.Open();
                var (shownHere, shownThere) = (ShownAsync(here, reply), ShownAsync(there, reply));
                var shown = await Task.WhenAll(shownHere, shownThere);
                lock (own)
                {
                    own.Add(Stopwatch.GetElapsedTime(opened, shown[0]).TotalMilliseconds);
                    other.Add(Stopwatch.GetElapsedTime(opened, shown[1]).TotalMilliseconds);
                }
                (await ada.DeleteAsync($"/chats/{chat}")).Ok();
            }
        }

        static async Task<long> ShownAsync(TestSocket socket, string reply)
        {
            while (true)
            {
                var frame = await socket.NextAsync();
                if (frame.MessageId == reply && frame.ToString().Contains("First", StringComparison.Ordinal))
                    return Stopwatch.GetTimestamp();
            }
        }
    }

    [Fact]
    public async Task Sends_persisted_by_two_nodes_against_one()
    {
        const int People = 32;
        var round = TimeSpan.FromSeconds(Math.Clamp(Samples / 40, 2, 8));
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(
            program, model, nodes: 2, settings: "Assistants:Default=demo/instant");
        var people = new List<(CoteClient At, CoteClient OrAt, string Chat)>();
        for (var i = 0; i < People; i++)
        {
            var one = await CoteClient.RegisterAsync(fleet.Nodes[0].Url);
            people.Add((one, await one.OtherDeviceAsync(fleet.Nodes[i % 2].Url), await one.CreateChatAsync()));
        }
        await SendAsync(two: true);
        var (alone, together) = (new List<double>(), new List<double>());
        for (var i = 0; i < 4; i++)
        {
            // Alternating, and not always the same first: what else the machine does hits both.
            foreach (var two in i % 2 == 0 ? new[] { false, true } : [true, false])
                (two ? together : alone).Add(await SendAsync(two));
        }
        output.WriteLine(
            $"Sends persisted a second, each with a reply by demo/instant, {People} clients: one node "
                + $"{alone.Average():0} ({Each(alone)}), "
            + $"two nodes {together.Average():0} ({Each(together)}), ratio "
                + $"{together.Average() / alone.Average():0.00}.");
        foreach (var (at, orAt, _) in people)
        {
            at.Dispose();
            orAt.Dispose();
        }

        async Task<double> SendAsync(bool two)
        {
            var began = Stopwatch.GetTimestamp();
            var counts = await Task.WhenAll(people.Select(x => Task.Run(async () =>
            {
                var count = 0;
                for (; Stopwatch.GetElapsedTime(began) < round; count++)
                    await (two ? x.OrAt : x.At).AskAsync(x.Chat, "Coo?");
                return count;
            })));
            return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        static string Each(List<double> rates) => string.Join(", ", rates.Select(x => $"{x:0}"));
    }

    [Fact]
    public async Task What_an_idle_node_and_an_idle_socket_cost()
    {
        const int SocketsEach = 20;
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 1, rabbit: true);
        var node = fleet.Nodes[0];
        await Task.Delay(TimeSpan.FromSeconds(5)); // what a start needs is over
        var (began, before) = (Stopwatch.GetTimestamp(), Processor());
        await Task.Delay(TimeSpan.FromSeconds(10));
        var share = (Processor() - before).TotalSeconds / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (idle, backends) =
            (node.Resident,
            (await fleet.Postgres.QueryAsync(
            "select count(*) from pg_stat_activity where application_name like 'cote%'"))[0][0]);
        var people = new List<CoteClient>();
        var sockets = new List<TestSocket>();
        while (people.Count < Math.Max(10, Samples / 6))
            people.Add(await CoteClient.RegisterAsync(node.Url));
        var without = node.Resident;
        foreach (var person in people)
            for (var i = 0; i < SocketsEach; i++)
                sockets.Add(await person.ConnectAsync());
        await Task.Delay(TimeSpan.FromSeconds(3)); // buffers of the connecting are given back
        output.WriteLine(
            $"Idle: {idle / 1_048_576.0:0} MB resident, {share:0.0%} of a core, {backends} connections to PostgreSQL. "
            + $"{sockets.Count} idle sockets of {people.Count} people: "
                + $"{(node.Resident - without) / 1024.0 / sockets.Count:0.0} KB each.");
        foreach (var socket in sockets)
            await socket.DisposeAsync();
        people.ForEach(x => x.Dispose());

        TimeSpan Processor()
        {
            using var process = Process.GetProcessById(node.Pid);
            return process.TotalProcessorTime;
        }
    }

    static string Say(List<double> milliseconds)
    {
        milliseconds.Sort();
        return $"p50 {milliseconds[milliseconds.Count / 2]:0.0} ms, p99 "
            + $"{milliseconds[(int)(milliseconds.Count * 0.99)]:0.0} ms";
    }
}
