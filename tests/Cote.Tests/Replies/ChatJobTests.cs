using Cote.Tests.Harness;

namespace Cote.Tests.Replies;

/// <summary>What is asked for of all chats at once.</summary>
public sealed class ChatJobTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Theory]
    [InlineData("true", "kept")]
    [InlineData("false", "archived")]
    public async Task All_archived_chats_or_all_others_are_deleted_with_an_event_each(string which, string left)
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var others = await eve.CreateChatAsync("eve's");
        foreach (var isArchived in new[] { true, false, true, false })
            (await ada.PostAsync("/chats/",
                new { title = isArchived ? "archived" : "kept", is_archived = isArchived })).Ok();
        await using var socket = await ada.ConnectAsync();

        var accepted = await ada.DeleteAsync($"/chats/?archived={which}");

        (accepted.Status, accepted.Text).ShouldBe((202, """{"success":true}"""));
        await socket.NextAsync("chat.deleted");
        await socket.NextAsync("chat.deleted");
        (await TitlesAsync(ada)).ShouldBe([left, left]);
        (await eve.GetAsync($"/chats/{others}")).Ok();
        (await ada.DeleteAsync($"/chats/?archived={which}")).Status.ShouldBe(202, "there is nothing left to do");
    }

    [Fact]
    public async Task All_chats_are_archived_and_what_is_made_or_taken_back_afterwards_is_left_alone()
    {
        using var ada = await _app.RegisterAsync();
        var chats = new List<string>();
        for (var i = 0; i < 5; i++)
            chats.Add(await ada.CreateChatAsync($"{i}"));
        await using var socket = await ada.ConnectAsync();

        (await ada.PostAsync("/chats/archive")).Status.ShouldBe(202);
        var young = await ada.CreateChatAsync("young");
        for (var i = 0; i < 5; i++)
            (await socket.NextAsync("chat.updated")).Data.GetProperty("is_archived").GetBoolean().ShouldBeTrue();

        (await TitlesAsync(ada, "/chats/")).ShouldBe(["young"]);
        (await ada.PatchAsync($"/chats/{chats[0]}", new { is_archived = false })).Ok();
        (await ada.DeleteAsync("/chats/?archived=true")).Status.ShouldBe(202);
        (await ada.PatchAsync($"/chats/{young}", new { is_archived = true })).Ok();
        for (var i = 0; i < 4; i++)
            await socket.NextAsync("chat.deleted");
        (await TitlesAsync(ada)).ShouldBe(["0", "young"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("/chats/", "query.archived missing")]
    [InlineData("/chats", "query.archived missing")]
    [InlineData("/chats/?archived=all", "query.archived bool_parsing")]
    [InlineData("/chats/?archived=", "query.archived bool_parsing")]
    public async Task Which_chats_go_must_be_said(string path, string wrong)
    {
        using var ada = await _app.RegisterAsync();
        await ada.CreateChatAsync("kept");

        (await ada.DeleteAsync(path)).ShouldBeWrong(wrong);

        (await TitlesAsync(ada)).ShouldBe(["kept"]);
    }

    [Fact]
    public async Task An_open_reply_ends_with_its_chat()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("some").ThenWaitFor(new Gate()));
        await ada.AskForAsync(chat, play);
        var call = await play.NextCallAsync();

        (await ada.DeleteAsync("/chats/?archived=false")).Status.ShouldBe(202);

        await call.Closed.InTimeAsync();
        (await ada.GetAsync($"/chats/{chat}")).ShouldBeNoChat();
    }

    [Fact]
    public async Task A_restart_in_the_middle_goes_on_where_it_was()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(x => ada.CreateChatAsync($"{x}")));
        await using (var socket = await ada.ConnectAsync())
        {
            (await ada.DeleteAsync("/chats/?archived=false")).Status.ShouldBe(202);
            await socket.NextAsync("chat.deleted");
            await app.RestartAsync();
        }
        using var again = new CoteClient(app.Url) { Token = ada.Token };
        var young = await again.CreateChatAsync("young");

        await Patience.UntilAsync(
            async () => (await TitlesAsync(again)).SequenceEqual(["young"]), "all but the youngest are gone");
        await Patience.UntilAsync(
            async () => (await app.RowsAsync())["chat_jobs"].Count == 0, "the job is done");
        (await again.GetAsync($"/chats/{young}")).Ok();
    }

    static async Task<List<string>> TitlesAsync(CoteClient client, string? path = null) => path is not null
        ? [.. (await client.GetAsync(path)).Ok().Json.EnumerateArray().Select(x => x.Text("title"))]
        : [.. (await client.GetAsync("/sync")).Ok().Json.GetProperty("chats").EnumerateArray()
            .Select(x => x.Text("title"))];
}
