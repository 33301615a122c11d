using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>A reply over HTTP: with the send itself, and by attaching to it.</summary>
public sealed class ReplyStreamTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task A_send_that_accepts_events_answers_with_its_message_its_text_and_its_reply_and_ends()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        Gate[] gates = [new(), new()];
        var play = live.Play(FakeReply.Text("one ").ThenWaitFor(gates[0]).Then("two").ThenWaitFor(gates[1]));

        await using var stream =
            await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", new { content = play.Question });
        var headers = stream.Response;
        headers.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        headers.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);
        headers.Headers.CacheControl!.NoCache.ShouldBeTrue();
        headers.Headers.CacheControl.NoTransform.ShouldBeTrue();
        var question = (await stream.NextAsync())!;
        var snapshot = (await stream.NextAsync())!;
        await gates[0].Reached;
        gates[0].Open();
        var (texts, deltas) = (new ReplyTexts(), new List<TestFrame>());
        texts.Apply(snapshot);
        while (texts[snapshot.MessageId!] != "one two")
        {
            deltas.Add((await stream.NextAsync())!);
            texts.Apply(deltas[^1]);
        }
        gates[1].Open();
        var rest = await stream.ToEndAsync();

        question.Type.ShouldBe("message");
        question.Cursor.ShouldNotBeNull();
        question.Data.Text("content").ShouldBe(play.Question);
        snapshot.Type.ShouldBe("message.snapshot");
        snapshot.Cursor.ShouldBeNull();
        snapshot.Data.Names().ShouldBe("attempt chat_id content message_id model parent_id reply_to_id seq");
        snapshot.Data.Text("message_id").ShouldBe(question.Data.Text("reply_id"));
        snapshot.Data.Text("reply_to_id").ShouldBe(question.Data.Text("id"));
        snapshot.Data.Number("seq").ShouldBe(question.Data.Number("seq") + 1);
        snapshot.Data.Text("model").ShouldBe("openai/fake");
        deltas.ShouldNotBeEmpty();
        deltas.ShouldAllBe(x => (x.Type == "message.delta" || x.Type == "message.snapshot") && x.Cursor == null);
        deltas.Where(x => x.Type == "message.delta")
            .Select(x => x.Data.Names()).ShouldAllBe(x => x == "attempt chat_id message_id offset text");
        rest.Count.ShouldBe(1);
        rest[^1].Type.ShouldBe("message");
        rest[^1].Cursor.ShouldNotBeNull();
        rest[^1].Data.Text("content").ShouldBe("one two");
        rest[^1].Data.Text("generation", "state").ShouldBe("completed");
        texts.Faults.ShouldBeEmpty();
        rest[^1].MessageId.ShouldBe(snapshot.MessageId);
    }

    [Fact]
    public async Task A_repeated_send_attaches_to_the_same_reply_and_calls_no_model()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one ").ThenWaitFor(gate).Then("two"));
        var body = new { content = play.Question, id = Guid.CreateVersion7() };
        await using var first = await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", body);
        await gate.Reached;

        await using var second = await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", body);
        second.Response.Headers.GetValues("Idempotent-Replayed").ShouldBe(["true"]);
        (await second.NextAsync())!.Type.ShouldBe("message");
        (await second.NextAsync())!.Type.ShouldBe("message.snapshot");
        gate.Open();

        var (one, two) = (await first.ToEndAsync(), await second.ToEndAsync());
        one[^1].Data.WithoutStatus().ShouldBe(two[^1].Data.WithoutStatus());
        await using var third = await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", body);
        var ended = await third.ToEndAsync();
        ended[0].Data.Text("sender").ShouldBe("user");
        ended[^1].Data.Text("id").ShouldBe(one[^1].Data.Text("id"));
        ended[^1].Data.Text("content").ShouldBe("one two");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_stream_shows_a_queued_reply_from_its_beginning_and_a_running_one_from_where_it_is()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var (whole, shown) = (new Gate(), new Gate()); // each ends when its text was shown
        var (_, running) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(", done").ThenWaitFor(whole)));
        var (_, queued) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("later").ThenWaitFor(shown)));
        await gate.Reached;

        await using var one = await ada.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{running}/stream");
        await using var two = await ada.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{queued}/stream");
        var (first, second) = ((await one.NextAsync())!, (await two.NextAsync())!);
        first.Type.ShouldBe("message.snapshot");
        second.Type.ShouldBe("message.snapshot");
        second.Data.Text("content").ShouldBe("");
        gate.Open();

        foreach (var (stream, frame, text) in new[] { (one, first, "so far, done"), (two, second, "later") })
        {
            var texts = new ReplyTexts();
            texts.Apply(frame);
            TestFrame? next;
            for (next = await stream.NextAsync(); next?.Type != "message"; next = await stream.NextAsync())
            {
                texts.Apply(next.ShouldNotBeNull());
                next.MessageId.ShouldBe(frame.MessageId);
                if (texts[frame.MessageId!] == text)
                    (stream == one ? whole : shown).Open();
            }
            texts.Faults.ShouldBeEmpty();
            texts[frame.MessageId!].ShouldBe(text);
            next.MessageId.ShouldBe(frame.MessageId);
            next.Data.Text("content").ShouldBe(text);
            (await stream.ToEndAsync()).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_stream_of_a_reply_that_has_ended_is_its_message()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (question, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("x")));
        await ada.EndOfAsync(chat, reply);

        await using var stream = await ada.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{reply}/stream");
        var all = await stream.ToEndAsync();

        var only = all.ShouldHaveSingleItem();
        only.Type.ShouldBe("message");
        only.Data.Text("id").ShouldBe(reply);
        only.Cursor.ShouldNotBeNull();
        using var eve = await _app.RegisterAsync();
        (await eve.GetAsync($"/chats/{chat}/messages/{reply}/stream")).Status.ShouldBe(404);
        (await ada.GetAsync($"/chats/{chat}/messages/{Guid.CreateVersion7()}/stream")).Status.ShouldBe(404);
        question.ShouldNotBe(reply);
    }

    [Theory]
    [InlineData("question")]
    [InlineData("reply")]
    [InlineData("chat")]
    public async Task A_stream_ends_with_the_deletion_of_what_it_shows_and_the_model_is_left(string what)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(gate));
        var (question, reply) = await ada.AskForAsync(chat, play);
        await gate.Reached;
        await using var stream = await ada.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{reply}/stream");
        (await stream.NextAsync())!.Type.ShouldBe("message.snapshot");
        var call = await play.NextCallAsync();
        call.Closed.IsCompleted.ShouldBeFalse();

        (await ada.DeleteAsync(what switch
        {
            "question" => $"/chats/{chat}/messages/{question}",
            "reply" => $"/chats/{chat}/messages/{reply}",
            _ => $"/chats/{chat}",
        })).Ok();

        await call.Closed.InTimeAsync();
        (await stream.ToEndAsync())[^1].Type.ShouldBe(what == "chat" ? "chat.deleted" : "message.deleted");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_stream_goes_on_when_another_chat_is_deleted()
    {
        using var ada = await _app.RegisterAsync();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var gate = new Gate();
        var (_, reply) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(", done")));
        await gate.Reached;
        await using var stream = await ada.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{reply}/stream");
        await using var socket = await ada.ConnectAsync();

        (await ada.DeleteAsync($"/chats/{other}")).Ok();
        await socket.NextAsync("chat.deleted");
        gate.Open();

        var all = await stream.ToEndAsync();
        all.ShouldAllBe(x => x.MessageId == reply);
        all[^1].Type.ShouldBe("message");
    }

    [Fact]
    public async Task Closing_the_request_stops_nothing()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("one ").ThenWaitFor(gate).Then("two"));
        var post = await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/", new { content = play.Question });
        var reply = (await post.NextAsync())!.Data.Text("reply_id");
        await gate.Reached;
        await using var socket = await ada.ConnectAsync();

        await post.DisposeAsync();
        (await play.NextCallAsync()).Closed.IsCompleted.ShouldBeFalse();
        gate.Open();

        var end = await socket.EndOfAsync(reply);
        end.Text("content").ShouldBe("one two");
        end.Text("generation", "state").ShouldBe("completed");
        play.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_stream_takes_the_token_in_its_url_for_eventsource()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("x")));
        using var anonymous = _app.Anonymous();

        await using var stream =
            await anonymous.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{reply}/stream?token={ada.Token}");
        (await stream.ToEndAsync())[^1].Data.Text("id").ShouldBe(reply);
        await using var events = await anonymous.StreamAsync(HttpMethod.Get, $"/events?token={ada.Token}");
        (await events.NextAsync())!.Data.Text("user_id").ShouldBe(ada.Id);
        (await anonymous.GetAsync($"/chats/?token={ada.Token}")).Status.ShouldBe(401, "nowhere else");
        (await anonymous.GetAsync("/events")).Status.ShouldBe(401);
        (await anonymous.GetAsync("/events?token=nonsense")).Status.ShouldBe(401);
    }
}
