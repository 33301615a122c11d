using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>The page without a mouse.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class KeyboardTests(PageServer server)
{
    [Fact]
    public async Task One_writes_sends_stops_and_searches_with_keys()
    {
        var gate = new Gate();
        server.Model.Script = FakeReply.Text("It goes on.").ThenWaitFor(gate).Then(" The end.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.Message.FocusAsync();
        var keys = ada.Page.Keyboard;
        await keys.TypeAsync("One line");
        await keys.PressAsync("Shift+Enter");
        await keys.TypeAsync("and another");
        await Assertions.Expect(ada.Message).ToHaveValueAsync("One line\nand another");
        await Visitor.CountsAsync(ada.Questions, 0);
        await keys.PressAsync("Enter");
        await Visitor.SaysAsync(ada.Replies, "It goes on.");
        (await ada.Questions.Locator(".bubble").InnerTextAsync()).ShouldBe("One line\nand another");

        await keys.PressAsync("Escape");
        await ada.EndedAsync(1);
        gate.Open();
        await Visitor.SaysAsync(ada.Replies, "Stopped.");
        (await ada.Replies.InnerTextAsync()).ShouldNotContain("The end.");

        await keys.PressAsync("Control+k");
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" })).ToBeFocusedAsync();
        await keys.TypeAsync("line");
        await Visitor.CountsAsync(ada.Page.GetByRole(AriaRole.Region, new() { Name = "Search results" })
            .Locator("mark").First, 1);
        await keys.PressAsync("Escape");
        await keys.PressAsync("Control+Shift+o");
        await Assertions.Expect(ada.Message).ToBeFocusedAsync();
        await Visitor.CountsAsync(ada.Questions, 0);
        ada.Complaints.ShouldBeEmpty();
    }
}
