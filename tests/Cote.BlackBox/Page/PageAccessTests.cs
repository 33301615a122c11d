using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>axe-core has no serious or critical findings in any state of the page, light and dark.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class PageAccessTests(PageServer server)
{
    readonly List<string> _findings = [];

    [Fact]
    public async Task The_page_has_no_serious_findings_in_any_state()
    {
        server.Model.Script = FakeReply.Text(PageTexts.Rich);
        await using var ada = await server.VisitAsync(options: Still);
        await CheckAsync(ada, "login");
        await ada.RegisterAsync(server.NameOf("ada"));
        await CheckAsync(ada, "empty chat");
        await ada.AskAsync("How do doves find home?");
        await CheckAsync(ada, "reply");
        await ada.Button("Settings of this chat").ClickAsync();
        await ada.Dialog.GetByLabel("System prompt").WaitForAsync();
        await CheckAsync(ada, "settings of a chat");
        await ada.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await ada.Button("Share").ClickAsync();
        await ada.Button("Make a link").WaitForAsync();
        await CheckAsync(ada, "share");
        await ada.Button("Make a link").ClickAsync();
        var link = new Uri(await ada.Dialog.GetByRole(AriaRole.Textbox, new() { Name = "Link" }).InputValueAsync());
        await ada.Dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await ada.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" }).FillAsync("magnetic");
        await ada.Chats.Locator("mark").First.WaitForAsync();
        await CheckAsync(ada, "search");
        await ada.Button("Clear the search").ClickAsync();
        await ada.AskAsync("Think", "demo/thinks");
        await ada.Replies.GetByText("Thought").First.ClickAsync();
        await CheckAsync(ada, "thought");
        await ada.Button("New chat").ClickAsync();
        await ada.ChooseAsync("demo/approval");
        await ada.SayAsync("Note the milk");
        await ada.Button("Approve").WaitForAsync();
        await CheckAsync(ada, "call that waits");
        await ada.GoAsync("settings/usage");
        await ada.Page.GetByRole(AriaRole.Table).WaitForAsync();
        await CheckAsync(ada, "usage");
        await ada.Page.SetViewportSizeAsync(390, 780);
        await ada.GoAsync("");
        await ada.Button("Show the list of chats").ClickAsync();
        await Assertions.Expect(ada.Button("New chat")).ToBeInViewportAsync();
        await CheckAsync(ada, "list on a phone");

        await using var guest = await server.VisitAsync(link.PathAndQuery, Still);
        await guest.Replies.WaitForAsync();
        await CheckAsync(guest, "shared chat");
        _findings.ShouldBeEmpty();
    }

    static BrowserNewContextOptions Still => new() { ReducedMotion = ReducedMotion.Reduce };

    async Task CheckAsync(Visitor person, string state)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await person.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            var found = await person.Page.RunAxe();
            found.Passes.ShouldNotBeEmpty();
            _findings.AddRange(found.Violations.Where(x => x.Impact is "serious" or "critical")
                .Select(x => $"{state}, {scheme}: {x.Id} at " + string.Join(" | ", x.Nodes.Select(y => y.Html))));
        }
    }
}
