using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary><c>POST /chats/{chat_id}/messages/{message_id}/regenerate</c>.</summary>
public sealed class RegenerateTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reply_is_made_anew_of_itself_or_of_its_question(bool ofQuestion)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("first"), FakeReply.Text("second").ThenWaitFor(gate));
        var (q1, r1) = await ada.TurnAsync(chat, play.Question);
        var before = await ada.ChatAsync(chat);
        await using var socket = await ada.ConnectAsync();

        var reply = (await ada.RegenerateAsync(chat, ofQuestion ? q1 : r1)).Ok().Json;
        var id = reply.Text("id");
        await socket.ShowsAsync(id, "second");

        reply.Text("sender").ShouldBe("ai");
        reply.Text("generation", "state").ShouldBeOneOf("queued", "running");
        (reply.Text("reply_to_id"), reply.Text("parent_id"), reply.Number("seq")).ShouldBe((q1, q1, 3));
        (reply.Versions(), reply.Text("siblings", "previous")).ShouldBe(("2/2", r1));
        (await ada.ChatAsync(chat)).Text("leaf_id").ShouldBe(id, "an open reply counts");
        (await ada.MessageAsync(chat, r1)).IsOnPath().ShouldBeFalse();
        (await ada.GetAsync($"/chats/{chat}/messages/{r1}/siblings")).Ok().Json.EnumerateArray()
            .Select(x => x.Text("id")).ShouldBe([r1, id], "open ones included");
        gate.Open();
        await socket.EndOfAsync(id);
        (await ada.PathAsync(chat)).ShouldBe([q1, id]);
        (await ada.MessageAsync(chat, q1)).Text("reply_id").ShouldBe(r1, "it stays that of the first");
        var path = socket.All.Single(x => x.Type == "chat.path");
        (path.Data.Number("after_seq"), path.Data.Text("leaf_id")).ShouldBe((1, id));
        var shown = socket.All.First(x => x.MessageId == id);
        shown.Type.ShouldBe("message.snapshot");
        socket.All.TakeWhile(x => x.MessageId != id).ShouldContain(path, "nothing of a reply comes before its event");
        shown.Data.Versions().ShouldBe("2/2");
        var after = await ada.ChatAsync(chat);
        after.Text("last_message_content").ShouldBe("second");
        after.Text("created_at").ShouldBe(before.Text("created_at"));
    }

    [Fact]
    public async Task At_its_beginning_the_excerpt_is_what_the_path_has_and_the_place_stays()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("first"), FakeReply.After(gate).Then("second"));
        var (q1, _) = await ada.TurnAsync(chat, play.Question);
        var before = await ada.ChatAsync(chat);
        var later = await ada.CreateChatAsync();

        var reply = (await ada.RegenerateAsync(chat, q1)).Ok()["id"];

        var now = await ada.ChatAsync(chat);
        now.Text("last_message_content").ShouldBe(play.Question);
        now.Text("last_message_time").ShouldBe(before.Text("last_message_time"));
        (await ada.GetAsync("/chats/")).Ok().Json[0].Text("id").ShouldBe(later);
        gate.Open();
        await ada.EndOfAsync(chat, reply);
        (await ada.GetAsync("/chats/")).Ok().Json[0].Text("id").ShouldBe(chat);
    }

    [Fact]
    public async Task Overrides_belong_to_the_reply_and_what_is_absent_is_the_chats()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        (await ada.PatchAsync($"/chats/{chat}", new { temperature = 0.5, max_tokens = 50 })).Ok();
        var play = live.Play(
            FakeReply.Text("one"), FakeReply.Refuse(500), FakeReply.Text("two"), FakeReply.Text("three"));
        var (q1, r1) = await ada.TurnAsync(chat, play.Question);
        await play.NextCallAsync();

        await ada.AnewAsync(chat, r1, new { temperature = 1.5, max_tokens = 7 });
        var calls = new[] { await play.NextCallAsync(), await play.NextCallAsync() };
        await ada.AnewAsync(chat, q1, new { temperature = (double?)null });
        var last = await play.NextCallAsync();

        calls.Select(x => (x.Body.GetProperty("temperature").GetDouble(), MostOf(x))).ShouldBe([(1.5, 7), (1.5, 7)],
            "for all its attempts");
        (last.Body.GetProperty("temperature").GetDouble(), MostOf(last)).ShouldBe((0.5, 50));

        static int MostOf(FakeRequest call) =>
            (call.Body.TryGetProperty("max_completion_tokens", out var most)
                ? most : call.Body.GetProperty("max_tokens")).GetInt32();
    }

    [Fact]
    public async Task With_an_id_it_is_safe_to_repeat_and_without_each_call_is_a_reply()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var id = Guid.CreateVersion7().ToString();

        (await ada.AnewAsync(chat, r1, new { id, temperature = 1 })).ShouldBe(id);
        var again = (await ada.RegenerateAsync(chat, q1, new { id, temperature = 1, stop = true })).Ok();
        (await ada.RegenerateAsync(chat, q1, new { id })).Status.ShouldBe(409);
        (await ada.RegenerateAsync(chat, q1, new { id = q1 })).ErrorCode.ShouldBe("id_conflict");
        await ada.AnewAsync(chat, r1);
        await ada.AnewAsync(chat, r1);

        again.Header("Idempotent-Replayed").ShouldBe("true");
        again.Json.Text("generation", "state").ShouldBe("completed");
        (await ada.MessageAsync(chat, id)).Versions().ShouldBe("2/4");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{id}")).Ok();
        (await ada.RegenerateAsync(chat, q1, new { id, temperature = 1 })).Status.ShouldBe(410);
    }

    [Fact]
    public async Task While_a_reply_to_the_question_is_open_there_is_no_other_and_stop_makes_way()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var never = new Gate();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(never), FakeReply.Text("anew"));
        var (q1, r1) = await ada.AskForAsync(chat, play);
        await using var socket = await ada.ConnectAsync();
        await socket.ShowsAsync(r1, "so far");
        var (q2, r2) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("queued")));

        (await ada.RegenerateAsync(chat, q1)).ErrorCode.ShouldBe("reply_open");
        (await ada.RegenerateAsync(chat, r2)).ErrorCode.ShouldBe("reply_open");
        var id = (await ada.RegenerateAsync(chat, q1, new { stop = true })).Ok()["id"];
        var end = await ada.EndOfAsync(chat, id);

        end.Text("content").ShouldBe("anew");
        (await ada.MessageAsync(chat, r1)).Text("content").ShouldBe("so far", "all text that was shown stays");
        foreach (var stopped in new[] { r1, r2 })
            (await ada.MessageAsync(chat, stopped)).Text("generation", "state").ShouldBe("stopped");
        (await ada.PathAsync(chat)).ShouldBe([q1, id]);
        (await ada.MessageAsync(chat, q2)).IsOnPath().ShouldBeFalse();
    }

    [Fact]
    public async Task One_that_waits_in_the_queue_comes_in_its_turn()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("one"), FakeReply.Text("anew")).Question);
        var gate = new Gate();
        var (_, running) = await ada.AskForAsync(chat, live.Play(FakeReply.After(gate).Then("two")));

        var queued = (await ada.RegenerateAsync(chat, r1)).Ok();
        queued.Json.Text("generation", "state").ShouldBe("queued");
        (await ada.RegenerateAsync(chat, q1)).ErrorCode.ShouldBe("reply_open");
        gate.Open();

        (await ada.EndOfAsync(chat, running)).Text("content").ShouldBe("two");
        (await ada.EndOfAsync(chat, queued["id"])).Text("content").ShouldBe("anew");
        (await ada.PathAsync(chat)).ShouldBe([q1, queued["id"]]);
    }

    [Fact]
    public async Task It_streams_on_the_same_connection()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one"), FakeReply.Text("a", "b").ThenWaitFor(gate));
        var (_, r1) = await ada.TurnAsync(chat, play.Question);

        await using var stream = await ada.StreamAsync(
            HttpMethod.Post, $"/chats/{chat}/messages/{r1}/regenerate", new { });
        var texts = new ReplyTexts();
        var types = new List<string>();
        while (await stream.NextAsync() is { } frame)
        {
            types.Add(frame.Type);
            texts.Apply(frame);
            if (texts[frame.MessageId!] == "ab")
                gate.Open();
        }

        types[0].ShouldBe("message.snapshot");
        types[^1].ShouldBe("message");
        types[1..^1].ShouldAllBe(x => x == "message.delta" || x == "message.snapshot");
        texts.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stopped_reply_is_continued_after_its_text_whatever_attempt_it_takes()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (never, gate) = (new Gate(), new Gate());
        var play = live.Play(FakeReply.Text("Once upon").ThenWaitFor(never), FakeReply.Refuse(500),
            FakeReply.Text(" a").ThenWaitFor(gate).Then(" time"));
        var (q1, r1) = await ada.AskForAsync(chat, play);
        await using var socket = await ada.ConnectAsync();
        await socket.ShowsAsync(r1, "Once upon");
        await play.NextCallAsync();
        (await ada.PostAsync($"/chats/{chat}/stop")).Ok();

        var reply = (await ada.RegenerateAsync(chat, r1, new { @continue = true })).Ok().Json;
        reply.Text("id").ShouldNotBe(r1);
        var texts = await socket.ShowsAsync(reply.Text("id"), "Once upon a");
        gate.Open();
        var end = await socket.EndOfAsync(reply.Text("id"));

        reply.Text("content").ShouldBe("Once upon");
        end.Text("content").ShouldBe("Once upon a time");
        texts.Faults.ShouldBeEmpty();
        await play.NextCallAsync();
        var prompt = (await play.NextCallAsync()).Messages.EnumerateArray().ToList();
        (prompt[^1].Text("role"), prompt[^1].Text("content")).ShouldBe(("assistant", "Once upon"));
        prompt[^2].Text("role").ShouldBe("user");
        var frames = socket.All.Where(x => x.MessageId == reply.Text("id")).ToList();
        frames[0].Type.ShouldBe("message.snapshot");
        frames.Where(x => x.Type == "message.snapshot").ShouldAllBe(x => x.Data.Text("content") == "Once upon");
        frames.First(x => x.Type == "message.delta").Data.Number("offset").ShouldBe(9);
        (await ada.PathAsync(chat)).ShouldBe([q1, reply.Text("id")]);
    }

    [Fact]
    public async Task What_cannot_be_continued_or_made_anew_is_refused_and_changes_nothing()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("done")).Question);
        var (q2, r2) = await ada.TurnAsync(chat, live.Play(FakeReply.Refuse(401)).Question);
        (await ada.MessageAsync(chat, r2)).Text("content").ShouldBe("");
        var cursor = (await ada.GetAsync("/events")).Ok()["cursor"];

        foreach (var id in new[] { q1, r1, q2, r2 })
            (await ada.RegenerateAsync(chat, id, new { @continue = true })).ShouldBeWrong("body.continue value_error");
        (await ada.RegenerateAsync(chat, r1, new { model = "nobody/none", temperature = 3, max_tokens = 0, id = "x" }))
            .ShouldBeWrong("body.id uuid_parsing", "body.model value_error", "body.temperature less_than_equal",
                "body.max_tokens greater_than_equal");
        (await ada.RegenerateAsync(chat, Guid.CreateVersion7().ToString())).ShouldBeNoMessage();
        (await ada.RegenerateAsync("x", r1)).ShouldBeNoMessage();
        (await eve.RegenerateAsync(chat, r1)).ShouldBeNoMessage();
        (await ada.RegenerateAsync(chat, r1, "[]")).Status.ShouldBe(422);

        (await ada.GetAsync($"/events?cursor={cursor}&wait=0")).Ok().Json.GetProperty("events").EnumerateArray()
            .ShouldAllBe(x => x.GetProperty("type").GetString() == "message.status");
        (await ada.BranchesAsync(chat)).Count.ShouldBe(4);
        // A question whose replies are all gone has another one made.
        (await ada.DeleteAsync($"/chats/{chat}/messages/{r2}")).Ok();
        await ada.AnewAsync(chat, q2);
        (await ada.MessageAsync(chat, q2)).Text("reply_id").ShouldBe(r2);
    }
}
