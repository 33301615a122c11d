using Cote.Tests.Chats.Import;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

/// <summary>An export that is made while replies are made.</summary>
public sealed class OpenReplyExportTests(LiveApp live) : IClassFixture<LiveApp>
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
}
