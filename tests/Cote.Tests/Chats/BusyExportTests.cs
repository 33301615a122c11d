using Cote.Chats;
using Cote.Tests.Chats.Import;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

/// <summary>Exports that are made while their chats are used.</summary>
public sealed class BusyExportTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task What_follows_a_reply_without_text_follows_it_in_an_export_too()
    {
        using var ada = await live.App.RegisterAsync();
        using var bob = await live.App.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var (q1, r1) = await ada.AskForAsync(chat, live.Play(FakeReply.After(gate).Then("one")));
        var (q2, r2) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("two")));

        var export = (await ada.GetAsync($"/chats/{chat}/export")).Ok();

        gate.Open();
        var messages = export.Json.GetProperty("chats")[0].GetProperty("messages").EnumerateArray().ToList();
        messages.Select(x => (x.Text("id"), x.GetProperty("parent_id").ToString()))
            .ShouldBe([(q1, ""), (r1, q1), (q2, r1), (r2, q2)]);
        (messages[1].Text("content"), messages[1].Text("generation", "state")).ShouldBe(("", "running"));
        (await bob.ImportAsync(export.Text)).Ok().Json.Skipped().ShouldBe("");
        var theirs = await bob.MessagesAsync((await bob.ChatsAsync()).Single().Text("id"));
        theirs.Select(x => x.Text("sender")).ShouldBe(["user", "ai", "user", "ai"]);
        theirs.Skip(1).Select(x => x.Text("parent_id")).ShouldBe(theirs.SkipLast(1).Select(x => x.Text("id")));
        theirs.Where(x => x.Text("sender") == "ai").Select(x => x.Text("generation", "state"))
            .ShouldAllBe(x => x == "interrupted");
        await ada.EndOfAsync(chat, r2);
    }

    [Fact]
    public async Task A_chat_that_is_used_between_two_pages_is_on_one_of_them()
    {
        IServiceProvider services = null!;
        await using var app = await CoteApp.StartAsync(x => x.Map(routes => services = routes.ServiceProvider));
        using var ada = await app.RegisterAsync();
        string[] made = [await ada.CreateChatAsync(), await ada.CreateChatAsync(), await ada.CreateChatAsync()];
        var chats = services.GetRequiredService<ChatStore>();

        var first = await chats.ListAllAsync(ada.Id, null, 2, CancellationToken.None);
        await ada.TurnAsync(made[0], "It moves to the top.");
        (await ada.PatchAsync($"/chats/{made[2]}", new { is_archived = true })).Ok();
        var rest = await chats.ListAllAsync(ada.Id, first[^1].Id, 2, CancellationToken.None);

        first.Concat(rest).Select(x => x.Id).ShouldBe(made.Reverse());
    }
}
