using System.Diagnostics;
using System.Net.Http.Headers;
using Cote.BlackBox.Crash;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Cluster;

/// <summary>One thing breaks, and this is all that comes of it.</summary>
[Trait("Stage", "slow")]
public sealed class FailoverTests(PublishedProgram program, ITestOutputHelper output)
{
    [Fact]
    public async Task A_killed_nodes_reply_is_taken_up_by_another_node_and_shown_there_to_its_end()
    {
        await using var model = await FakeModelServer.Start();
        model.Enqueue(FakeReply.Text("Half ").ThenStall());
        var gate = new Gate();
        model.Script = FakeReply.Text("All ").ThenWaitFor(gate).Then("of it");
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 2);
        var (first, second) = (fleet.Nodes[0], fleet.Nodes[1]);
        using var ada = await CoteClient.RegisterAsync(first.Url);
        using var elsewhere = await ada.OtherDeviceAsync(second.Url);
        var chat = await ada.CreateChatAsync();
        await using var socket = await elsewhere.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        while (!(await socket.NextAsync()).ToString().Contains("Half ", StringComparison.Ordinal))
        {
        }

        var killed = Stopwatch.GetTimestamp();
        await first.KillAsync();
        while ((await socket.NextAsync()) is not { Type: "message.snapshot" or "message.delta" } frame
            || frame.Data.GetProperty("attempt").GetInt64() < 2)
        {
        }
        gate.Open();
        var end = (await socket.NextAsync("message", x => x.MessageId == reply)).Data;

