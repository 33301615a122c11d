using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>Which replies run when.</summary>
public sealed class QueueTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task One_reply_at_a_time_in_a_chat_in_the_order_of_the_questions()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        Gate[] gates = [new(), new(), new()];
        var plays = gates.Select((x, i) => live.Play(FakeReply.After(x).Then($"answer {i}"))).ToArray();
        var replies = new List<string>();
        foreach (var play in plays)
            replies.Add((await ada.AskForAsync(chat, play)).Reply);

        for (var i = 0; i < 3; i++)
        {
            await gates[i].Reached.InTimeAsync();
            plays.Select(x => x.Calls).ShouldBe([1, i > 0 ? 1 : 0, i > 1 ? 1 : 0]);
            (await ada.MessageAsync(chat, replies[i])).Text("generation", "state").ShouldBe("running");
            foreach (var later in replies[(i + 1)..])
                (await ada.MessageAsync(chat, later)).Text("generation", "state").ShouldBe("queued");
            gates[i].Open();
            (await ada.EndOfAsync(chat, replies[i])).Text("content").ShouldBe($"answer {i}");
        }
        var list = await ada.MessagesAsync(chat);
        list.Select(x => x.Number("seq")).ShouldBe([1, 2, 3, 4, 5, 6]);
        list.Select(x => x.Text("content")).Where(x => x.StartsWith("answer", StringComparison.Ordinal))
            .ShouldBe(["answer 0", "answer 1", "answer 2"]);
        list.Select(x => x.Text("sender"))
            .ShouldBe(["user", "ai", "user", "ai", "user", "ai"],
            "a reply stands after its question however late it comes");
    }

    [Fact]
    public async Task An_open_reply_is_no_part_of_the_list_until_it_has_text()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var later = new Gate();
        var (_, reply) = await ada.AskForAsync(
            chat, live.Play(FakeReply.After(gate).Then("so far").ThenWaitFor(later).Then(", done")));
        await gate.Reached;
        (await ada.MessagesAsync(chat)).Select(x => x.Text("sender")).ShouldBe(["user"]);
        (await ada.MessageAsync(chat, reply)).Text("content").ShouldBe("");
        gate.Open();
        await later.Reached;

        // The checkpoint is at most a second away; a client that only polls sees the text so far.
        var list = await ada.MessagesAsync(chat);
        for (var cursor = (await ada.GetAsync("/events"))
            .Ok()["cursor"]; list.Count < 2; list = await ada.MessagesAsync(chat))
            (await ada.GetAsync($"/events?cursor={cursor}&wait=1")).Ok();
        list[1].Text("content").ShouldBe("so far");
        list[1].Text("generation", "state").ShouldBe("running");
        later.Open();

        var end = await ada.EndOfAsync(chat, reply);
        end.Text("timestamp").ShouldBe(list[1].Text("timestamp"), "when it was first listed");
        var shown = (await ada.GetAsync($"/chats/{chat}")).Ok();
        shown["last_message_content"].ShouldBe("so far, done");
        shown["last_message_time"].ShouldBe(end.Text("timestamp"));
    }

    [Fact]
    public async Task Replies_of_different_chats_run_beside_each_other()
    {
        using var ada = await live.RegisterAsync();
        var gates = Enumerable.Range(0, 5).Select(x => new Gate()).ToArray();
        var replies = new List<(string Chat, string Reply)>();
        foreach (var gate in gates)
        {
            var chat = await ada.CreateChatAsync();
            replies.Add((chat, (await ada.AskForAsync(chat, live.Play(FakeReply.After(gate).Then("x")))).Reply));
        }

        await Task.WhenAll(gates.Select(x => x.Reached)).InTimeAsync();

        foreach (var gate in gates.Reverse())
            gate.Open();
        foreach (var (chat, reply) in replies)
            (await ada.EndOfAsync(chat, reply)).Text("generation", "state").ShouldBe("completed");
    }

    [Fact]
    public async Task Beyond_the_limit_of_this_node_a_reply_waits_until_another_ends()
    {
        await using var own = await LiveApp.StartAsync("Assistants:MaxParallelReplies=1");
        using var ada = await own.RegisterAsync();
        var (one, two) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var gate = new Gate();
        var (_, first) = await ada.AskForAsync(one, own.Play(FakeReply.After(gate).Then("one")));
        await gate.Reached;
        var waits = own.Play(FakeReply.Text("two"));
        var (_, second) = await ada.AskForAsync(two, waits);
        (await ada.MessageAsync(two, second)).Text("generation", "state").ShouldBe("queued");
        waits.Calls.ShouldBe(0);

        gate.Open();

        (await ada.EndOfAsync(one, first)).Text("content").ShouldBe("one");
        (await ada.EndOfAsync(two, second)).Text("content").ShouldBe("two");
        for (var i = 0; i < 5; i++)
        {
            var (_, again) = await ada.AskForAsync(one, own.Play(FakeReply.Text("no place was lost")));
            (await ada.EndOfAsync(one, again)).Text("generation", "state").ShouldBe("completed");
        }
    }
}
