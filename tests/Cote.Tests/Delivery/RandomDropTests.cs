using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary>
/// A client's model of its chats, built from events alone, must equal what a fresh fetch says, wherever its connections
/// broke and over whatever transport it came back.
/// </summary>
public sealed class RandomDropTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Theory]
    [InlineData("socket", 1)]
    [InlineData("sse", 2)]
    [InlineData("poll", 3)]
    [InlineData("any", 4)]
    [InlineData("any", 5)]
    public async Task Who_drops_and_resumes_at_random_while_replies_stream_ends_with_equal_state(
        string transport, int seed)
    {
        var random = new Random(seed);
        using var ada = await _app.RegisterAsync();
        var start = (await ada.GetAsync("/events")).Ok()["cursor"];
        var chats = await Task.WhenAll(Enumerable.Range(0, 6).Select(x => ada.CreateChatAsync($"chat {x}")));
        var client = new Model(start);
        var replies = new HashSet<string>();
        async Task ActAsync()
        {
            foreach (var chat in chats)
                for (var i = 0; i < 3; i++)
                {
                    var chunks = Enumerable.Range(0, 40).Select(x => $"{chat[^4..]} {i} {x} 🕊️ ").ToArray();
                    var (question, reply) = await ada.AskForAsync(
                        chat, live.Play(i == 1 ? FakeReply.Text(chunks).ThenNothing() : FakeReply.Text(chunks)));
                    lock (replies)
                        replies.Add(reply);
                }
            (await ada.PatchAsync($"/chats/{chats[0]}", new { title = "renamed", is_pinned = true })).Ok();
            (await ada.PostAsync($"/chats/{chats[1]}/stop")).Ok();
            (await ada.DeleteAsync($"/chats/{chats[2]}")).Ok();
            var first = (await ada.MessagesAsync(chats[3]))[0].Text("id");
            (await ada.DeleteAsync($"/chats/{chats[3]}/messages/{first}")).Ok();
            // The last event of all: when the client has it, it has everything.
            foreach (var reply in replies)
                foreach (var chat in chats)
                    if ((await ada.GetAsync($"/chats/{chat}/messages/{reply}")).Status == 200)
                        await ada.EndOfAsync(chat, reply);
            (await ada.PatchAsync($"/chats/{chats[4]}", new { title = "the end" })).Ok();
        }

        var acting = ActAsync();
        while (!client.Chats.Values.Any(x => x.Text("title") == "the end"))
        {
            if (acting.IsFaulted)
                await acting;
            await LiveForAWhileAsync(
                transport == "any" ? new[] { "socket", "sse", "poll" }[random.Next(3)] : transport);
        }
        await acting;

        client.Faults.ShouldBeEmpty();
        client.Texts.Faults.ShouldBeEmpty();
        var sync = (await ada.GetAsync("/sync")).Ok().Json;
        sync.GetProperty("running").GetArrayLength().ShouldBe(0);
        client.Chats.Keys.ShouldBe(sync.GetProperty("chats").EnumerateArray().Select(x => x.Text("id")),
            ignoreOrder: true);
        client.Chats.Count.ShouldBe(5);
        foreach (var chat in sync.GetProperty("chats").EnumerateArray())
        {
            foreach (var field in new[] { "title", "is_pinned", "created_at" })
                client.Chats[chat.Text("id")].GetProperty(field)
                    .ToString().ShouldBe(chat.GetProperty(field).ToString());
            var list = await ada.MessagesAsync(chat.Text("id"));
            client.Messages.Values.Where(x => x.Text("chat_id") == chat.Text("id")).OrderBy(x => x.Number("seq"))
                .Select(x => (x.Text("id"), x.Text("content"),
                    x.TryGetProperty("generation", out var generation) ? generation.Text("state") : ""))
                .ShouldBe(
                    list.Select(
                    x => (x.Text("id"), x.Text("content"),
                    x.TryGetProperty("generation", out var generation) ? generation.Text("state") : "")));
            foreach (var message in list.Where(x => x.Text("sender") == "ai"))
                client.Texts[message.Text("id")].ShouldBe(message.Text("content"));
            var newest = list.MaxBy(x => x.Text("timestamp"), StringComparer.Ordinal);
            chat.Text("last_message_content").Length.ShouldBeLessThanOrEqualTo(500);
            newest.ValueKind.ShouldBe(JsonValueKind.Object);
        }

        async Task LiveForAWhileAsync(string over)
        {
            var frames = random.Next(1, 40);
            client.Connects();
            if (over == "poll")
            {
                var poll = (await ada.GetAsync($"/events?cursor={client.Cursor}&wait=1")).Ok().Json;
                if (random.Next(3) == 0)
                    return; // the answer was lost
                foreach (var frame in poll.GetProperty("events").EnumerateArray())
                    client.Take(TestFrame.Parse(frame.GetRawText()));
                client.Cursor.ShouldBe(poll.Text("cursor"));
            }
            else if (over == "sse")
            {
                await using var stream = await ada.StreamAsync(
                    HttpMethod.Get, "/events", change: x => x.Headers.Add("Last-Event-ID", client.Cursor));
                for (var i = 0; i < frames && !client.HasAll; i++)
                    client.Take((await stream.NextAsync())!);
            }
            else
            {
                await using var socket = await ada.ConnectAsync(client.Cursor);
                for (var i = 0; i < frames && !client.HasAll; i++)
                    client.Take(await socket.NextAsync());
                socket.Cut();
            }
        }
    }

    [Fact]
    public async Task Sync_is_the_state_of_one_moment_and_what_comes_after_its_cursor_goes_on_from_it()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        await eve.CreateChatAsync();
        var chat = await ada.CreateChatAsync("one");
        var gate = new Gate();
        await using var socket = await ada.ConnectAsync();
        var (question, running) =
            await ada.AskForAsync(chat, live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(", done")));
        var (next, queued) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("later")));
        await socket.ShowsAsync(running, "so far");
        await Patience.UntilAsync(() => Task.FromResult(
            socket.All.Any(x => x.Type == "message.status" && x.MessageId == question)), "the checkpoint");

        var sync = (await ada.GetAsync("/sync")).Ok().Json;

        sync.Names().ShouldBe("chats cursor running");
        sync.Text("cursor").ShouldBe((await ada.GetAsync("/events")).Ok()["cursor"]);
        JsonElement.DeepEquals(sync.GetProperty("chats"), (await ada.GetAsync("/chats/")).Ok().Json).ShouldBeTrue();
        sync.GetProperty("chats").GetArrayLength().ShouldBe(1);
        sync.GetProperty("chats")[0].Number("changed").ShouldBe(long.Parse(sync.Text("cursor").Split('-')[1]));
        var open = sync.GetProperty("running").EnumerateArray().ToList();
        open.Select(x => x.Text("message_id")).ShouldBe([running, queued]);
        open.ShouldAllBe(x => x.Names()
            == "attempt chat_id content generation message_id model parent_id reply_to_id seq");
        open.Select(x => x.Text("generation", "state")).ShouldBe(["running", "queued"]);
        open.Select(x => x.Text("reply_to_id")).ShouldBe([question, next]);
        open[0].Text("content").ShouldBe("so far");
        gate.Open();
        await using var resumed = await ada.ConnectAsync(sync.Text("cursor"));
        (await resumed.EndOfAsync(running)).Text("content").ShouldBe("so far, done");
        (await resumed.EndOfAsync(queued)).Text("content").ShouldBe("later");
        resumed.All.Durable().Select(x => x.Seq).First().ShouldBe(sync.GetProperty("chats")[0].Number("changed") + 1);
    }

    // What an app keeps, by the rules of the contract and nothing else.
    sealed class Model(string cursor)
    {
        public string Cursor { get; private set; } = cursor;
        public Dictionary<string, JsonElement> Chats { get; } = [];
        public Dictionary<string, JsonElement> Messages { get; } = [];
        public ReplyTexts Texts { get; } = new();
        public List<string> Faults { get; } = [];
        public bool HasAll => Chats.Values.Any(x => x.Text("title") == "the end");

        readonly HashSet<string> _questions = [];
        bool _ready;

        public void Connects() => _ready = false;

        public void Take(TestFrame frame)
        {
            if (frame.Type == "ready")
            {
                if (_ready || frame.Data.Text("cursor") != Cursor)
                    Faults.Add($"{frame} at {Cursor}");
                _ready = true;
            }
            if (frame.Type is "reset" or "error")
                Faults.Add(frame.ToString());
            if (frame.Type is "message.snapshot" && !_questions.Contains(frame.Data.Text("reply_to_id")))
                Faults.Add($"before its question: {frame}");
            Texts.Apply(frame);
            if (frame.Cursor is null)
                return;
            if (frame.Seq != long.Parse(Cursor.Split('-')[1]) + 1)
                Faults.Add($"{frame} after {Cursor}");
            Cursor = frame.Cursor;
            switch (frame.Type)
            {
                case "message":
                    Messages[frame.MessageId!] = frame.Data;
                    _questions.Add(frame.MessageId!);
                    break;
                case "message.deleted":
                    Messages.Remove(frame.MessageId!);
                    _questions.Add(frame.MessageId!);
                    break;
                case "chat.created" or "chat.updated":
                    Chats[frame.Data.Text("id")] = frame.Data;
                    break;
                case "chat.deleted":
                    var chat = frame.Data.Text("chat_id");
                    Chats.Remove(chat);
                    foreach (var gone in Messages.Where(x => x.Value.Text("chat_id") == chat)
                        .Select(x => x.Key).ToList())
                        Messages.Remove(gone);
                    break;
            }
        }
    }
}
