using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>What is done with a reply, and what it is made of beside its text.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class ReplyPageTests(PageServer server)
{
    [Fact]
    public async Task A_reply_is_made_again_by_another_model_and_rated()
    {
        server.Model.Script = FakeReply.Text("By the scripted model.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Who are you?");
        await ada.Replies.HoverAsync();
        await Button(ada.Replies, "Regenerate").ClickAsync();
        await ada.Item("demo/instant").ClickAsync();
        await Visitor.SaysAsync(ada.Replies, "demo assistant");
        await ada.EndedAsync(1);
        await Visitor.SaysAsync(ada.Replies.GetByRole(AriaRole.Group, new() { Name = "Versions" }), "2/2");

        await ada.Replies.HoverAsync();
        await Button(ada.Replies, "Good reply").ClickAsync();
        await Rated(ada, "Good reply", true);
        await ada.Page.ReloadAsync();
        await Rated(ada, "Good reply", true);
        await Button(ada.Replies, "Bad reply").ClickAsync();
        await Rated(ada, "Bad reply", true);
        await Rated(ada, "Good reply", false);

        await Button(ada.Replies, "Previous version").ClickAsync();
        await Visitor.SaysAsync(ada.Replies, "By the scripted model.");
        await Rated(ada, "Bad reply", false);
        ada.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_thought_is_folded_and_sources_are_links()
    {
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Think", "demo/thinks");
        await Visitor.SaysAsync(ada.Replies, "I have thought, and this is my answer");
        var thought = ada.Replies.GetByText("I only pretend to think about it.");
        await Assertions.Expect(thought).ToBeHiddenAsync();
        var fold = ada.Replies.GetByText("Thought");
        await fold.First.ClickAsync();
        await Assertions.Expect(thought).ToBeVisibleAsync();
        await fold.First.ClickAsync();
        await Assertions.Expect(thought).ToBeHiddenAsync();

        await ada.AskAsync("Cite", "demo/cites");
        var sources = ada.Replies.GetByRole(AriaRole.Navigation, new() { Name = "Sources" })
            .GetByRole(AriaRole.Link);
        await Visitor.CountsAsync(sources, 2);
        await Visitor.SaysAsync(sources.First, "Sun compass");
        (await sources.Last.GetAttributeAsync("href")).ShouldBe("https://doves.example/field");
        (await sources.Last.GetAttributeAsync("rel"))!.ShouldContain("noopener");
        ada.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_call_waits_for_its_person_who_approves_or_denies_it()
    {
        await using var ada = await server.RegisterAsync("ada");
        await CallAsync(ada, "Note the milk");
        await Visitor.SaysAsync(ada.Replies, "Note the milk"); // the whole input
        await ada.Button("Approve").ClickAsync();
        await Visitor.SaysAsync(ada.Replies, "The tool answered: ");
        await ada.EndedAsync(1);
        await Visitor.CountsAsync(ada.Button("Approve"), 0);

        await CallAsync(ada, "Note the bread");
        await ada.Button("Deny with a reason").ClickAsync();
        await ada.Page.GetByRole(AriaRole.Textbox, new() { Name = "Reason" }).FillAsync("Not today");
        await ada.Button("Deny").ClickAsync();
        await ada.EndedAsync(1);
        await Visitor.SaysAsync(ada.Replies, "denied");
        await Visitor.SaysAsync(ada.Replies, "Not today");
        ada.Complaints.ShouldBeEmpty();
    }

    static async Task CallAsync(Visitor person, string question)
    {
        await person.Button("New chat").ClickAsync();
        await Visitor.CountsAsync(person.Questions, 0);
        await person.ChooseAsync("demo/approval");
        await person.SayAsync(question);
        await person.Button("Approve").WaitForAsync();
    }

    static Task Rated(Visitor person, string name, bool pressed) => Assertions.Expect(Button(person.Replies, name))
        .ToHaveAttributeAsync("aria-pressed", pressed ? "true" : "false");

    static ILocator Button(ILocator inside, string name) =>
        inside.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
}
