using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

public sealed class ArchiveTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task An_archived_chat_leaves_the_list_and_a_new_message_does_not_bring_it_back()
    {
        using var ada = await _app.RegisterAsync();
        var (kept, put) = (await ada.CreateChatAsync("kept"), await ada.CreateChatAsync("put away"));
        await using var socket = await ada.ConnectAsync();

        var archived = (await ada.PatchAsync($"/chats/{put}", new { is_archived = true })).Ok();

        archived["is_archived"].ShouldBe("True");
        (await socket.NextAsync("chat.updated")).Data.GetProperty("is_archived").GetBoolean().ShouldBeTrue();
        await ada.EndOfAsync(put, (await ada.AskAsync(put, "Hi")).Text("reply_id"));
        (await IdsAsync(ada, "/chats/")).ShouldBe([kept]);
        (await IdsAsync(ada, "/chats/?archived=false")).ShouldBe([kept]);
        (await IdsAsync(ada, "/chats/?archived=true")).ShouldBe([put]);
        (await ada.GetAsync("/sync")).Ok().Json.GetProperty("chats").EnumerateArray().Select(x => x.Text("id"))
            .ShouldBe([kept, put], ignoreOrder: true);
        (await ada.PatchAsync($"/chats/{put}", """{"is_archived":null}""")).Ok();
        (await IdsAsync(ada, "/chats/")).ShouldBe([put, kept]);
        (await IdsAsync(ada, "/chats/?archived=true")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_of_archived_chats_hold_these_alone()
    {
        using var ada = await _app.RegisterAsync();
        for (var i = 0; i < 6; i++)
            (await ada.PostAsync("/chats/", new { title = $"{i}", is_archived = i % 2 == 0 })).Ok();

        var pages = await ChatTests.PagesAsync(ada, "/chats/?limit=2&archived=true");

        pages.Select(x => string.Concat(x.Select(y => y.Text("title")))).ShouldBe(["42", "0"]);
        (await ChatTests.PagesAsync(ada, "/chats/?limit=2")).SelectMany(x => x).Select(x => x.Text("title"))
            .ShouldBe(["5", "3", "1"]);
    }

    [Fact]
    public async Task A_temporary_chat_is_listed_and_synced_and_in_no_export()
    {
        using var ada = await _app.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", new { title = "secret plans", temporary = true })).Ok()["id"];
        await ada.CreateChatAsync("open plans");
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "whisper")).Text("reply_id"));

        (await ada.GetAsync("/chats/")).Text.ShouldContain("secret plans");
        (await ada.GetAsync("/sync")).Text.ShouldContain("secret plans");
        var export = (await ada.GetAsync("/users/me/export")).Ok().Text;
        export.ShouldContain("open plans");
        export.ShouldNotContain("secret plans");
        export.ShouldNotContain("whisper");
        (await ada.PostAsync($"/chats/{chat}/fork", new { })).ShouldBeNoChat();
        (await ada.PatchAsync($"/chats/{chat}", new { temporary = false })).Ok()["temporary"].ShouldBe("True");
    }

    [Fact]
    public async Task A_temporary_chat_goes_a_day_after_its_last_message_and_one_with_an_open_reply_stays()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        var gate = new Gate();
        app.Model.Answer = x => x.Messages.ToString().Contains("wait", StringComparison.Ordinal)
            ? FakeReply.After(gate).Then("done") : FakeReply.Text("done");
        async Task<string> createAsync(bool temporary) =>
            (await ada.PostAsync("/chats/", new { title = "a", temporary })).Ok()["id"];
        var (idle, open, plain) = (await createAsync(true), await createAsync(true), await createAsync(false));
        await ada.EndOfAsync(idle, (await ada.AskAsync(idle, "Hi")).Text("reply_id"));
        await ada.AskAsync(open, "wait");
        await gate.Reached.InTimeAsync();

        time.Shift = TimeSpan.FromHours(23);
        await app.RestartAsync();
        using var later = await ada.OtherDeviceAsync(app.Url);
        var young = (await later.PostAsync("/chats/", new { title = "b", temporary = true })).Ok()["id"];
        (await later.GetAsync($"/chats/{idle}")).Ok();
        time.Shift = TimeSpan.FromHours(25);
        await app.RestartAsync();

        using var last = await ada.OtherDeviceAsync(app.Url);
        await using var socket = await last.ConnectAsync(await ZeroAsync(last));
        (await socket.NextAsync("chat.deleted")).Data.Text("chat_id").ShouldBe(idle);
        (await IdsAsync(last, "/chats/")).ShouldBe([young, open, plain], ignoreOrder: true);
        gate.Open();
    }

    static async Task<string> ZeroAsync(CoteClient client)
    {
        var cursor = (await client.GetAsync("/sync")).Ok()["cursor"];
        return cursor[..(cursor.IndexOf('-', StringComparison.Ordinal) + 1)] + "0";
    }

    static async Task<IEnumerable<string>> IdsAsync(CoteClient client, string path) =>
        (await client.GetAsync(path)).Ok().Json.EnumerateArray().Select(x => x.Text("id")).ToList();
}
