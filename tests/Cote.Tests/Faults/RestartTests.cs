using Cote.Tests.Harness;

namespace Cote.Tests.Faults;

/// <summary>The server is told to go in the middle of its work, and comes back on the same data.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task A_reply_is_handed_over_and_its_text_stays_until_the_new_attempt_has_some()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        Gate[] gates = [new(), new()];
        var play = live.Play(
            FakeReply.Text("the old text").ThenWaitFor(gates[0]).Then("never"),
            FakeReply.After(gates[1]).Then("the ", "new one"));
        var socket = await ada.ConnectAsync();
        var (question, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "the old text");

        await live.App.RestartAsync();

        (await socket.Closed).ShouldBe(4001);
        await (await play.NextCallAsync()).Closed.InTimeAsync();
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await gates[1].Reached.InTimeAsync();
        var between = await again.MessageAsync(chat, reply);
        between.Text("content").ShouldBe("the old text");
        between.Text("generation", "state").ShouldBe("running");
        between.Number("generation", "attempt").ShouldBe(1, "the attempt that the text belongs to");
        await using var back = await again.ConnectAsync(socket.Cursor);
        var texts = new ReplyTexts();
        foreach (var frame in socket.All)
            texts.Apply(frame);
        texts.Apply(await back.NextAsync("message.snapshot", x => x.MessageId == reply));
        texts[reply].ShouldBe("the old text");
        gates[1].Open();
        foreach (var frame in await back.UntilAsync(x => x.Type == "message" && x.MessageId == reply))
            texts.Apply(frame);

        texts.Faults.ShouldBeEmpty();
        texts[reply].ShouldBe("the new one");
        var end = await again.MessageAsync(chat, reply);
        end.Text("content").ShouldBe("the new one");
        end.Text("generation", "state").ShouldBe("completed");
        end.Number("generation", "attempt").ShouldBe(2);
        (await again.MessageAsync(chat, question)).Text("status").ShouldBe("read");
        play.Calls.ShouldBe(2);
        back.All.Where(x => x.Cursor is not null)
            .First().Seq.ShouldBe(socket.All.Durable().Last().Seq + 1, "no hole and no repeat");
        await socket.DisposeAsync();
    }

    [Fact]
    public async Task Handing_over_is_no_crash_however_often_it_happens()
    {
        await using var live = await LiveApp.StartAsync("Assistants:MaxTakeovers=0");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(
            FakeReply.Text("one").ThenWaitFor(gate), FakeReply.Text("two").ThenWaitFor(gate), FakeReply.Text("three"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        for (var i = 0; i < 2; i++)
        {
            await play.NextCallAsync();
            await live.App.RestartAsync();
        }
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };

        var end = await again.EndOfAsync(chat, reply);

        end.Text("generation", "state").ShouldBe("completed");
        end.Text("content").ShouldBe("three");
        end.Number("generation", "attempt").ShouldBe(3);
    }

    [Fact]
    public async Task Queued_replies_survive_and_run_in_order()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chats = new[] { await ada.CreateChatAsync(), await ada.CreateChatAsync() };
        var gate = new Gate();
        var replies = new List<(string Chat, string Reply)>();
        foreach (var chat in chats)
            for (var i = 0; i < 3; i++)
                replies.Add(
                    (chat, (await ada.AskForAsync(chat, live.Play(FakeReply.After(gate).Then($"answer {i}")))).Reply));
        await gate.Reached;

        await live.App.RestartAsync();
        gate.Open();

        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        foreach (var (chat, reply) in replies)
            (await again.EndOfAsync(chat, reply)).Text("generation", "state").ShouldBe("completed");
        foreach (var chat in chats)
            (await again.MessagesAsync(chat)).Where(x => x.Text("sender") == "ai").Select(x => x.Text("content"))
                .ShouldBe(["answer 0", "answer 1", "answer 2"]);
    }

    [Fact]
    public async Task A_reply_that_fails_after_a_restart_keeps_the_text_that_was_shown_before_it()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("shown").ThenWaitFor(new Gate()), FakeReply.Refuse(401));
        await using var socket = await ada.ConnectAsync();
        var (_, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "shown");

        await live.App.RestartAsync();

        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        var end = await again.EndOfAsync(chat, reply);
        end.Text("content").ShouldBe("shown");
        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBe("unauthorized");
    }

    [Fact]
    public async Task A_repeated_send_after_a_restart_finds_what_was_sent_and_calls_no_model_again()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("once"));
        var id = Guid.CreateVersion7().ToString();
        var first = await ada.AskAsync(chat, play.Question, id);
        await ada.EndOfAsync(chat, first.Text("reply_id"));

        await live.App.RestartAsync();

        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        var second = await again.PostAsync($"/chats/{chat}/messages/", new { content = play.Question, id });
        second.Ok().Header("Idempotent-Replayed").ShouldBe("true");
        second["reply_id"].ShouldBe(first.Text("reply_id"));
        (await again.MessagesAsync(chat)).Count.ShouldBe(2);
        play.Calls.ShouldBe(1);
    }
}
