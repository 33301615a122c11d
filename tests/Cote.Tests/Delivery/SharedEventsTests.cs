using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

/// <summary>What those see who watch a live share.</summary>
public sealed class SharedEventsTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task A_reply_streams_by_place_and_counts_as_shown_to_nobody()
    {
        using var ada = await live.RegisterAsync();
        await using var viewer = await SharedViewer.OpenAsync(live.App, ada);
        var (gate, end) = (new Gate(), new Gate());
        var play = live.Play(FakeReply.Text("Hel").ThenWaitFor(gate).Then("lo").ThenWaitFor(end).Then(" world"));

        var (question, reply) = await ada.AskForAsync(viewer.Chat, play);
        (await viewer.NextAsync("message")).ShouldBe((1, "user", play.Question));
        await viewer.ShowsAsync(2, "Hel");
        gate.Open();
        await viewer.ShowsAsync(2, "Hello");
        end.Open();
        (await viewer.NextAsync("message")).ShouldBe((2, "ai", "Hello world"));

        viewer.Frames.Select(x => x.Type).Distinct()
            .ShouldBe(["reset", "message", "message.snapshot", "message.delta"]);
        foreach (var frame in viewer.Frames)
        {
            var raw = frame.ToString();
            foreach (var id in (string[])[question, reply, viewer.Chat, ada.Id, "fake", "usage", "cursor", "_id"])
                raw.ShouldNotContain(id);
        }
        (await viewer.Client.ContentsAsync(viewer.Path)).ShouldBe([play.Question, "Hello world"]);
        // What is sent to viewers delivers nothing; what is sent to the owner does.
        var rows = (await live.App.RowsAsync())["messages"].Where(x => x.Contains(reply, StringComparison.Ordinal));
        rows.ShouldContain(x => x.Contains("\nsent\n", StringComparison.Ordinal));
        await using var socket = await ada.ConnectAsync();
        await ada.GetAsync($"/chats/{viewer.Chat}/messages/");
        await socket.NextAsync("message.status", x => x.MessageId == reply);
    }

    [Fact]
    public async Task Who_comes_in_mid_reply_is_shown_what_there_is_and_goes_on()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("some").ThenWaitFor(gate).Then(" more"));
        await ada.AskForAsync(chat, play);
        await gate.Reached;

        await using (var first = await SharedViewer.OpenAsync(live.App, ada, chat))
            await first.ShowsAsync(2, "some");
        await using var second = await SharedViewer.OpenAsync(live.App, ada, chat);
        await second.ShowsAsync(2, "some");
        gate.Open();

        (await second.NextAsync("message")).ShouldBe((2, "ai", "some more"));
    }

    [Fact]
    public async Task Edits_switches_deletions_and_titles_say_reset_and_what_is_read_then_is_right()
    {
        using var ada = await live.RegisterAsync();
        await using var viewer = await SharedViewer.OpenAsync(live.App, ada);
        var one = await viewer.AskAsync("one");
        var two = await viewer.AskAsync("two");
        viewer.Frames.Count(x => x.Type == "reset").ShouldBe(1, "what is added needs none");

        var edited = (await ada.PostAsync($"/chats/{viewer.Chat}/messages/",
            new { content = "two, edited", version_of = two.Text("id") })).Ok();
        await viewer.ResetAsync("path");
        await viewer.MessageAsync(4, "Hello world");
        (await viewer.ContentsAsync()).ShouldBe(["one", "Hello world", "two, edited", "Hello world"]);

        (await ada.PutAsync($"/chats/{viewer.Chat}/leaf", new { message_id = two.Text("id") })).Ok();
        await viewer.ResetAsync("path");
        (await viewer.ContentsAsync()).ShouldBe(["one", "Hello world", "two", "Hello world"]);

        (await ada.DeleteAsync($"/chats/{viewer.Chat}/messages/{one.Text("reply_id")}")).Ok();
        await viewer.ResetAsync("path");
        (await viewer.ContentsAsync()).ShouldBe(["one", "two", "Hello world"]);

        (await ada.PatchAsync($"/chats/{viewer.Chat}", new { title = "Another" })).Ok();
        await viewer.ResetAsync("title");
        (await viewer.Client.GetAsync(viewer.Path)).Ok()["title"].ShouldBe("Another");

        // Beside the path nothing is told, and no setting is.
        (await ada.DeleteAsync($"/chats/{viewer.Chat}/messages/{edited["id"]}")).Ok();
        (await ada.PatchAsync($"/chats/{viewer.Chat}", new { is_pinned = true, system_prompt = "secret" })).Ok();
        var resets = viewer.Frames.Count(x => x.Type == "reset");
        await viewer.AskAsync("three");
        viewer.Frames.Count(x => x.Type == "reset").ShouldBe(resets);
        viewer.Frames.ShouldAllBe(x => !x.ToString().Contains("secret"));
    }

    [Fact]
    public async Task A_reply_that_is_regenerated_or_stopped_ends_as_it_stands()
    {
        using var ada = await live.RegisterAsync();
        await using var viewer = await SharedViewer.OpenAsync(live.App, ada);
        var one = await viewer.AskAsync("one");
        (await ada.PostAsync($"/chats/{viewer.Chat}/messages/{one.Text("id")}/regenerate", new { })).Ok();
        await viewer.ResetAsync("path");
        await viewer.MessageAsync(2, "Hello world");
        var play = live.Play(FakeReply.Text("half").ThenStall());
        await ada.AskForAsync(viewer.Chat, play);
        await viewer.ShowsAsync(4, "half");

        (await ada.PostAsync($"/chats/{viewer.Chat}/stop")).Ok();

        await viewer.MessageAsync(4, "half");
        (await viewer.ContentsAsync()).ShouldBe(["one", "Hello world", play.Question, "half"]);
    }

    [Fact]
    public async Task A_reply_beside_the_path_streams_on_when_the_owner_comes_back_to_it()
    {
        using var ada = await live.RegisterAsync();
        await using var viewer = await SharedViewer.OpenAsync(live.App, ada);
        var one = await viewer.AskAsync("one");
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("begun").ThenWaitFor(gate).Then(" and done"));
        var edited = (await ada.PostAsync($"/chats/{viewer.Chat}/messages/",
            new { content = play.Question, version_of = one.Text("id") })).Ok();
        await viewer.ShowsAsync(2, "begun");
        (await ada.PutAsync($"/chats/{viewer.Chat}/leaf", new { message_id = one.Text("id") })).Ok();
        await viewer.ResetAsync("path");

        (await ada.PutAsync($"/chats/{viewer.Chat}/leaf", new { message_id = edited["id"] })).Ok();
        await viewer.ResetAsync("path");
        await viewer.ShowsAsync(2, "begun");
        gate.Open();

        await viewer.MessageAsync(2, "begun and done");
    }

    [Fact]
    public async Task Thoughts_come_in_snapshots_where_they_are_shown_and_not_else()
    {
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/thinks");
        await using var without = await SharedViewer.OpenAsync(live.App, ada, chat);
        await using var with = await SharedViewer.OpenAsync(live.App, ada, chat, "reasoning");

        await ada.AskAsync(chat, "why");
        var end = await with.MessageAsync(2, null);
        await without.MessageAsync(2, null);

        end.GetProperty("parts")[0].Text("text").ShouldContain("pretend to think");
        with.Frames.ShouldContain(x => x.Type == "message.snapshot" && x.ToString().Contains("pretend to think"));
        without.Frames.ShouldContain(x => x.Type == "message.delta");
        without.Frames.ShouldAllBe(x => !x.ToString().Contains("pretend to think") && !x.ToString().Contains("parts"));
    }

    [Fact]
    public async Task Fifty_watch_a_share_and_the_next_waits_whatever_the_owner_may_have_open()
    {
        await using var few = await LiveApp.StartAsync(
            "Realtime:ConnectionsPerUser=1", "Realtime:StreamsPerUser=1", "Http:TrustedProxies=127.0.0.0/8");
        using var ada = await few.RegisterAsync();
        using var nobody = few.App.Anonymous();
        await using var socket = await ada.ConnectAsync();
        var path = await ada.ShareAsync(await ada.CreateChatAsync(), new { live = true });
        var streams = new List<SseReader>();
        for (var i = 0; i < 50; i++)
        {
            // An address has ten of them.
            streams.Add(await nobody.StreamAsync(HttpMethod.Get, path + "/events",
                change: x => x.Headers.Add("X-Forwarded-For", $"192.0.2.{i / 10}")));
            (await streams[^1].NextAsync())!.Type.ShouldBe("reset");
        }

        var full = await nobody.GetAsync(path + "/events");

        (full.Status, full.ErrorCode).ShouldBe((429, "rate_limited"));
        full.Header("Retry-After").ShouldBe("30");
        (await nobody.GetAsync(path)).Ok();
        await streams[0].DisposeAsync();
        SseReader? next = null;
        await Patience.UntilAsync(async () =>
        {
            try
            {
                next = await nobody.StreamAsync(HttpMethod.Get, path + "/events");
                return true;
            }
            catch (InvalidOperationException)
            {
                return false; // it is full still
            }
        }, "there is room again");
        (await next!.NextAsync())!.Type.ShouldBe("reset");
        await socket.SendAsync(new { type = "ping" });
        await socket.NextAsync("pong");
        foreach (var stream in streams.Skip(1).Append(next))
            await stream.DisposeAsync();
    }

    [Theory]
    [InlineData("share")]
    [InlineData("chat")]
    [InlineData("account")]
    [InlineData("disabled")]
    [InlineData("expired")]
    public async Task An_open_stream_ends_with_its_share_while_a_reply_goes_on(string what)
    {
        var time = new ShiftedTime();
        await using var app = await LiveApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        await using var viewer = await SharedViewer.OpenAsync(app.App, ada);
        string[] words = [.. Enumerable.Repeat("word ", 3_000), "the end"];
        await ada.AskForAsync(viewer.Chat, app.Play(FakeReply.Paced(TimeSpan.FromMilliseconds(50), words)));
        await viewer.NextAsync("message.snapshot");

        await (what switch
        {
            "share" => ada.DeleteAsync($"/shares/{viewer.ShareId}"),
            "chat" => ada.DeleteAsync($"/chats/{viewer.Chat}"),
            "account" => ada.DeleteAsync("/users/me"),
            "expired" => Task.FromResult(time.Shift = TimeSpan.FromHours(25)),
            _ => (Task)ShareTests.CommandAsync(app.App, "disable-user", ada.Username),
        });
        await viewer.EndAsync();

        viewer.Frames.ShouldAllBe(x => !x.ToString().Contains("the end"), "the reply takes minutes");
        (await viewer.Client.GetAsync(viewer.Path)).ShouldBeNoShare();
        (await viewer.Client.GetAsync(viewer.Path + "/events")).ShouldBeNoShare();
    }

    [Fact]
    public async Task A_snapshot_has_no_events_and_a_stream_no_HEAD()
    {
        using var ada = await live.RegisterAsync();
        using var nobody = live.App.Anonymous();
        var chat = await ada.CreateChatAsync();
        var (snapshot, follows) = (await ada.ShareAsync(chat), await ada.ShareAsync(chat, new { live = true }));

        (await nobody.GetAsync(snapshot + "/events")).ShouldBeNoShare();
        (await nobody.GetAsync($"/shared/{new string('A', 22)}/events")).ShouldBeNoShare();
        (await nobody.SendAsync(HttpMethod.Head, follows + "/events")).Status.ShouldBe(405);
        (await nobody.SendAsync(HttpMethod.Head, follows)).Status.ShouldBe(200);
    }
}