        output.WriteLine($"Ended {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after the kill.");
        end.GetProperty("content").GetString().ShouldBe("All of it");
        end.GetProperty("generation").GetProperty("state").GetString().ShouldBe("completed");
        end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(2);
        model.Calls.ShouldBe(2);
        var texts = new ReplyTexts();
        foreach (var frame in socket.All)
            texts.Apply(frame);
        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe("All of it");
    }

    [Fact]
    public async Task A_node_that_was_only_paused_finds_its_fence_broken_and_the_other_nodes_text_wins()
    {
        await using var model = await FakeModelServer.Start();
        var gate = new Gate();
        model.Enqueue(FakeReply.Text("The first ").ThenWaitFor(gate).Then("node's own text, which nobody may keep"));
        model.Script = FakeReply.Text("The other ", "node's text");
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 2);
        var (first, second) = (fleet.Nodes[0], fleet.Nodes[1]);
        using var ada = await CoteClient.RegisterAsync(first.Url);
        using var elsewhere = await ada.OtherDeviceAsync(second.Url);
        var chat = await ada.CreateChatAsync();
        await using var here = await ada.ConnectAsync();
        await using var there = await elsewhere.ConnectAsync();
        var reply = (await ada.AskAsync(chat, "Well?")).GetProperty("reply_id").GetString()!;
        await here.ShowsAsync(reply, "The first ");
        var call = await model.NextRequest();

        Signal.Stop.Send(first.Pid).ShouldBeTrue();
        await FallenAsleepAsync(first.Pid);
        try
        {
            gate.Open(); // what it says now lies in the paused node's hands when it wakes
            var end = (await there.NextAsync("message", x => x.MessageId == reply)).Data;
            end.GetProperty("content").GetString().ShouldBe("The other node's text");
            end.GetProperty("generation").GetProperty("attempt").GetInt64().ShouldBe(2);
        }
        finally
        {
            Signal.Cont.Send(first.Pid);
        }
        // A word after it, on both: all that the paused node had to say about the reply has been said by then.
        await here.EndOfAsync(reply);
        await call.Ended.InTimeAsync();
        var last = (await ada.AskAsync(chat, "Anything else?")).GetProperty("reply_id").GetString()!;
        foreach (var socket in new[] { here, there })
        {
            await socket.EndOfAsync(last);
            socket.All.Count(x => x.Type == "message" && x.MessageId == reply).ShouldBe(1);
            socket.All.Where(x => x.ToString().Contains("nobody may keep", StringComparison.Ordinal))
                .ShouldBeEmpty(first.Output);
            var texts = new ReplyTexts();
            foreach (var frame in socket.All)
                texts.Apply(frame);
            texts[reply].ShouldBe("The other node's text");
        }
        foreach (var client in new[] { ada, elsewhere })
            (await client.MessageAsync(chat, reply))
                .GetProperty("content").GetString().ShouldBe("The other node's text");
        fleet.Failures.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_goes_from_node_to_node_sees_no_hole_in_a_reply(bool rabbit)
    {
        await using var model = await FakeModelServer.Start();
        var story = new Story(model, words: 400, TimeSpan.FromMilliseconds(20));
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 2, rabbit);
        using var ada = await CoteClient.RegisterAsync(fleet.Nodes[0].Url);
        using var elsewhere = await ada.OtherDeviceAsync(fleet.Nodes[1].Url);
        var chat = await ada.CreateChatAsync();
        var cursor = (await ada.GetAsync("/sync")).Ok()["cursor"];
        var reply = (await ada.AskAsync(chat, "Where are you?")).GetProperty("reply_id").GetString()!;
        var texts = new ReplyTexts();
        for (var hop = 0; !texts.HasEnded(reply); hop++)
        {
            // The node that makes it is always ahead of the other one.
            await using var socket = await (hop % 2 == 0 ? ada : elsewhere).ConnectAsync(cursor);
            for (var frames = 0; frames < 12 && !texts.HasEnded(reply);)
            {
                var frame = await socket.NextAsync();
                texts.Apply(frame);
                cursor = frame.Cursor ?? cursor; // of what it has applied: more may have come
                frames += frame.Type is "message.delta" or "message.snapshot" ? 1 : 0;
            }
            hop.ShouldBeLessThan(200);
        }

        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe(story.To("Where are you?"));
    }

    [Fact]
    public async Task A_rolling_restart_behind_nginx_costs_a_retrying_client_nothing()
    {
        await using var model = await FakeModelServer.Start();
        var story = new Story(model, words: 60, TimeSpan.FromMilliseconds(40));
        await using var fleet = await Fleet.StartAsync(
            program, model, nodes: 3, proxy: true, settings: "Events:ReplayMaxEvents=100000");
        var people = await Task.WhenAll(
            Enumerable.Range(0, 6).Select(x => Person.MakeAsync(fleet.Proxy!.Url, story, new Random(x), pause: 200)));
        using var end = new CancellationTokenSource();
        var lives = people.Select(x => x.LiveAsync(end.Token)).ToList();
        var began = Stopwatch.GetTimestamp();
        foreach (var node in fleet.Nodes)
        {
            (await node.StopAsync()).ShouldBe(0, node.Output);
            await node.StartAsync();
        }
        var took = Stopwatch.GetElapsedTime(began);
        await end.CancelAsync();
        await Task.WhenAll(lives);
        foreach (var person in people)
            await person.CheckAsync(starts: 3);
        foreach (var person in people)
            await person.DisposeAsync();

        people.SelectMany(x => x.Faults).ShouldBeEmpty();
        fleet.Failures.ShouldBeEmpty();
        people.Sum(x => x.TakenUp).ShouldBeGreaterThan(0);
        output.WriteLine(
            $"Three restarts in {took.TotalSeconds:0.0} s, {people.Sum(x => x.Acknowledged)} messages "
                + "acknowledged meanwhile, "
            + $"{people.Sum(x => x.TakenUp)} replies handed over; longest silence "
                + $"{Longest(people.SelectMany(x => x.Devices).Select(x => x.Silence)):0.0} s "
            + $"for a client, {Longest(people.SelectMany(x => x.Devices).Select(x => x.TextSilence)):0.0} s for one "
                + $"reply, {Longest(people.Select(x => x.Silence)):0.0} s for a request.");

        static double Longest(IEnumerable<Silence> silences) =>
            silences.SelectMany(x => x.Times)
                .Select(x => Stopwatch.GetElapsedTime(x.From, x.To).TotalSeconds).DefaultIfEmpty().Max();
    }

    [Fact]
    public async Task Without_a_signing_key_it_says_in_one_sentence_that_postgres_needs_one()
    {
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 1, start: false);
        fleet.Nodes[0].Variables.Remove("Cote__Auth__SigningKey");

        (await fleet.Nodes[0].RunToEndAsync()).ShouldBe(1);
        fleet.Nodes[0].Output.Split('\n').Where(x => x.Length > 0 && !x.Contains("info:", StringComparison.Ordinal))
            .ShouldHaveSingleItem().ShouldContain("With PostgreSQL, Cote__Auth__SigningKey must be set");
    }

    [Fact]
    public async Task A_node_that_starts_before_its_database_waits_for_it()
    {
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 1, start: false, ownsServers: true);
        await fleet.Postgres.StopAsync();
        var starting = fleet.Nodes[0].StartAsync();
        await Patience.UntilAsync(
            () => Task.FromResult(fleet.Nodes[0].Output.Contains("Waiting for the database", StringComparison.Ordinal)),
            "the node says that it waits");
        starting.IsCompleted.ShouldBeFalse();

        await fleet.Postgres.StartAgainAsync();
        await starting;
        using var ada = await CoteClient.RegisterAsync(fleet.Nodes[0].Url);
        ada.Token.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_dump_that_was_put_back_with_a_new_epoch_has_everything_and_tells_every_client_to_begin_anew()
    {
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 1);
        var node = fleet.Nodes[0];
        var folders = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(x => x + "/bin") : [];
        var (dump, restore) = (Needs.Program("pg_dump", folders), Needs.Program("pg_restore", folders));
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await ada.CreateChatAsync();
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Before the dump")).GetProperty("reply_id").GetString()!);
        var kept = (await ada.MessagesAsync(chat)).Select(x => x.GetProperty("id").GetString()).ToList();
        var file = Path.Combine(node.WorkingDirectory, "cote.dump");
        await Shell.MustAsync(dump, "--format=custom", "--file=" + file, fleet.Database);
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "After it")).GetProperty("reply_id").GetString()!);
        var cursor = (await ada.GetAsync("/sync")).Ok()["cursor"];
        await node.StopAsync();

        var restored = await fleet.Postgres.CreateDatabaseAsync();
        await Shell.MustAsync(restore, "--no-owner", "--dbname=" + restored, file);
        node.Variables["DATABASE_URL"] = restored;
        await using (var command = new Node(program, node.WorkingDirectory) { SaysUrl = false })
        {
            command.Arguments.Add("new-epoch");
            foreach (var (name, value) in node.Variables)
                command.Variables[name] = value;
            (await command.RunToEndAsync()).ShouldBe(0, command.Output);
        }
        await node.StartAsync();

        (await ada.MessagesAsync(chat)).Select(x => x.GetProperty("id").GetString()).ShouldBe(kept);
        await using var socket = await ada.ConnectAsync(cursor);
        (await socket.NextAsync("reset")).Data.GetProperty("reason").GetString().ShouldBe("epoch");
    }

    [Fact]
    public async Task An_upload_larger_than_any_other_body_goes_through_nginx_as_it_ships()
    {
        await using var model = await FakeModelServer.Start();
        await using var fleet = await Fleet.StartAsync(program, model, nodes: 3, proxy: true);
        using var ada = await CoteClient.RegisterAsync(fleet.Proxy!.Url);
        var text = string.Concat(Enumerable.Repeat("coo ", 2 * 1_048_576)); // 8 MiB
        var answer = await ada.SendAsync(HttpMethod.Post, "/upload/", change: x =>
        {
            var part = new StringContent(text);
            part.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
            x.Content = new MultipartFormDataContent { { part, "file", "coo.txt" } };
        });

        answer.Status.ShouldBe(200, string.Join('\n', fleet.Failures));
        answer.Ok().Json.GetProperty("size").GetInt64().ShouldBe(text.Length);
        var (chat, tooLong) = (await ada.CreateChatAsync(), new string('x', 2_500_000));
        // Cote's word, not nginx's
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = tooLong })).ErrorCode.ShouldBe("too_large");
    }

    // Every thread of it stops in its own time.
    static Task FallenAsleepAsync(int pid) => Patience.UntilAsync(
        () => Task.FromResult(Directory.GetDirectories($"/proc/{pid}/task")
            .All(x => File.ReadAllText(x + "/stat").Split(')')[^1].StartsWith(" T", StringComparison.Ordinal))),
            "the node is asleep");

    [Fact]
    public void The_two_configurations_of_nginx_differ_in_nothing_but_the_upstream()
    {
        var (one, many) = (WithoutUpstream("nginx.conf"), WithoutUpstream("nginx.cluster.conf"));
        one.Count.ShouldBeGreaterThan(40);
        many.ShouldBe(one);

        static List<string> WithoutUpstream(string file)
        {
            var lines = File.ReadAllLines(Path.Combine(Repository.Root, "deploy", file))
                .SkipWhile(x => x.StartsWith('#')).ToList();
            var (from, to) = (lines.IndexOf("    upstream cote {"),
                lines.IndexOf("    }", lines.IndexOf("    upstream cote {")));
            from.ShouldBeGreaterThan(0);
            lines.RemoveRange(from, to - from + 1);
            return lines;
        }
    }
}
