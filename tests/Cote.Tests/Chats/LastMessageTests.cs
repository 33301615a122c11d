using System.Text.Json;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

public sealed class LastMessageTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_chat_shows_what_was_sent_or_ended_last_and_never_a_checkpoint()
    {
        var gate = new Gate();
        await using var app = await CoteApp.StartAsync();
        app.Model.Enqueue(FakeReply.Text("Hel").ThenWaitFor(gate).Then("lo"));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();

        var question = await ada.AskAsync(chat, "Hi");
        (await ShownAsync(ada, chat)).ShouldBe(("Hi", question.Text("timestamp"), 2));
        await socket.NextAsync("message.status", x => x.Data.Text("status") == "read"); // a checkpoint was written
        (await ShownAsync(ada, chat)).ShouldBe(("Hi", question.Text("timestamp"), 2));
        var second = await ada.AskAsync(chat, "And?");
        (await ShownAsync(ada, chat)).ShouldBe(("And?", second.Text("timestamp"), 4));
        gate.Open();
        var reply = await socket.EndOfAsync(question.Text("reply_id"));
        var last = await socket.EndOfAsync(second.Text("reply_id"));

        reply.Text("content").ShouldBe("Hello");
        (await ShownAsync(ada, chat)).ShouldBe(("Hello world", last.Text("timestamp"), 4));
    }

    [Fact]
    public async Task A_new_version_that_stops_others_moves_its_chat_by_no_message_that_is_deleted()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/instant");
        var first = await ada.AskAsync(chat, "One");
        await ada.EndOfAsync(chat, first.Text("reply_id"));
        var other = await ada.CreateChatAsync();
        var second = await ada.AskAsync(chat, "Two");
        await ada.EndOfAsync(chat, second.Text("reply_id"));
        (await ada.DeleteAsync($"/chats/{chat}/messages/{second.Text("id")}")).Ok();
        (await orderAsync()).ShouldBe([other, chat]);

        (await ada.PatchAsync($"/chats/{chat}", new { model = "demo/stall" })).Ok();
        (await ada.PostAsync(
            $"/chats/{chat}/messages/{first.Text("reply_id")}/regenerate", new { stop = true })).Ok();

        (await orderAsync()).ShouldBe([other, chat]);
        (await ada.PostAsync($"/chats/{chat}/stop", new { })).Ok();

        async Task<List<string>> orderAsync() =>
            [.. (await ada.GetAsync("/chats/")).Ok().Json.EnumerateArray().Select(x => x.Text("id"))];
    }

    [Theory]
    [InlineData(499, "😀", 499)]
    [InlineData(498, "😀", 500)]
    [InlineData(499, "漢", 500)]
    [InlineData(0, "😀", 500)]
    [InlineData(1, "😀", 499)]
    public async Task It_shows_the_first_500_units_and_never_half_a_pair(int before, string letter, int length)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var content = new string('a', before) + string.Concat(Enumerable.Repeat(letter, 600));
        await EndedAsync(ada, chat, "first");

        var question = await ada.AskAsync(chat, content);
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("reply_id")}")).Ok();

        var shown = await ShownAsync(ada, chat);
        shown.Content.ShouldBe(content[..length]);
        shown.Time.ShouldBe(question.Text("timestamp"));
        (await ada.GetAsync("/chats/")).Json[0].Text("last_message_content").ShouldBe(content[..length]);
    }

    [Fact]
    public async Task Times_in_a_chat_never_go_back_though_the_clock_does()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "before")).Text("reply_id"));
        var moved = (await ada.GetAsync($"/chats/{chat}")).Json.Text("last_message_time");

        time.Shift = TimeSpan.FromMinutes(-10); // the clock of another node, or one that was set
        await ada.EndOfAsync(chat, (await ada.AskAsync(chat, "after")).Text("reply_id"));

        var times = (await ada.MessagesAsync(chat)).Select(x => x.Text("timestamp")).ToList();
        times.Count.ShouldBe(4);
        times.ShouldBe(times.Order(StringComparer.Ordinal));
        var last = (await ada.GetAsync($"/chats/{chat}")).Json.Text("last_message_time");
        string.CompareOrdinal(last, moved).ShouldBeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task After_a_deletion_it_shows_the_one_before_and_of_nothing_its_own_beginning()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var created = (await ada.GetAsync($"/chats/{chat}")).Json.Text("created_at");
        var (one, oneReply) = await EndedAsync(ada, chat, "one");
        var (two, _) = await EndedAsync(ada, chat, "two");
        var newer = await ada.CreateChatAsync();

        (await ada.DeleteAsync($"/chats/{chat}/messages/{two.Text("id")}")).Ok();
        (await ShownAsync(ada, chat)).ShouldBe(("Hello world", oneReply.Text("timestamp"), 4));
        (await ada.DeleteAsync($"/chats/{chat}/messages/{oneReply.Text("id")}")).Ok();
        (await ShownAsync(ada, chat)).ShouldBe(("one", one.Text("timestamp"), 4));
        (await ada.DeleteAsync($"/chats/{chat}/messages/{one.Text("id")}")).Ok();
        (await ShownAsync(ada, chat)).ShouldBe(("", created, 4));
        (await ada.GetAsync("/chats/")).Json.EnumerateArray().Select(x => x.Text("id")).ShouldBe([newer, chat]);
    }

    static async Task<(string Content, string Time, long LastSeq)> ShownAsync(CoteClient client, string chat)
    {
        var json = (await client.GetAsync($"/chats/{chat}")).Ok().Json;
        return (json.Text("last_message_content"), json.Text("last_message_time"), json.Number("last_seq"));
    }

    static async Task<(JsonElement Question, JsonElement Reply)> EndedAsync(
        CoteClient client, string chat, string content)
    {
        var question = await client.AskAsync(chat, content);
        return (question, await client.EndOfAsync(chat, question.Text("reply_id")));
    }
}
