using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

public sealed class DeleteAndReadTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_question_takes_its_reply_with_it()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var first = await ada.AskAsync(chat, "one");
        var question = await ada.AskAsync(chat, "two");
        await ada.EndOfAsync(chat, question.Text("reply_id"));

        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}"))
            .Ok().Text.ShouldBe("""{"success":true}""");

        (await ada.GetAsync($"/chats/{chat}/messages/{question.Text("id")}")).ShouldBeNoMessage();
        (await ada.GetAsync($"/chats/{chat}/messages/{question.Text("reply_id")}")).ShouldBeNoMessage();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).ShouldBeNoMessage();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("reply_id")}")).ShouldBeNoMessage();
        (await ada.MessagesAsync(chat)).Select(x => x.Text("id")).ShouldBe([first.Text("id"), first.Text("reply_id")]);
        (await ada.AskAsync(chat, "three")).Number("seq").ShouldBe(5);
    }

    [Fact]
    public async Task A_reply_goes_alone()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "one");
        await ada.EndOfAsync(chat, question.Text("reply_id"));

        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("reply_id").ToUpperInvariant()}/")).Ok();

        (await ada.MessagesAsync(chat)).Select(x => x.Text("id")).ShouldBe([question.Text("id")]);
    }

    [Theory]
    [InlineData("id")]
    [InlineData("reply_id")]
    public async Task An_open_reply_is_stopped_and_the_next_one_begins(string which)
    {
        var never = new Gate();
        await using var app = await CoteApp.StartAsync();
        app.Model.Enqueue(FakeReply.Text("some").ThenWaitFor(never));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var open = await ada.AskAsync(chat, "one");
        var next = await ada.AskAsync(chat, "two");
        var call = await app.Model.NextRequest();
        await never.Reached;

        (await ada.DeleteAsync($"/chats/{chat}/messages/{open.Text(which)}")).Ok();

        await call.Closed.InTimeAsync();
        (await socket.EndOfAsync(next.Text("reply_id"))).Text("content").ShouldBe("Hello world");
        (await ada.MessagesAsync(chat)).Select(x => x.Text("id")).ShouldNotContain(open.Text(which));
        (await ada.GetAsync("/sync")).Json.GetProperty("running").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_the_client_says_it_has_read_is_read_and_stays_so()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var question = await ada.AskAsync(chat, "one");
        await socket.EndOfAsync(question.Text("reply_id"));
        var path = $"/chats/{chat}/messages/{question.Text("reply_id")}";

        (await ada.PutAsync(path + "/read")).Ok().Text.ShouldBe("""{"success":true}""");
        await socket.NextAsync("message.status",
            x => x.MessageId == question.Text("reply_id") && x.Data.Text("status") == "read");
        var head = (await ada.GetAsync("/sync")).Ok()["cursor"];
        (await ada.PutAsync(path + "/read/")).Ok();
        (await ada.PutAsync(path + "/read", new { ignored = 1 })).Ok();

        (await ada.GetAsync(path)).Ok()["status"].ShouldBe("read");
        (await ada.GetAsync("/sync")).Ok()["cursor"].ShouldBe(head);
    }

    [Fact]
    public async Task On_ones_own_message_it_changes_nothing()
    {
        var gate = new Gate();
        await using var app = await CoteApp.StartAsync();
        app.Model.Script = FakeReply.After(gate).Then("late");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "one");
        await gate.Reached;
        var before = (await ada.MessageAsync(chat, question.Text("id"))).ToString();

        (await ada.PutAsync($"/chats/{chat}/messages/{question.Text("id")}/read")).Ok();

        (await ada.MessageAsync(chat, question.Text("id"))).ToString().ShouldBe(before);
        gate.Open();
    }

    [Fact]
    public async Task A_reply_may_be_read_from_its_first_text_on()
    {
        var gate = new Gate();
        await using var app = await CoteApp.StartAsync();
        app.Model.Script = FakeReply.Text("first").ThenWaitFor(gate).Then(" last");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var question = await ada.AskAsync(chat, "one");
        var reply = question.Text("reply_id");
        await socket.ShowsAsync(reply, "first");

        (await ada.PutAsync($"/chats/{chat}/messages/{reply}/read")).Ok();
        gate.Open();
        var ended = await socket.EndOfAsync(reply);

        ended.Text("content").ShouldBe("first last");
        (await ada.MessageAsync(chat, reply)).Text("status").ShouldBe("read");
    }

    [Fact]
    public async Task Replies_that_were_shown_together_are_each_delivered_once_with_an_event_of_their_own()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        await using var socket = await ada.ConnectAsync();
        var waiting = new Dictionary<string, string>();
        foreach (
            var chat in new[] { await ada.CreateChatAsync(), await ada.CreateChatAsync(), await ada.CreateChatAsync() })
            for (var i = 0; i < 4; i++)
                waiting.Add((await ada.AskForAsync(chat, live.Play(FakeReply.Text("an answer")))).Reply, chat);
        var replies = waiting.ToDictionary();

        while (waiting.Count > 0)
        {
            var moved = await socket.NextAsync("message.status", x => replies.ContainsKey(x.MessageId!));
            moved.Data.Text("status").ShouldBe("delivered");
            moved.Data.Text("chat_id").ShouldBe(replies[moved.MessageId!]);
            waiting.Remove(moved.MessageId!).ShouldBeTrue("once");
        }

        socket.All.Durable().Select(x => x.Seq)
            .ShouldBe(Enumerable.Range(1, socket.All.Durable().Count()).Select(x => (long)x));
        foreach (var (reply, chat) in replies)
            (await ada.MessageAsync(chat, reply)).Text("status").ShouldBe("delivered");
        var head = socket.All.Durable().Last().Seq;
        (await ada.GetAsync("/chats/")).Ok().Json.EnumerateArray().Max(x => x.Number("changed")).ShouldBe(head);
    }
}
