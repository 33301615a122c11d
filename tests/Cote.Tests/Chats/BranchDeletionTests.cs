using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>What a deletion does to the tree.</summary>
public sealed class BranchDeletionTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task A_question_takes_all_its_versions_of_a_reply_and_what_followed_follows_its_parent()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, "two");
        var (q3, r3) = await ada.TurnAsync(chat, "three");
        var r2b = await ada.AnewAsync(chat, q2);
        var (q4, r4) = await ada.TurnAsync(chat, "four");
        await using var socket = await ada.ConnectAsync();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{q2}")).Ok();

        var path = await socket.NextAsync("chat.path");
        socket.All.Where(x => x.Type == "message.deleted").Select(x => x.MessageId)
            .ShouldBe([q2, r2, r2b], ignoreOrder: true);
        socket.All.Durable().Select(x => x.Type).Where(x => x != "message.status").ShouldBe(
            ["message.deleted", "message.deleted", "message.deleted", "chat.path"]);
        path.Data.Number("after_seq").ShouldBe(2, "q4 has become a version of q3");
        var all = await ada.BranchesAsync(chat);
        all.Select(x => (x.Text("id"), x.GetProperty("parent_id").ToString(), x.Versions(), x.IsOnPath())).ShouldBe(
        [
            (q1, "", null, true), (r1, q1, null, true), (q3, r1, "1/2", false), (r3, q3, null, false),
            (q4, r1, "2/2", true), (r4, q4, null, true),
        ]);
        (await ada.PathAsync(chat)).ShouldBe([q1, r1, q4, r4]);
    }

    [Fact]
    public async Task The_first_question_leaves_what_followed_at_the_beginning()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, _) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, "two");
        await using var socket = await ada.ConnectAsync();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{q1}")).Ok();
        (await ada.PatchAsync($"/chats/{chat}", new { title = "end" })).Ok();
        await socket.NextAsync("chat.updated");

        socket.All.ShouldAllBe(x => x.Type != "chat.path", "nothing else changed");
        (await ada.MessageAsync(chat, q2)).GetProperty("parent_id").ToString().ShouldBe("");
        (await ada.PathAsync(chat)).ShouldBe([q2, r2]);
    }

    [Fact]
    public async Task Where_the_leaf_goes_the_newest_below_its_nearest_ancestor_takes_its_place()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, live.Play(FakeReply.Text("the first")).Question);
        var (q3, _) = await ada.TurnAsync(chat, "two!", new { version_of = q2 });
        await using var socket = await ada.ConnectAsync();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{q3}")).Ok();
        var path = await socket.NextAsync("chat.path");
        (path.Data.Text("leaf_id"), path.Data.Number("after_seq"), path.Data.Text("last_message_content"))
            .ShouldBe((r2, 2, "the first"));
        (await ada.PathAsync(chat)).ShouldBe([q1, r1, q2, r2]);
        (await ada.MessageAsync(chat, q2)).Versions().ShouldBeNull();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{r2}")).Ok();
        path = await socket.NextAsync("chat.path");
        (path.Data.Text("leaf_id"), path.Data.Number("after_seq")).ShouldBe((q2, 3), "the new leaf's own seq");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{q2}")).Ok();
        (await ada.DeleteAsync($"/chats/{chat}/messages/{q1}")).Ok();
        await socket.NextAsync("chat.path");
        path = await socket.NextAsync("chat.path");
        (path.Data.GetProperty("leaf_id").ToString(), path.Data.Number("after_seq"),
            path.Data.Text("last_message_content")).ShouldBe(("", 0, ""));
        (await ada.PathAsync(chat)).ShouldBeEmpty();
        var next = await ada.TurnAsync(chat, "again");
        (await ada.MessageAsync(chat, next.Question)).GetProperty("parent_id").ToString().ShouldBe("");
    }

    [Fact]
    public async Task Where_no_ancestor_lives_the_newest_of_the_chat_is_the_leaf()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var (q2, r2) = await ada.TurnAsync(chat, "one!", new { version_of = q1 });
        (await ada.SwitchAsync(chat, r1)).Ok();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{q1}")).Ok();

        (await ada.PathAsync(chat)).ShouldBe([q2, r2]);
        (await ada.ChatAsync(chat)).Text("leaf_id").ShouldBe(r2);
    }

    [Fact]
    public async Task A_version_beside_the_path_goes_and_the_others_count_anew()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (q1, r1) = await ada.TurnAsync(chat, "one");
        var r2 = await ada.AnewAsync(chat, q1);
        var r3 = await ada.AnewAsync(chat, q1);
        await using var socket = await ada.ConnectAsync();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{r1}")).Ok();

        (await socket.NextAsync("chat.path")).Data.Number("after_seq").ShouldBe(1);
        (await ada.MessagesAsync(chat))[1].Versions().ShouldBe("2/2");
        (await ada.MessageAsync(chat, r2)).Versions().ShouldBe("1/2");
        (await ada.MessageAsync(chat, r3)).IsOnPath().ShouldBeTrue();
    }

    [Fact]
    public async Task Open_versions_are_stopped_wherever_they_are()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var never = new Gate();
        var play = live.Play(FakeReply.Text("one"), FakeReply.Text("so far").ThenWaitFor(never));
        var (q1, _) = await ada.TurnAsync(chat, play.Question);
        await play.NextCallAsync();
        var open = (await ada.RegenerateAsync(chat, q1)).Ok()["id"];
        var call = await play.NextCallAsync();
        var (q2, r2) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("two")));

        (await ada.DeleteAsync($"/chats/{chat}/messages/{q1}")).Ok();

        await call.Closed.InTimeAsync();
        (await ada.EndOfAsync(chat, r2)).Text("content").ShouldBe("two");
        (await ada.GetAsync($"/chats/{chat}/messages/{open}")).ShouldBeNoMessage();
        (await ada.PathAsync(chat)).ShouldBe([q2, r2]);
    }
}
