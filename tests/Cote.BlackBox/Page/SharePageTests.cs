using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>A chat that is shown to whoever has its link.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class SharePageTests(PageServer server)
{
    [Fact]
    public async Task A_shared_chat_is_read_without_an_account_while_it_grows_until_its_link_is_deleted()
    {
        server.Model.Script = FakeReply.Text("The **first** reply.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Share me");
        var link = await ShareAsync(ada);
        await using var guest = await server.VisitAsync(link.PathAndQuery);
        await Visitor.SaysAsync(guest.Questions, "Share me");
        await Visitor.SaysAsync(guest.Replies, "The first reply.");
        (await guest.Replies.Locator("strong").InnerTextAsync()).ShouldBe("first");

        var gate = new Gate();
        server.Model.Script = FakeReply.Text("Half of it").ThenWaitFor(gate).Then(" and the rest.");
        await ada.SayAsync("Go on");
        await Visitor.SaysAsync(guest.Replies.Last, "Half of it");
        gate.Open();
        await Visitor.SaysAsync(guest.Replies.Last, "Half of it and the rest.");
        await ada.EndedAsync(2);
        await Visitor.CountsAsync(guest.Replies, 2);
        await Visitor.CountsAsync(guest.Questions, 2);

        await ada.GoAsync("settings/shares");
        await ada.Button("Delete this link").ClickAsync();
        await Visitor.CountsAsync(ada.Button("Delete this link"), 0);
        await Visitor.SaysAsync(guest.Page.GetByRole(AriaRole.Main), "This link does not exist, or not any more.");
        await Visitor.CountsAsync(guest.Replies, 0);
        await guest.Page.ReloadAsync();
        await Visitor.SaysAsync(guest.Page.GetByRole(AriaRole.Main), "This link does not exist, or not any more.");
        guest.Complaints.ShouldBeEmpty();
        guest.Asked.Where(x => new Uri(x).Authority != server.Node.Url.Authority).ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_comes_in_the_middle_of_a_reply_sees_it_grow()
    {
        var (gate, end) = (new Gate(), new Gate());
        server.Model.Script = FakeReply.Text("The **first** reply.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Share me");
        var link = await ShareAsync(ada);
        server.Model.Script =
            FakeReply.Text("Half of it").ThenWaitFor(gate).Then(", more").ThenWaitFor(end).Then(" and the rest.");
        await ada.SayAsync("Go on");
        await gate.Reached;

        await using var guest = await server.VisitAsync(link.PathAndQuery);
        await Visitor.SaysAsync(guest.Replies.Last, "Half of it");
        await Visitor.SaysAsync(guest.Replies.Last, "Writing…");
        gate.Open();
        await Visitor.SaysAsync(guest.Replies.Last, "Half of it, more");
        end.Open();

        await Visitor.SaysAsync(guest.Replies.Last, "Half of it, more and the rest.");
        await Visitor.CountsAsync(guest.Page.GetByText("Writing…"), 0);
        await Visitor.CountsAsync(guest.Replies, 2);
        guest.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_comes_while_a_fetch_fails_is_shown_after_the_next_one()
    {
        var (gate, end) = (new Gate(), new Gate());
        server.Model.Script = FakeReply.Text("The **first** reply.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Share me");
        var link = await ShareAsync(ada);
        server.Model.Script = FakeReply.Text("Half of it").ThenWaitFor(gate).Then(", more").ThenWaitFor(end);
        await ada.SayAsync("Go on");
        await gate.Reached;

        // The stream says at its beginning that the chat is to be fetched again; its snapshot of the reply comes once.
        var fetches = 0;
        await using var guest = await server.VisitAsync(link.PathAndQuery, before: page => page.RouteAsync(
            new Regex("/shared/[^/]+$"), x => ++fetches == 2 ? x.AbortAsync() : x.ContinueAsync()));
        await Patience.UntilAsync(() => Task.FromResult(fetches > 2), "it fetches again");
        await Visitor.SaysAsync(guest.Replies.Last, "Writing…");
        gate.Open();

        await Visitor.SaysAsync(guest.Replies.Last, "Half of it, more");
        end.Open();
        await ada.EndedAsync(2);
    }

    /// <summary>Makes a link of the chat that is shown, which follows it.</summary>
    internal static async Task<Uri> ShareAsync(Visitor person)
    {
        await person.Button("Share").ClickAsync();
        await person.Dialog.GetByLabel("New messages too, while they come").CheckAsync();
        await person.Button("Make a link").ClickAsync();
        var link = await person.Dialog.GetByRole(AriaRole.Textbox, new() { Name = "Link" }).InputValueAsync();
        await person.Dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        return new(link);
    }
}
