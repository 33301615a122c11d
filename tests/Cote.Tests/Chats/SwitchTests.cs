using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary><c>PUT /chats/{chat_id}/leaf</c>.</summary>
public sealed class SwitchTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task A_switch_changes_the_path_and_the_excerpt_and_neither_time_nor_place()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("old")).Question);
        var (q2, r2) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("new")).Question, new { version_of = q1 });
        var later = await ada.CreateChatAsync("later");
        await ada.TurnAsync(later, "hi");
        var before = await ada.ChatAsync(chat);
        await using var socket = await ada.ConnectAsync();

        var switched = (await ada.SwitchAsync(chat, q1.ToUpperInvariant())).Ok().Json;

        (switched.Text("leaf_id"), switched.Text("last_message_content")).ShouldBe((r1, "old"));
        switched.Text("last_message_time").ShouldBe(before.Text("last_message_time"));
        switched.Number("changed").ShouldBeGreaterThan(before.Number("changed"));
        (await ada.GetAsync("/chats/")).Ok().Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([later, chat]);
        (await ada.PathAsync(chat)).ShouldBe([q1, r1]);
        var path = await socket.NextAsync("chat.path");
        (path.Data.Text("leaf_id"), path.Data.Number("after_seq"), path.Data.Text("last_message_content"))
            .ShouldBe((r1, 0, "old"));
        (await ada.SwitchAsync(chat, r1)).Ok(); // it is active already
        (await ada.SwitchAsync(chat, r2)).Ok();
        await socket.NextAsync("chat.path");
        socket.All.Count(x => x.Type == "chat.path").ShouldBe(2, "what changes nothing is no event");
        (await ada.PathAsync(chat)).ShouldBe([q2, r2]);
    }

    [Fact]
    public async Task A_path_goes_on_where_it_was_left_else_to_the_newest()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (_, r2) = await ada.TurnAsync(chat, "two");
        var (_, r3) = await ada.TurnAsync(chat, "two, again", new { parent_id = r1 });
        (await ada.SwitchAsync(chat, r2)).Ok();
        var (_, r4) = await ada.TurnAsync(chat, "one!", new { version_of = q1 });

        (await ada.SwitchAsync(chat, q1)).Ok().Json.Text("leaf_id").ShouldBe(r2, "left last, though an older one");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{r2}")).Ok();
        (await ada.SwitchAsync(chat, r4)).Ok();
        (await ada.SwitchAsync(chat, r3)).Ok().Json.Text("leaf_id").ShouldBe(r3);
    }

    [Fact]
    public async Task Nothing_is_switched_in_a_chat_that_is_deleted()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, _) = await ada.TurnAsync(chat, "one");
        await ada.TurnAsync(chat, "one!", new { version_of = q1 });
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        await Patience.UntilAsync(async () => await _app.CountAsync(
            $"select count(*) from messages where chat_id = '{chat}' and deleted_at is null") == 0, "they are blanked");
        // As before that.
        await _app.WriteAsync($"update messages set deleted_at = null where chat_id = '{chat}'");

        (await ada.SwitchAsync(chat, q1)).ShouldBeProblem(404, "chat_not_found", "Chat not found");
    }

    [Fact]
    public async Task A_choice_holds_on_every_device_and_after_a_restart()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (_, r2) = await ada.TurnAsync(chat, "one!", new { version_of = q1 });
        (await ada.SwitchAsync(chat, r1)).Ok();
        await app.RestartAsync();
        using var again = new CoteClient(app.Url) { Token = ada.Token };

        (await again.PathAsync(chat)).ShouldBe([q1, r1]);
        var sync = (await again.GetAsync("/sync")).Ok().Json;
        sync.GetProperty("chats")[0].Text("leaf_id").ShouldBe(r1);
        (await again.TurnAsync(chat, "two")).Reply.ShouldNotBe(r2);
        (await again.PathAsync(chat)).Length.ShouldBe(4);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_switched_to()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, _) = await ada.TurnAsync(chat, "one!", new { version_of = q1 });
        (await ada.DeleteAsync($"/chats/{chat}/messages/{q2}")).Ok();

        (await ada.SwitchAsync(chat, q2)).ShouldBeWrong("body.message_id value_error");
        (await ada.SwitchAsync(chat, Guid.CreateVersion7().ToString())).ShouldBeWrong("body.message_id value_error");
        (await ada.PutAsync($"/chats/{chat}/leaf", new { })).ShouldBeWrong("body.message_id missing");
        (await ada.PutAsync($"/chats/{chat}/leaf", new { message_id = 7 }))
            .ShouldBeWrong("body.message_id string_type");
        (await ada.SwitchAsync("nonsense", q1)).ShouldBeNoChat();
        (await eve.SwitchAsync(chat, q1)).ShouldBeNoChat();
        (await eve.GetAsync($"/chats/{chat}/messages/{q1}/siblings")).ShouldBeNoMessage();
        (await ada.GetAsync($"/chats/{chat}/messages/{q2}/siblings")).ShouldBeNoMessage();
        (await ada.GetAsync($"/chats/{chat}/messages/?branches=some")).ShouldBeWrong("query.branches value_error");
        (await ada.PathAsync(chat)).ShouldBe([q1, r1], "a deletion of the leaf leads to what is left");
    }

    [Fact]
    public async Task A_reply_that_is_left_while_it_streams_goes_on_and_ends_beside_the_path()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("old")).Question);
        var gate = new Gate();
        await using var socket = await ada.ConnectAsync();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(gate).Then(", done"));
        var sent = (await ada.PostAsync(
            $"/chats/{chat}/messages/", new { content = play.Question, version_of = q1 })).Ok();
        await socket.ShowsAsync(sent["reply_id"], "so far");

        (await ada.SwitchAsync(chat, r1)).Ok();
        await socket.NextAsync("chat.path");
        await using var late = await ada.ConnectAsync();
        var snapshot = await late.NextAsync("message.snapshot");
        var running = (await ada.GetAsync("/sync")).Ok().Json.GetProperty("running")[0];
        gate.Open();
        var end = await socket.EndOfAsync(sent["reply_id"]);

        snapshot.Data.GetProperty("on_path").GetBoolean().ShouldBeFalse();
        snapshot.Data.Text("parent_id").ShouldBe(sent["id"]);
        running.GetProperty("on_path").GetBoolean().ShouldBeFalse();
        (end.Text("content"), end.IsOnPath()).ShouldBe(("so far, done", false));
        var chatNow = await ada.ChatAsync(chat);
        (chatNow.Text("last_message_content"), chatNow.Text("leaf_id")).ShouldBe(("old", r1));
        chatNow.Text("last_message_time").ShouldBe(end.Text("timestamp"), "the time follows it on whatever path");
        (await ada.PathAsync(chat)).ShouldBe([q1, r1]);
    }

    [Fact]
    public async Task A_client_that_was_away_over_ten_switches_ends_with_the_path_of_now()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, "one!", new { version_of = q1 });
        var cursor = (await ada.GetAsync("/events")).Ok()["cursor"];
        for (var i = 0; i < 10; i++)
            (await ada.SwitchAsync(chat, i % 2 == 0 ? r1 : r2)).Ok();
        var (q3, r3) = await ada.TurnAsync(chat, "two");

        await using var socket = await ada.ConnectAsync(cursor);
        await socket.EndOfAsync(r3);

        var paths = socket.All.Where(x => x.Type == "chat.path").ToList();
        paths.Count.ShouldBe(10);
        paths.ShouldAllBe(x => x.Data.Number("after_seq") == 0 && x.Data.Text("leaf_id") == r3, "as of the writing");
        (await ada.PathAsync(chat)).ShouldBe([q2, r2, q3, r3]);
    }
}
