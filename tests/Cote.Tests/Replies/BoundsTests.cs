using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>What one reply, one chat and one user may take of a server.</summary>
public sealed partial class BoundsTests
{
    [Fact]
    public async Task A_chat_takes_so_many_open_replies_and_then_stores_nothing()
    {
        await using var app = await CoteApp.StartAsync("Messages:MaxOpenReplies=3");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        app.Model.Script = FakeReply.After(gate).Then("done");
        var questions = new List<JsonElement>();
        for (var i = 0; i < 3; i++)
            questions.Add(await ada.AskAsync(chat, $"question {i}"));

        var refused = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "one too many" });
        refused.ShouldBeProblem(429, "too_many_open",
            "Too many replies of this chat are waiting; wait until some have ended");
        refused.Header("Retry-After").ShouldNotBeNull();
        (await ada.MessagesAsync(chat)).Count(x => x.Text("sender") == "user").ShouldBe(3, "nothing was stored");
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "question 1", id = questions[1].Text("id") }))
            .Ok().Json.Text("reply_id")
                .ShouldBe(questions[1].Text("reply_id"), "a repeated send is answered from the store");
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "another", id = questions[1].Text("id") }))
            .Status.ShouldBe(409, "a used id is told apart from a full chat");
        await ada.AskAsync(await ada.CreateChatAsync(), "another chat has room");
        (await ada.GetAsync("/limits")).Json.Number("max_open_replies").ShouldBe(3);

        // One in the middle goes: places of the chat are counted, and not what their numbers span.
        (await ada.DeleteAsync($"/chats/{chat}/messages/{questions[1].Text("id")}")).Ok();
        var fourth = await ada.AskAsync(chat, "now there is room");
        gate.Open();
        (await ada.EndOfAsync(chat, fourth.Text("reply_id"))).Text("generation", "state").ShouldBe("completed");
        await ada.AskAsync(chat, "and again");
    }

    [Fact]
    public async Task A_stop_ends_everything_that_waits_at_once_each_with_its_event()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        app.Model.Script = FakeReply.Text("so far").ThenWaitFor(gate);
        await using var socket = await ada.ConnectAsync();
        var replies = new List<string>();
        for (var i = 0; i < 40; i++)
            replies.Add((await ada.AskAsync(chat, $"question {i}")).Text("reply_id"));
        await gate.Reached.InTimeAsync();

        (await ada.PostAsync($"/chats/{chat}/stop", new { })).Ok().Json.Number("stopped").ShouldBe(40);

        (await ada.PostAsync($"/chats/{chat}/stop", new { }))
            .Ok().Json.Number("stopped").ShouldBe(0, "the second time there is nothing to stop");
        var left = replies.ToHashSet();
        var (seqs, last) = (new List<long>(), "");
        while (left.Count > 0)
            if (await socket.NextAsync() is { Type: "message" } frame && left.Remove(frame.Data.Text("id")))
            {
                frame.Data.Text("generation", "state").ShouldBe("stopped");
                seqs.Add(frame.Seq);
                last = frame.Data.Text("timestamp");
            }
        seqs.Count.ShouldBe(40, "each end is an event of its own");
        seqs.SequenceEqual(seqs.Order().Distinct()).ShouldBeTrue("the events come in their order");
        var list = await ada.MessagesAsync(chat);
        list.Count.ShouldBe(80);
        list.Where(x => x.Text("sender") == "ai").Select(x => x.Text("generation", "state")).Distinct()
            .ShouldHaveSingleItem().ShouldBe("stopped");
        var summary = (await ada.GetAsync($"/chats/{chat}")).Json;
        summary.Text("last_message_content").ShouldBe("so far", "the replies without text leave the preview");
        summary.Text("last_message_time").ShouldBe(last, "it is the time of the message that ended last");
        app.Model.Calls.ShouldBe(1);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_reply_that_is_too_long_ends_with_its_text_and_the_model_is_left(string wire)
    {
        await using var app = await CoteApp.StartAsync("Assistants:MaxReplyLength=10");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        app.Model.Script = FakeReply.Text("12345", "6789\U0001F54A", "more").ThenStall();

        var end = await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Go on for ever")).Text("reply_id"));

        end.Text("generation", "state").ShouldBe("failed");
        end.Text("generation", "error", "code").ShouldBe("too_long");
        end.Text("content").ShouldBe("123456789", "a pair of surrogates is not cut in two");
        await app.Model.Closed.InTimeAsync();
        app.Model.Calls.ShouldBe(1, "it is not asked again");
        app.Model.Script = FakeReply.Text("short");
        (await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "And now?")).Text("reply_id")))
            .Text("content").ShouldBe("short");
    }

    [Fact]
    public async Task A_reply_that_takes_too_long_ends_with_its_text()
    {
        // The text comes before, on a slow machine too.
        await using var app = await CoteApp.StartAsync("Assistants:MaxReplySeconds=8");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        app.Model.Script = FakeReply.Text("so far").ThenStall();

        var end = await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Hi")).Text("reply_id"));

        end.Text("generation", "error", "code").ShouldBe("too_long");
        end.Text("content").ShouldBe("so far");
        await app.Model.Closed.InTimeAsync();
    }

    [Theory]
    [InlineData("openai", 1_000_000, 100)]
    [InlineData("anthropic", 1_000_000, 100)]
    [InlineData("openai", 50, 50)]
    public async Task A_user_asks_for_no_more_tokens_than_the_owner_allows(string wire, int wanted, int sent)
    {
        await using var app = await CoteApp.StartAsync("Assistants:MaxTokens=100");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: wire);
        (await ada.PatchAsync($"/chats/{chat}", new { max_tokens = wanted })).Ok();

        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Hi")).Text("reply_id"));

        (await app.Model.NextRequest()).Body.Number("max_tokens").ShouldBe(sent);
    }

    [Fact]
    public async Task One_user_does_not_take_all_places()
    {
        await using var app = await CoteApp.StartAsync(
            "Assistants:MaxParallelReplies=3", "Assistants:MaxParallelRepliesPerUser=2");
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        var gate = new Gate();
        app.Model.Answer = x => x.Messages.ToString().Contains("eve", StringComparison.Ordinal)
            ? FakeReply.Text("for eve") : FakeReply.After(gate).Then("for ada");
        var asked = new List<(string Chat, string Reply)>();
        for (var i = 0; i < 5; i++)
        {
            var chat = await ada.CreateChatAsync();
            asked.Add((chat, (await ada.AskAsync(chat, "ada asks")).Text("reply_id")));
        }
        await Patience.UntilAsync(() => Task.FromResult(app.Model.Calls == 2), "two of ada's run");

        var other = await eve.CreateChatAsync();
        (await eve.EndOfAsync(other, (await eve.AskAsync(other, "eve asks")).Text("reply_id")))
            .Text("content").ShouldBe("for eve");

        app.Model.Calls.ShouldBe(3, "two of ada's, and eve's");
        gate.Open();
        foreach (var (chat, reply) in asked)
            (await ada.EndOfAsync(chat, reply))
                .Text("content").ShouldBe("for ada", "those that waited take the places that come free");
    }

    [Fact]
    public async Task Beyond_so_many_polls_and_streams_the_oldest_ends()
    {
        await using var app = await CoteApp.StartAsync("Realtime:StreamsPerUser=2");
        using var ada = await app.RegisterAsync();
        var cursor = (await ada.GetAsync("/events")).Ok()["cursor"];
        await using var socket = await ada.ConnectAsync();
        var first = ada.GetAsync($"/events?cursor={cursor}&wait=60");
        var polls = new List<Task<Reply>> { first };

        // Polls come in any order: they are added until the first one that waits is ended.
        while (!first.IsCompleted)
        {
            polls.Add(ada.GetAsync($"/events?cursor={cursor}&wait=60"));
            await Task.WhenAny(first, Task.Delay(100)); // It ends by the others; a poll takes a moment to join.
            polls.Count.ShouldBeLessThan(100);
        }

        (await first).Ok().Json.GetProperty("events").GetArrayLength().ShouldBe(0);
        await ada.CreateChatAsync();
        (await socket.NextAsync())!.Type.ShouldBe("chat.created", "sockets are counted apart");
        await Task.WhenAll(polls).InTimeAsync();
    }

    [Theory]
    [InlineData("stop", "Hello", "completed", null)]
    [InlineData("length", "Hello", "completed", null)]
    [InlineData("eos_of_its_own", "Hello", "completed", null)]
    [InlineData("content_filter", "Hello", "failed", "filtered")]
    [InlineData("stop", "", "failed", "empty")]
    [InlineData("length", "", "failed", "empty")]
    [InlineData("stop", "\n\n", "failed", "empty")]
    public async Task The_end_says_how_the_model_ended(string reason, string text, string state, string? code)
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        app.Model.Script = FakeReply.Text(text) with { FinishReason = reason };

        var end = await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "Hi")).Text("reply_id"));

        end.Text("generation", "state").ShouldBe(state);
        end.Text("generation", "finish_reason").ShouldBe(reason);
        end.Text("content").ShouldBe(text);
        (end.GetProperty("generation").TryGetProperty("error", out var error) ? error.Text("code") : null)
            .ShouldBe(code);
        app.Model.Calls.ShouldBe(1);
        (await ada.MessageAsync(chat, end.Text("id"))).GetProperty("generation").ToString()
            .ShouldBe(end.GetProperty("generation").ToString(), "it is stored");
    }

    [Fact]
    public async Task A_question_that_a_provider_refuses_is_marked_and_left_out_of_later_prompts()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        app.Model.Answer = x => x.Messages.ToString().Contains("unspeakable", StringComparison.Ordinal)
            ? FakeReply.Refuse(400, """{"error":{"code":"content_filter","message":"The response was filtered"}}""")
            : FakeReply.Text("fine");
        await using var socket = await ada.ConnectAsync();
        var question = await ada.AskAsync(chat, "something unspeakable");

        var end = await ada.EndOfAsync(chat, question.Text("reply_id"));

        end.Text("generation", "error", "code").ShouldBe("filtered");
        var marked = await ada.MessageAsync(chat, question.Text("id"));
        marked.Text("generation", "error", "code").ShouldBe("filtered");
        marked.GetProperty("generation").Names().ShouldBe("error", "a question has no state of its own");
        TestFrame frame;
        do
            frame = (await socket.NextAsync())!;
        while (frame.Type != "message" || !frame.Data.TryGetProperty("generation", out _));
        frame.Data.Text("id").ShouldBe(question.Text("id"), "the client is told of the question before the reply");
        (await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "something else")).Text("reply_id")))
            .Text("content").ShouldBe("fine");
        app.Model.Requests[^1].Messages.ToString().ShouldNotContain("unspeakable");
    }
}
