using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>Coming back to where one was: over sockets, streams and polls.</summary>
public sealed class ResumeTests(LiveApp live) : IClassFixture<LiveApp>
{
    // Of a poll that may wait for 60 seconds: what comes before this did not come because the time was over.
    static readonly TimeSpan WellBefore = TimeSpan.FromSeconds(30);

    readonly CoteApp _app = live.App;

    [Fact]
    public async Task A_socket_that_resumes_gets_what_it_missed_in_order_and_nothing_twice()
    {
        using var ada = await _app.RegisterAsync();
        await using var whole = await ada.ConnectAsync();
        var first = await ada.ConnectAsync();
        var chat = await ada.CreateChatAsync();
        var seen = (await first.NextAsync("chat.created")).Cursor!;
        first.Cut();
        await first.DisposeAsync();
        foreach (var text in new[] { "one", "two", "three" })
            await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, live.Play(FakeReply.Text(text)))).Reply);
        (await ada.PatchAsync($"/chats/{chat}", new { is_pinned = true })).Ok();
        var last = await whole.NextAsync("chat.updated");

        await using var resumed = await ada.ConnectAsync(seen);
        await resumed.NextAsync("chat.updated");
        await using var head = await ada.ConnectAsync();
        await head.SendAsync(new { type = "ping" });

        resumed.Ready.Data.Text("cursor").ShouldBe(seen, "the client's own");
        var missed = whole.All.Durable().Skip(1).Where(x => x.Seq <= last.Seq)
            .Select(x => (x.Cursor, x.Type, x.MessageId)).ToList();
        missed.Count.ShouldBeGreaterThanOrEqualTo(7);
        resumed.All.Durable().Take(missed.Count).Select(x => (x.Cursor, x.Type, x.MessageId)).ShouldBe(missed);
        resumed.All[0].Type.ShouldBe("ready");
        resumed.All.ShouldAllBe(x => x.Type != "reset");
        await head.NextAsync("pong"); // a status may be recorded before it
        var start = long.Parse(head.Ready.Data.Text("cursor").Split('-')[1]);
        head.All.Durable().ShouldAllBe(x => x.Seq > start, "without a cursor nothing is replayed");
        await using var beginning = await ada.ConnectAsync(seen.Split('-')[0] + "-0");
        (await beginning.NextAsync()).Seq.ShouldBe(1);
    }

    [Fact]
    public async Task Whoever_attaches_in_the_middle_of_a_reply_gets_a_snapshot_and_then_deltas()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        Gate[] gates = [new(), new(), new()];
        await using var early = await ada.ConnectAsync();
        var (_, reply) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text("鸽子 ").ThenWaitFor(gates[0]).Then("🕊️ ").ThenWaitFor(gates[1]).Then("end")));
        var (_, queued) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("later").ThenWaitFor(gates[2])));
        await early.ShowsAsync(reply, "鸽子 ");

        await using var socket = await ada.ConnectAsync();
        await using var stream = await ada.StreamAsync(HttpMethod.Get, "/events");
        // Both are told how far it is before it goes on: one that comes to it only at its end is shown the end alone.
        var overSse = new List<TestFrame>();
        do
            overSse.Add((await stream.NextAsync())!);
        while (overSse[^1].Type != "message.snapshot" || overSse[^1].MessageId != reply);
        var snapshot = await socket.NextAsync("message.snapshot", x => x.MessageId == reply);
        snapshot.Data.Text("content").ShouldBe("鸽子 ");
        snapshot.Data.Names().ShouldBe("attempt chat_id content message_id model parent_id reply_to_id seq");
        socket.All.Any(x => x.Type == "message.snapshot" && x.MessageId == queued)
            .ShouldBeTrue("queued ones too: for each open reply");
        gates[0].Open();
        var delta = await socket.NextAsync("message.delta");
        delta.Data.Text("text").ShouldBe("🕊️ ");
        delta.Data.Number("offset").ShouldBe(3, "UTF-16 units");
        gates[1].Open();
        await socket.UntilAsync(x => x.MessageId == queued && x.Type is "message.delta" or "message.snapshot");
        var shown = new ReplyTexts();
        foreach (var frame in overSse)
            shown.Apply(frame);
        while (shown[queued] != "later")
        {
            overSse.Add((await stream.NextAsync())!);
            shown.Apply(overSse[^1]);
        }
        gates[2].Open(); // both have seen its text
        await socket.EndOfAsync(queued);
        do
            overSse.Add((await stream.NextAsync())!);
        while (overSse[^1].Type != "message" || overSse[^1].MessageId != queued);
        foreach (var frames in new[] { socket.All, overSse })
        {
            var texts = new ReplyTexts();
            foreach (var frame in frames.Where(x => x.Type is "message.snapshot" or "message.delta"))
                texts.Apply(frame);
            texts.Faults.ShouldBeEmpty();
            texts[reply].ShouldBe("鸽子 🕊️ end");
            texts[queued].ShouldBe("later");
        }
    }

    [Fact]
    public async Task What_cannot_be_replayed_is_said_with_its_reason_and_the_connection_goes_on_from_the_head()
    {
        await using var own = await LiveApp.StartAsync("Events:ReplayMaxEvents=3");
        using var ada = await own.RegisterAsync();
        for (var i = 0; i < 5; i++)
            await ada.CreateChatAsync();
        var head = (await ada.GetAsync("/events")).Ok()["cursor"];
        var epoch = head.Split('-')[0];
        head.ShouldBe(epoch + "-5");

        foreach (var (cursor, reason) in new[] { ("elsewhere-1", "epoch"), (epoch + "-6", "ahead"),
            (epoch + "-1", "too_far"), (epoch + "-0", "too_far") })
        {
            await using var socket = await ada.ConnectAsync(cursor);
            await using var stream = await ada.StreamAsync(HttpMethod.Get, $"/events?cursor={cursor}");
            var ready = (await stream.NextAsync())!;
            foreach (var (start, reset) in new[] { (socket.Ready, await socket.NextAsync()),
                (ready, (await stream.NextAsync())!) })
            {
                start.Data.Text("cursor").ShouldBe(cursor);
                reset.Type.ShouldBe("reset");
                reset.Cursor.ShouldBeNull();
                reset.Data.Names().ShouldBe("cursor reason");
                reset.Data.Text("reason").ShouldBe(reason);
                reset.Data.Text("cursor").ShouldBe(head);
            }
            var poll = (await ada.GetAsync($"/events?cursor={cursor}&wait=0")).Ok().Json;
            if (reason == "too_far")
                poll.GetProperty("events").GetArrayLength()
                    .ShouldBe(5 - (int)long.Parse(cursor.Split('-')[1]), "a long-poll is never too far");
            else
                poll.GetProperty("events").EnumerateArray().Single().Text("data", "reason").ShouldBe(reason);
            poll.Text("cursor").ShouldBe(head);
        }
        await using (var fits = await ada.ConnectAsync(epoch + "-2"))
            (await fits.NextAsync()).Seq.ShouldBe(3);
        await using var after = await ada.ConnectAsync("elsewhere-1");
        await after.NextAsync("reset");
        await ada.CreateChatAsync();
        (await after.NextAsync()).Cursor.ShouldBe(epoch + "-6");
    }

    [Fact]
    public async Task A_cursor_before_what_is_kept_is_trimmed()
    {
        await using var own = await LiveApp.StartAsync("Events:RetentionDays=0", "Events:RetentionEvents=2");
        using var ada = await own.RegisterAsync();
        for (var i = 0; i < 5; i++)
            await ada.CreateChatAsync();
        var epoch = (await ada.GetAsync("/events")).Ok()["cursor"].Split('-')[0];
        // Trimming begins a second after a start; where this took longer, some events are gone already.
        await own.App.RestartAsync();
        using var again = new CoteClient(own.App.Url) { Token = ada.Token };

        string type;
        do
            type = (await again.GetAsync($"/events?cursor={epoch}-2&wait=0"))
                .Ok().Json.GetProperty("events")[0].Text("type");
        while (type != "reset");

        (await again.GetAsync($"/events?cursor={epoch}-0&wait=0"))
            .Ok().Json.GetProperty("events")[0].Text("type").ShouldBe("reset");
        await using var socket = await again.ConnectAsync(epoch + "-2");
        (await socket.NextAsync()).Data.Text("reason").ShouldBe("trimmed");
        await using var kept = await again.ConnectAsync(epoch + "-3");
        (await kept.NextAsync()).Seq.ShouldBe(4);
        (await kept.NextAsync()).Seq.ShouldBe(5);
    }

    [Fact]
    public async Task Last_event_id_wins_over_the_cursor_and_a_stream_begins_with_an_id_to_resume_from()
    {
        using var ada = await _app.RegisterAsync();
        for (var i = 0; i < 3; i++)
            await ada.CreateChatAsync();
        var epoch = (await ada.GetAsync("/events")).Ok()["cursor"].Split('-')[0];

        await using var stream = await ada.StreamAsync(
            HttpMethod.Get, $"/events?cursor={epoch}-0", change: x => x.Headers.Add("Last-Event-ID", epoch + "-2"));
        var ready = (await stream.NextAsync())!;
        ready.Data.Text("cursor").ShouldBe(epoch + "-2");
        ready.Cursor.ShouldBeNull();
        stream.LastId.ShouldBe(epoch + "-2", "a stream that is cut before its first durable event resumes here");
        (await stream.NextAsync())!.Seq.ShouldBe(3);
        stream.LastId.ShouldBe(epoch + "-3");
        stream.Comments.ShouldBe(1, "the first byte comes at once");

        (await ada.SendAsync(HttpMethod.Get, "/events", change: x =>
        {
            x.Headers.Accept.ParseAdd("text/event-stream");
            x.Headers.Add("Last-Event-ID", "nonsense");
        })).Status.ShouldBe(422);
    }

    [Fact]
    public async Task A_poll_answers_at_once_where_there_is_something_and_else_waits_for_it()
    {
        using var ada = await _app.RegisterAsync();
        var empty = (await ada.GetAsync("/events?wait=60")).Ok().Json;
        empty.Names().ShouldBe("cursor events");
        empty.GetProperty("events").GetArrayLength().ShouldBe(0, "without a cursor it answers at once with the head");
        var cursor = empty.Text("cursor");
        (await ada.GetAsync($"/events?cursor={cursor}&wait=0"))
            .Ok().Json.GetProperty("events").GetArrayLength().ShouldBe(0);

        var waiting = ada.GetAsync($"/events?cursor={cursor}&wait=60");
        await ada.CreateChatAsync();
        var answer = (await waiting.WaitAsync(WellBefore)).Ok().Json;

        var only = answer.GetProperty("events").EnumerateArray().ShouldHaveSingleItem();
        only.Names().ShouldBe("cursor data type");
        only.Text("type").ShouldBe("chat.created");
        answer.Text("cursor").ShouldBe(only.Text("cursor"));
        (await ada.GetAsync($"/events?cursor={cursor}&wait=60")).Ok().Text.ShouldBe(answer.GetRawText());
    }

    [Theory]
    [InlineData("cursor=nonsense")]
    [InlineData("cursor=a-")]
    [InlineData("cursor=a-9223372036854775808")]
    [InlineData("wait=61")]
    [InlineData("wait=-1")]
    [InlineData("wait=x")]
    [Trait("Rows", "none")]
    public async Task A_malformed_poll_is_a_422(string query)
    {
        using var ada = await _app.RegisterAsync();

        var answer = await ada.GetAsync("/events?" + query);

        answer.Status.ShouldBe(422);
        answer.Json.GetProperty("detail")[0]
            .GetProperty("loc").ToString().ShouldBe($"[\"query\",\"{query.Split('=')[0]}\"]");
    }

    [Fact]
    public async Task While_a_reply_runs_a_poll_answers_within_a_second_with_the_text_that_grew()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        Gate[] gates = [new(), new()];
        var (_, reply) = await ada.AskForAsync(
            chat, live.Play(FakeReply.After(gates[0]).Then("so far").ThenWaitFor(gates[1]).Then(", done")));
        await gates[0].Reached;
        var cursor = (await ada.GetAsync("/events")).Ok()["cursor"];
        var nothing = (await ada.GetAsync($"/events?cursor={cursor}&wait=60").WaitAsync(WellBefore)).Ok().Json;
        nothing.GetProperty("events").GetArrayLength().ShouldBe(0, "no text has grown");

        var poll = ada.GetAsync($"/events?cursor={cursor}&wait=60");
        gates[0].Open();
        await gates[1].Reached;
        var frames = new List<JsonElement>();
        while (!frames.Any(x => x.Text("type") == "message.snapshot"))
        {
            var answer = (await poll.WaitAsync(WellBefore)).Ok().Json;
            frames.AddRange(answer.GetProperty("events").EnumerateArray());
            cursor = answer.Text("cursor");
            if (frames.Any(x => x.Text("type") == "message.status"))
                break; // the checkpoint was first: its event is the answer
            poll = ada.GetAsync($"/events?cursor={cursor}&wait=60");
        }
        foreach (var snapshot in frames.Where(x => x.Text("type") == "message.snapshot"))
        {
            snapshot.TryGetProperty("cursor", out _).ShouldBeFalse();
            snapshot.Text("data", "message_id").ShouldBe(reply);
            snapshot.Text("data", "content").ShouldBe("so far");
        }
        gates[1].Open();

        var types = new List<string>();
        while (!types.Contains("message"))
        {
            var answer = (await ada.GetAsync($"/events?cursor={cursor}&wait=60")).Ok().Json;
            cursor = answer.Text("cursor");
            types.AddRange(answer.GetProperty("events").EnumerateArray().Select(x => x.Text("type")));
        }
        types.ShouldAllBe(x => x == "message" || x == "message.status" || x == "message.snapshot",
            "no deltas, typing or ping");
    }

    [Fact]
    public async Task A_poll_gives_up_to_500_events_and_the_next_one_the_rest()
    {
        using var ada = await _app.RegisterAsync();
        var epoch = (await ada.GetAsync("/events")).Ok()["cursor"].Split('-')[0];
        for (var i = 0; i < 51; i++)
            await Task.WhenAll(Enumerable.Range(0, 10).Select(x => ada.CreateChatAsync()));

        var first = (await ada.GetAsync($"/events?cursor={epoch}-0")).Ok().Json;
        var second = (await ada.GetAsync($"/events?cursor={first.Text("cursor")}")).Ok().Json;

        first.GetProperty("events").GetArrayLength().ShouldBe(500);
        first.Text("cursor").ShouldBe(epoch + "-500");
        second.GetProperty("events").GetArrayLength().ShouldBe(10);
        first.GetProperty("events").EnumerateArray().Concat(second.GetProperty("events").EnumerateArray())
            .Select(x => x.Text("cursor")).ShouldBe(Enumerable.Range(1, 510).Select(x => $"{epoch}-{x}"));
    }
}
