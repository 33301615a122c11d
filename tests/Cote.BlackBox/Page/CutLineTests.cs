using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>The page behind a line that is cut.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class CutLineTests(PageServer server)
{
    [Fact]
    public async Task A_line_that_is_cut_in_mid_reply_loses_and_doubles_nothing()
    {
        await using var proxy = new CuttingProxy(server.Node.Url.Port);
        var gates = Enumerable.Range(0, 3).Select(_ => new Gate()).ToList();
        server.Model.Script = FakeReply.Text("one ").ThenWaitFor(gates[0]).Then("two ").ThenWaitFor(gates[1])
            .Then("three ").ThenWaitFor(gates[2]).Then("four.");
        var name = server.NameOf("ada");
        await using var ada = await server.VisitAsync($"http://127.0.0.1:{proxy.Port}/");
        await ada.RegisterAsync(name);
        await ada.SayAsync("Count");
        var shown = "one ";
        foreach (var (gate, next) in gates.Zip(["two ", "three ", "four."]))
        {
            await Visitor.SaysAsync(ada.Replies, shown.Trim());
            proxy.CutAll();
            gate.Open();
            shown += next;
        }
        await Visitor.SaysAsync(ada.Replies, "one two three four.");
        await ada.EndedAsync(1);

        // The message reaches the server, and what it answers is lost with the line.
        server.Model.Script = FakeReply.Text("Once.");
        proxy.CutAnswerTo("Send this once");
        await ada.SayAsync("Send this once");
        await ada.EndedAsync(2);
        proxy.Cuts.ShouldBeGreaterThanOrEqualTo(4);
        await Visitor.CountsAsync(ada.Questions, 2);

        // What the server has is what the page shows.
        using var client = new CoteClient(server.Node.Url);
        client.Token = (await client.FormAsync("/token", ("username", name), ("password", Visitor.Password)))
            .Ok()["access_token"];
        var chats = (await client.GetAsync("/chats/")).Ok().Json.EnumerateArray().ToList();
        var messages = (await client.MessagesAsync(chats.ShouldHaveSingleItem().GetProperty("id").GetString()!))
            .Select(x => x.GetProperty("content").GetString()!).ToList();
        messages.ShouldBe(["Count", "one two three four.", "Send this once", "Once."], ignoreOrder: true);
        var seen = await ada.Page.GetByRole(AriaRole.Article)
            .EvaluateAllAsync<string[]>("all => all.map(x => x.querySelector('.bubble, .md').innerText.trim())");
        seen.ShouldBe(["Count", "one two three four.", "Send this once", "Once."]);
    }
}
