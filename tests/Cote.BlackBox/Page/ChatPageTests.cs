using Cote.BlackBox.Harness;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>What a person does on the page, on the published program with a scripted model.</summary>
[Trait("Stage", "slow")]
public sealed class ChatPageTests(PublishedProgram program, Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    FakeModelServer _model = null!;
    Node _node = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await FakeModelServer.Start();
        _node = await Node.With(program, _model).StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _model.DisposeAsync();
    }

    [Fact]
    public async Task One_registers_asks_and_reads_the_reply_and_finds_it_again_after_the_next_login()
    {
        _model.Script = FakeReply.Text("Doves ", "fly **home**.");
        await using (var ada = await (await chromium.VisitAsync(_node.Url)).RegisterAsync("ada"))
        {
            await ada.SayAsync("Where do doves fly?");
            await ada.EndedAsync(1);
            await Visitor.SaysAsync(ada.Replies, "Doves fly home.");
            (await ada.Replies.Locator("strong").InnerTextAsync()).ShouldBe("home");
            ada.Complaints.ShouldBeEmpty();
            ada.Asked.Where(x => new Uri(x) is { Scheme: "http" or "https" } to && to.Authority != _node.Url.Authority)
                .ShouldBeEmpty();
        }
        await using var again = await (await chromium.VisitAsync(_node.Url)).LogInAsync("ada");
        await again.Page.GetByRole(AriaRole.Navigation, new() { Name = "Chats", Exact = true })
            .GetByRole(AriaRole.Link).First.ClickAsync();
        await Visitor.SaysAsync(again.Questions, "Where do doves fly?");
        await Visitor.SaysAsync(again.Replies, "Doves fly home.");
    }

    [Fact]
    public async Task A_reply_streams_and_stops_when_one_presses_stop()
    {
        var gate = new Gate();
        _model.Script = FakeReply.Text("The beginning.").ThenWaitFor(gate).Then(" The end.");
        await using var ada = await (await chromium.VisitAsync(_node.Url)).RegisterAsync("ada");
        await ada.SayAsync("Go");
        await Visitor.SaysAsync(ada.Replies, "The beginning.");
        await ada.Button("Stop").ClickAsync();
        await ada.EndedAsync(1);
        gate.Open();
        (await ada.Replies.InnerTextAsync()).ShouldNotContain("The end.");
    }

    [Fact]
    public async Task Two_windows_of_one_person_see_each_other()
    {
        var gate = new Gate();
        _model.Script = FakeReply.Text("One").ThenWaitFor(gate).Then(" and two.");
        await using var here = await (await chromium.VisitAsync(_node.Url)).RegisterAsync("ada");
        await here.SayAsync("Count");
        await Visitor.SaysAsync(here.Replies, "One");
        await using var there = await (await chromium.VisitAsync(_node.Url)).LogInAsync("ada");
        await there.Page.GotoAsync(here.Page.Url);
        await Visitor.SaysAsync(there.Replies, "One");
        gate.Open();
        await Visitor.SaysAsync(there.Replies, "One and two.");
        await Visitor.SaysAsync(here.Replies, "One and two.");
        await there.EndedAsync(1);
        _model.Script = FakeReply.Text("Three.");
        await there.SayAsync("More");
        await there.EndedAsync(2);
        await here.EndedAsync(2);
        await Visitor.SaysAsync(here.Replies.Last, "Three.");
    }

    [Fact]
    public async Task A_question_is_asked_again_in_other_words_and_both_versions_stay()
    {
        _model.Script = FakeReply.Text("First answer.");
        await using var ada = await (await chromium.VisitAsync(_node.Url)).RegisterAsync("ada");
        await ada.SayAsync("First question");
        await ada.EndedAsync(1);
        _model.Script = FakeReply.Text("Second answer.");
        await ada.Questions.HoverAsync();
        await ada.Button("Edit").ClickAsync();
        await ada.Page.GetByLabel("Edit the question").FillAsync("Second question");
        await ada.Button("Ask again").ClickAsync();
        await Visitor.SaysAsync(ada.Replies, "Second answer.");
        await ada.EndedAsync(1);
        await ada.Questions.HoverAsync();
        await ada.Questions.GetByRole(AriaRole.Button, new() { Name = "Previous version" }).ClickAsync();
        await Visitor.SaysAsync(ada.Questions, "First question");
        await Visitor.SaysAsync(ada.Replies, "First answer.");
    }

    [Fact]
    public async Task What_is_typed_without_a_network_is_sent_once_when_it_is_back()
    {
        await using var ada = await (await chromium.VisitAsync(_node.Url)).RegisterAsync("ada");
        await ada.SayAsync("With a network");
        await ada.EndedAsync(1);
        await ada.Context.SetOfflineAsync(true);
        await ada.SayAsync("Without one");
        await ada.Page.GetByRole(AriaRole.Article, new() { Name = "Waits to be sent" }).WaitForAsync();
        await ada.Context.SetOfflineAsync(false);
        await ada.EndedAsync(2);
        await Assertions.Expect(ada.Questions).ToHaveCountAsync(2);
        await Visitor.SaysAsync(ada.Questions.Last, "Without one");
    }

    [Fact]
    public async Task A_server_that_is_killed_under_the_page_loses_and_doubles_nothing()
    {
        var gate = new Gate();
        _model.Script = FakeReply.Text("Kept so far.").ThenWaitFor(gate).Then(" Rest.");
        await using var ada = await (await chromium.VisitAsync(_node.Url)).RegisterAsync("ada");
        await ada.SayAsync("Tell me");
        await Visitor.SaysAsync(ada.Replies, "Kept so far.");
        await _node.KillAsync();
        await ada.SayAsync("Meanwhile");
        _model.Script = FakeReply.Text("All of it.");
        await _node.StartAsync();
        await ada.EndedAsync(2);
        await Assertions.Expect(ada.Questions).ToHaveCountAsync(2);
        await Visitor.SaysAsync(ada.Questions.Last, "Meanwhile");
        await Visitor.SaysAsync(ada.Replies.Last, "All of it.");
    }

    [Fact]
    public async Task On_a_phone_one_writes_reads_and_opens_the_list()
    {
        await using var ada = await chromium.VisitAsync(_node.Url, new()
        {
            ViewportSize = new() { Width = 390, Height = 780 },
            IsMobile = true,
            HasTouch = true,
            DeviceScaleFactor = 2,
        });
        await ada.RegisterAsync("ada");
        await ada.SayAsync("From a phone");
        await ada.EndedAsync(1);
        await ada.Button("Show the list of chats").ClickAsync();
        await Assertions.Expect(ada.Button("New chat")).ToBeInViewportAsync();
        (await ada.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue();
    }
}
