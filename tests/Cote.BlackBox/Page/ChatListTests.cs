using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>The list of chats: found, put away, called otherwise, kept on top, deleted.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class ChatListTests(PageServer server)
{
    [Fact]
    public async Task Chats_are_found_archived_renamed_pinned_and_deleted()
    {
        server.Model.Script = FakeReply.Text("The kestrel hovers over the meadow.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Which bird hovers?");
        var bird = ada.Page.Url;
        server.Model.Script = FakeReply.Text("An oak lives for centuries.");
        await ada.AskAsync("Which tree is old?");

        // A hit leads to the message that it was found in.
        var search = ada.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" });
        await search.FillAsync("kestrel");
        var hit = ada.Page.GetByRole(AriaRole.Region, new() { Name = "Search results" }).GetByRole(AriaRole.Link);
        await Visitor.CountsAsync(hit, 1);
        (await hit.Locator("mark").InnerTextAsync()).ShouldBe("kestrel");
        (await hit.GetAttributeAsync("href"))!.ShouldStartWith(new Uri(bird).Fragment + "/m/");
        await hit.ClickAsync();
        await Visitor.SaysAsync(ada.Replies, "The kestrel hovers");
        ada.Page.Url.ShouldStartWith(bird);
        await Assertions.Expect(ada.Replies).ToBeInViewportAsync();
        await search.FillAsync("");

        await ada.ChooseAsync("Which bird hovers?", "Rename");
        var title = ada.Page.GetByRole(AriaRole.Textbox, new() { Name = "Title" });
        await title.FillAsync("Falcons");
        await title.PressAsync("Enter");
        await Visitor.CountsAsync(Row(ada, "Falcons"), 1);
        await Visitor.CountsAsync(Row(ada, "Which bird hovers?"), 0);

        await ada.ChooseAsync("Falcons", "Pin");
        await Visitor.CountsAsync(Row(ada, "Falcons").GetByRole(AriaRole.Img, new() { Name = "pinned" }), 1);
        await Visitor.SaysAsync(ada.Chats.GetByRole(AriaRole.Link).First, "Falcons");

        await ada.ChooseAsync("Which tree is old?", "Archive");
        await Visitor.CountsAsync(Row(ada, "Which tree is old?"), 0);
        await ada.Button("Archived chats").ClickAsync();
        var archive = ada.Page.GetByRole(AriaRole.Navigation, new() { Name = "Archived chats" });
        await Visitor.CountsAsync(archive.GetByRole(AriaRole.Link), 1);
        await ada.ChooseAsync("Which tree is old?", "Unarchive");
        await Visitor.CountsAsync(archive.GetByRole(AriaRole.Link), 0);
        await ada.Button("All chats").ClickAsync();
        await Visitor.CountsAsync(Row(ada, "Which tree is old?"), 1);

        await ada.ChooseAsync("Which tree is old?", "Delete");
        await ada.Dialog.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Visitor.CountsAsync(Row(ada, "Which tree is old?"), 0);

        // The server says the same.
        await ada.Page.ReloadAsync();
        await Visitor.CountsAsync(ada.Chats.GetByRole(AriaRole.Link), 1);
        await Visitor.CountsAsync(Row(ada, "Falcons").GetByRole(AriaRole.Img, new() { Name = "pinned" }), 1);
        ada.Complaints.ShouldBeEmpty();
    }

    static ILocator Row(Visitor person, string title) =>
        person.Chats.GetByRole(AriaRole.Link).Filter(new() { HasText = title });
}
