using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>
/// What comes over a socket while it is open: every event, to every device of its user and to nobody else.
/// </summary>
public sealed partial class SocketEventsTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task Every_durable_event_has_its_exact_data_and_the_next_cursor()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();
        var play = live.Play(FakeReply.Text("answer"));

        var chat = (await ada.PostAsync("/chats/", new { title = "one" })).Ok();
        JsonElement.DeepEquals((await socket.NextAsync()).Data, chat.Json).ShouldBeTrue();
        var updated = (await ada.PatchAsync($"/chats/{chat["id"]}", new { title = "two" })).Ok();
        var question = await ada.AskAsync(chat["id"], play.Question);
        var reply = question.Text("reply_id");
        var untilEnd = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);
        (await ada.PutAsync($"/chats/{chat["id"]}/messages/{reply}/read")).Ok();
        var read =
            (await socket.UntilAsync(
            x => x.Type == "message.status" && x.Data.Text("status") == "read" && x.MessageId == reply))[^1];
        var stored = await ada.MessageAsync(chat["id"], reply);
        (await ada.DeleteAsync($"/chats/{chat["id"]}/messages/{question.Text("id")}")).Ok();
        (await ada.DeleteAsync($"/chats/{chat["id"]}")).Ok();
        await socket.NextAsync("chat.deleted");

        var durable = socket.All.Durable().ToList();
        durable.Select(x => x.Seq).ShouldBe(Enumerable.Range(1, durable.Count).Select(x => (long)x));
        durable.Select(x => x.Cursor![..x.Cursor!.IndexOf('-', StringComparison.Ordinal)])
            .Distinct().ShouldHaveSingleItem()
            .ShouldBe(socket.Ready.Data.Text("cursor").Split('-')[0]);
        durable[0].Type.ShouldBe("chat.created");
        durable[0].Data.Names().ShouldBe(chat.Json.Names());
        durable[0].Data.Text("id").ShouldBe(chat["id"]);
        durable[1].Type.ShouldBe("chat.updated");
        durable[1].Data.Text("title").ShouldBe("two");
        durable[1].Data.Names().ShouldBe(updated.Json.Names());
        durable[2].Type.ShouldBe("message");
        Same(durable[2].Data, question, but: "status");

        var end = untilEnd[^1];
        end.Data.Names().ShouldBe(
            "chat_id content generation id importance_level media media_urls parent_id reply_to_id sender seq status timestamp type");
        Same(end.Data, stored, but: "status");
        end.Data.GetProperty("generation").Names().ShouldBe("attempt finish_reason model state usage");
        var moved = durable[3];
        moved.Type.ShouldBe("message.status");
        moved.Data.Names().ShouldBe("chat_id message_id status");
        moved.Data.Text("message_id").ShouldBe(question.Text("id"));
        moved.Data.Text("status").ShouldBe("read");
        read.Data.Text("chat_id").ShouldBe(chat["id"]);

        var deleted = durable.Where(x => x.Type == "message.deleted").ToList();
        deleted.Select(x => x.Data.Names()).ShouldAllBe(x => x == "chat_id message_id");
        deleted.Select(x => x.MessageId).ShouldBe([question.Text("id"), reply], ignoreOrder: true);
        durable[^1].Type.ShouldBe("chat.deleted");
        durable[^1].Data.Names().ShouldBe("chat_id");
        durable[^1].Data.Text("chat_id").ShouldBe(chat["id"]);
    }

    [Fact]
    public async Task Two_devices_receive_everything_in_the_same_order_and_a_stranger_nothing()
    {
        using var ada = await _app.RegisterAsync();
        using var phone = await ada.OtherDeviceAsync();
        using var eve = await _app.RegisterAsync();
        await using var one = await ada.ConnectAsync();
        await using var two = await phone.ConnectAsync();
        await using var stranger = await eve.ConnectAsync();
        var replies = new List<string>();
        var gate = new Gate();

        for (var i = 0; i < 3; i++)
        {
            var play = live.Play(FakeReply.Text("a ", "few ", "words").ThenWaitFor(gate));
            replies.Add((await ada.AskForAsync(await ada.CreateChatAsync(), play)).Reply);
        }
        foreach (var socket in new[] { one, two })
        {
            var shown = new ReplyTexts();
            while (replies.Any(x => shown[x] != "a few words")) // before the ends, which would say it all by themselves
                shown.Apply(await socket.NextAsync());
        }
        gate.Open();
        foreach (var socket in new[] { one, two })
        {
            var waiting = replies.ToHashSet();
            await socket.UntilAsync(x => x.Type == "message" && waiting.Remove(x.MessageId!) && waiting.Count == 0);
        }
        await stranger.SendAsync(new { type = "ping" });
        await stranger.NextAsync("pong");

        var length = Math.Min(one.All.Durable().Count(), two.All.Durable().Count());
        length.ShouldBeGreaterThanOrEqualTo(9);
        one.All.Durable().Take(length).Select(Said).ShouldBe(two.All.Durable().Take(length).Select(Said));
        foreach (var socket in new[] { one, two })
        {
            var texts = new ReplyTexts();
            foreach (var frame in socket.All.Where(x => x.Type != "message" || x.Data.Text("sender") == "user"))
                texts.Apply(frame);
            texts.Faults.ShouldBeEmpty();
            replies.Select(x => texts[x]).ShouldAllBe(x => x == "a few words");
        }
        stranger.All.Select(x => x.Type).ShouldBe(["ready", "pong"]);
    }

    [Fact]
    public async Task A_question_comes_before_anything_of_its_reply()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();

        for (var i = 0; i < 10; i++)
        {
            var (question, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("at once")));
            var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);

            var first = frames.FindIndex(x => x.MessageId == reply);
            frames.FindIndex(x => x.Type == "message" && x.MessageId == question).ShouldBeInRange(0, first - 1);
        }
    }

    [Fact]
    public async Task A_read_on_a_socket_is_a_status_on_all_devices_and_never_goes_back()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var one = await ada.ConnectAsync();
        await using var two = await ada.ConnectAsync();
        await using var stranger = await eve.ConnectAsync();
        var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("x")));
        await one.EndOfAsync(reply);

        await stranger.SendAsync(new { type = "read", data = new { message_id = reply } });
        (await stranger.NextAsync()).Data.Text("code").ShouldBe("message_not_found");
        await one.SendAsync(new { type = "read", data = new { message_id = reply } });
        foreach (var socket in new[] { one, two })
            (await socket.NextAsync("message.status", x => x.MessageId == reply
                && x.Data.Text("status") == "read")).Data.Names().ShouldBe("chat_id message_id status");
        (await ada.MessageAsync(chat, reply)).Text("status").ShouldBe("read");

        // The end is shown once more, so that the loop which records `delivered` gets its turn, twice.
        var (_, next) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("y")));
        await one.NextAsync("message.status", x => x.MessageId == next && x.Data.Text("status") == "delivered");
        (await ada.MessageAsync(chat, reply)).Text("status").ShouldBe("read");
        two.All.Where(x => x.Type == "message.status" && x.MessageId == reply)
            .Select(x => x.Data.Text("status")).Last().ShouldBe("read");
    }

    [Theory]
    [InlineData("socket")]
    [InlineData("stream")]
    [InlineData("post")]
    [InlineData("events")]
    [InlineData("poll")]
    [InlineData("list")]
    public async Task A_reply_is_delivered_within_5_seconds_after_its_end_was_shown(string where)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("x"));
        var cursor = "";
        string reply;
        if (where == "post")
        {
            await using var post = await ada.StreamAsync(
                HttpMethod.Post, $"/chats/{chat}/messages/", new { content = play.Question });
            reply = (await post.ToEndAsync())[^1].MessageId!;
        }
        else
        {
            await using var socket = where == "socket" ? await ada.ConnectAsync() : null;
            await using var events = where == "events" ? await ada.StreamAsync(HttpMethod.Get, "/events") : null;
            cursor = (await ada.GetAsync("/events")).Ok()["cursor"];
            reply = (await ada.AskForAsync(chat, play)).Reply;
            if (socket is not null)
                await socket.EndOfAsync(reply);
            else if (events is not null)
                while ((await events.NextAsync())!.MessageId is var id && (id != reply || events.LastId is null)) { }
            else if (where == "stream")
                await ada.EndOfAsync(chat, reply);
            else if (where == "poll")
                for (var shown = false; !shown;)
                {
                    var poll = (await ada.GetAsync($"/events?cursor={cursor}")).Ok();
                    cursor = poll["cursor"];
                    shown = poll.Json.GetProperty("events")
                        .EnumerateArray().Any(x => x.Text("type") == "message" && x.Text("data", "id") == reply);
                }
            else
                await Patience.UntilAsync(
                    async () => await ada.MessagesAsync(chat) is [_, { } last]
                        && last.Text("generation", "state") == "completed", "the list shows its end");
        }

        var status = await StatusOf(ada, chat, reply);

        status.ShouldBe("delivered");
    }

    [Fact]
    public async Task A_reply_that_nobody_was_shown_is_not_delivered_and_then_it_is()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("x"));
        var (question, reply) = await ada.AskForAsync(chat, play);
        await (await play.NextCallAsync()).Ended;
        JsonElement message = default;
        await Patience.UntilAsync(
            async () => (message = await ada.MessageAsync(chat, reply)).Text("generation", "state") == "completed",
            "the reply has ended");
        message.Text("status").ShouldBe("sent");
        (await ada.MessageAsync(chat, question)).Text("status").ShouldBe("read", "its reply has text");

        await using var socket =
            await ada.ConnectAsync(cursor: (await ada.GetAsync("/events")).Ok()["cursor"].Split('-')[0] + "-0");
        await socket.EndOfAsync(reply);

        await socket.NextAsync("message.status", x => x.MessageId == reply && x.Data.Text("status") == "delivered");
    }

    // Until the status has moved, by the events of the user; at most 5 seconds, and some for a slow machine.
    static async Task<string> StatusOf(CoteClient client, string chat, string reply)
    {
        await using var socket = await client.ConnectAsync();
        var status = (await client.MessageAsync(chat, reply)).Text("status");
        return status != "sent" ? status
            : (await socket.NextAsync("message.status", x => x.MessageId == reply)).Data.Text("status");
    }

    // An event shows its message as it is when the event is read, which is not the same moment on both.
    static string Said(TestFrame frame) =>
        $"{frame.Type} {frame.Cursor} {(frame.Type == "message" ? frame.Data.WithoutStatus() : frame.Data)}";

    static void Same(JsonElement one, JsonElement two, string but)
    {
        one.Names().ShouldBe(two.Names());
        foreach (var field in one.EnumerateObject().Where(x => x.Name != but))
            JsonElement.DeepEquals(field.Value, two.GetProperty(field.Name)).ShouldBeTrue(field.Name);
    }
}
