using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Nodes;

public sealed partial class NodesTests
{
    // What a client shows of a reply by frames alone.
    sealed class Screen(TestSocket socket, string reply)
    {
        readonly ReplyTexts _texts = new();
        readonly ReplyPartsSeen _parts = new();

        public bool HasEnded => _texts.HasEnded(reply);

        public string Text => _texts[reply];

        public IReadOnlyList<string> Parts => _parts[reply];

        public IEnumerable<string> Faults => _texts.Faults.Concat(_parts.Faults);

        public async Task ShowsAsync(Func<bool> isThere)
        {
            for (var limit = Patience.Begin(); !isThere();)
            {
                var frame = await socket.NextAsync(limit.Left);
                _texts.Apply(frame);
                _parts.Apply(frame);
            }
        }
    }

    [Fact]
    public async Task Of_two_answers_on_two_nodes_at_once_the_first_wins_and_the_tool_runs_once_or_not_at_all()
    {
        var tools = new TestTools();
        await using var pair = await Pair.StartAsync(tools.AddTo);
        var chat = await pair.Ada.CreateChatAsync(model: "openai");
        for (var turn = 0; turn < 8; turn++)
        {
            var same = turn % 2 == 0;
            var play = pair.Live.Play(FakeReply.Call("send", $$"""{"turn":{{turn}}}"""), FakeReply.Text("Done."));
            var (_, reply) = await (turn % 4 < 2 ? pair.Ada : pair.AdaThere).AskForAsync(chat, play);
            var path = $"/chats/{chat}/messages/{reply}";
            await Patience.UntilAsync(
                async () => (await pair.AdaThere.MessageAsync(chat, reply)).Text("generation", "state") == "waiting",
                "it waits");

            var answers = await Task.WhenAll(
                pair.Ada.PostAsync(path + "/tool_calls/call_0_0", new { approve = true }),
                pair.AdaThere.PostAsync(path + "/tool_calls/call_0_0", new { approve = same }));

            answers.Count(x => x.Status == 200 && x.Header("Idempotent-Replayed") is null).ShouldBe(1);
            if (same)
                answers.Count(x => x.Status == 200 && x.Header("Idempotent-Replayed") == "true").ShouldBe(1);
            else
                answers.Single(x => x.Status != 200).ErrorCode.ShouldBe("already_answered");
            var isAllowed = same || answers[0].Status == 200;
            (await pair.Ada.EndOfAsync(chat, reply)).Text("content").ShouldBe("Done.");
            var call = (await pair.AdaThere.GetAsync(path)).Ok().Json.GetProperty("parts")[0];
            call.Text("state").ShouldBe(isAllowed ? "done" : "denied");
            tools.Ran.Count(x => x.Contains($":{turn}}}", StringComparison.Ordinal)).ShouldBe(isAllowed ? 1 : 0);
            play.Calls.ShouldBe(2);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reply_that_waits_is_answered_on_the_other_node_and_both_see_how_it_goes_on(bool withBroker)
    {
        var tools = new TestTools();
        await using var pair = await Pair.StartAsync(tools.AddTo, await SettingsAsync(withBroker));
        var chat = await pair.Ada.CreateChatAsync(model: "openai");
        await using var here = await TestSocket.ConnectAsync(
            pair.Live.App.Url, $"/ws?token={pair.Ada.Token}&parts=all");
        await using var there = await TestSocket.ConnectAsync(pair.There.Url, $"/ws?token={pair.Ada.Token}&parts=all");
        var gate = new Gate();
        var play = pair.Live.Play(
            FakeReply.Text("I would ", "write 🕊️.").ThenCall("look").ThenCall("send", """{"to":"bob"}"""),
            FakeReply.Text("Then").ThenWaitFor(gate).Then(" it is sent."));
        var (_, reply) = await pair.Ada.AskForAsync(chat, play);
        Screen[] screens = [new(here, reply), new(there, reply)];
        var path = $"/chats/{chat}/messages/{reply}";
        foreach (var screen in screens)
            await screen.ShowsAsync(() => screen.Parts.Any(x => Field(x, "state") == "waiting")
                && screen.Parts.Any(x => Field(x, "state") == "done"));
        await SameAsync();

        (await pair.AdaThere.PostAsync(path + "/tool_calls/call_0_1", new { approve = true })).Ok();
        foreach (var screen in screens)
            await screen.ShowsAsync(() => screen.Text == "I would write 🕊️.\n\nThen" && screen.Parts.Count == 5
                && screen.Parts.Count(x => Field(x, "state") == "done") == 2);
        gate.Open();
        foreach (var screen in screens)
            await screen.ShowsAsync(() => screen.HasEnded);

        await SameAsync();
        screens[1].Text.ShouldBe("I would write 🕊️.\n\nThen it is sent.");
        tools.Ran.ShouldBe(["look {}", """send {"to":"bob"}"""]);
        play.Calls.ShouldBe(2);

        async Task SameAsync()
        {
            var stored = (await pair.AdaThere.GetAsync(path + "?parts=all")).Ok().Json;
            foreach (var screen in screens)
            {
                screen.Faults.ShouldBeEmpty();
                screen.Text.ShouldBe(stored.Text("content"));
                screen.Parts.ShouldBe(PartsOf(stored));
            }
        }
    }
}
