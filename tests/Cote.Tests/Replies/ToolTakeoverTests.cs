using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using static Cote.Tests.Harness.Reading;

namespace Cote.Tests.Replies;

/// <summary>A node dies, or is told to go, in the middle of the steps of a reply.</summary>
public sealed class ToolTakeoverTests(ToolTakeoverTests.ShortLeases app) : IClassFixture<ToolTakeoverTests.ShortLeases>
{
    public sealed class ShortLeases : ToolApp
    {
        protected override void AddTo(CoteBuilder server)
        {
            base.AddTo(server);
            CoteApp.LeaseFor(1)(server);
        }
    }

    readonly TestTools _tools = app.Tools;
    readonly LiveApp _live = app.Live;
    int _runs;

    // Runs for ever the first time, and answers the second time.
    async Task<object?> HangOnceAsync(JsonElement arguments, ToolCallContext context, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _runs) == 1)
            await Task.Delay(Timeout.Infinite, ct);
        return context.Key;
    }

    [Theory]
    [InlineData("save", "unknown", 1)]
    [InlineData("again", "done", 2)]
    [InlineData("look", "done", 2)]
    public async Task A_call_of_a_dead_node_is_made_again_only_where_somebody_vouches_for_it(
        string tool, string state, int runs)
    {
        var (ada, chat) = await app.BeginAsync();
        _tools.Does[tool] = HangOnceAsync;
        // A text of it would have the next call ask.
        _tools.Does["trust"] = (_, _, _) => Task.FromResult<object?>(null);
        await using var socket = await TestSocket.ConnectAsync(_live.App.Url, $"/ws?token={ada.Token}&parts=all");
        var play = _live.Play(
            FakeReply.Text("First.").ThenCall("trust"), FakeReply.Text("Then.").ThenCall(tool),
            FakeReply.Text("Done."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await Patience.UntilAsync(() => Task.FromResult(_runs == 1), "the tool runs");
        await _live.App.WriteAsync($"update messages set owner = 'dead', lease_until = 1 where id = '{reply}'");
        var frames = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);

        var end = frames[^1].Data;
        end.Text("content").ShouldBe("First.\n\nThen.\n\nDone.");
        end.Text("generation", "state").ShouldBe("completed");
        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        foreach (var frame in frames)
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        parts[reply].ShouldBe(PartsOf((await ada.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json));
        var calls = end.GetProperty("parts").EnumerateArray().Where(x => x.Text("type") == "tool").ToList();
        calls.Select(x => x.Text("state")).ShouldBe(["done", state]);
        if (state == "done")
            calls[1].Text("output").ShouldBe($"{reply}:1:0", "the key is the same at every attempt");
        _runs.ShouldBe(runs);
        _tools.Ran.Count(x => x == "trust {}").ShouldBe(1, "a step that is over is not repeated");
        play.Calls.ShouldBe(3, "nor its model call");
    }

    [Fact]
    public async Task A_model_call_of_a_dead_node_is_repeated_after_the_steps_that_are_over()
    {
        var (ada, chat) = await app.BeginAsync();
        await using var socket = await TestSocket.ConnectAsync(_live.App.Url, $"/ws?token={ada.Token}&parts=all");
        var never = new Gate();
        var play = _live.Play(
            FakeReply.Text("One.").ThenCall("save"), FakeReply.Text("lost").ThenWaitFor(never), FakeReply.Text("Two."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        var before = await socket.UntilAsync(x => x.Type == "message.delta" && x.Data.Text("text").Contains("lost"));
        await _live.App.WriteAsync($"update messages set owner = 'dead', lease_until = 1 where id = '{reply}'");
        var after = await socket.UntilAsync(x => x.Type == "message" && x.MessageId == reply);

        after[^1].Data.Text("content").ShouldBe("One.\n\nTwo.");
        after[^1].Data.Number("generation", "attempt").ShouldBe(
            after.First(x => x.Type == "message.snapshot").Data.Number("attempt"));
        var snapshot = after.First(x => x.Type == "message.snapshot").Data;
        snapshot.Text("content").ShouldBe("One.", "it holds the steps that are over");
        PartsOf(snapshot).Count.ShouldBe(2);
        var (texts, parts) = (new ReplyTexts(), new ReplyPartsSeen());
        foreach (var frame in before.Concat(after))
        {
            texts.Apply(frame);
            parts.Apply(frame);
        }
        texts.Faults.Concat(parts.Faults).ShouldBeEmpty();
        _tools.Ran.ShouldBe(["save {}"]);
        play.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task A_shutdown_waits_for_a_running_call_and_the_next_start_goes_on()
    {
        var (ada, chat) = await app.BeginAsync();
        var (runs, may) = (new TaskCompletionSource(), new TaskCompletionSource());
        _tools.Does["save"] = async (_, _, ct) =>
        {
            runs.SetResult();
            await may.Task.WaitAsync(ct);
            return "saved";
        };
        var play = _live.Play(FakeReply.Call("save").ThenCall("save"), FakeReply.Text("Done."));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await runs.Task.InTimeAsync();
        _tools.Does["save"] = (_, _, _) => Task.FromResult<object?>("saved too");
        var ending = _live.App.Ended;
        var stopping = _live.App.StopAsync();
        await ending.InTimeAsync();
        may.SetResult();
        await stopping;
        await _live.App.StartAgainAsync();
        using var again = new CoteClient(_live.App.Url) { Token = ada.Token };
        (await again.EndOfAsync(chat, reply)).Text("content").ShouldBe("Done.");
        var parts = (await again.GetAsync($"/chats/{chat}/messages/{reply}?parts=all")).Ok().Json.GetProperty("parts");
        parts.EnumerateArray().Where(x => x.Text("type") == "tool").Select(x => x.Text("output"))
            .ShouldBe(["saved", "saved too"]);
        _tools.Ran.Count.ShouldBe(2);
        play.Calls.ShouldBe(2);
    }
}
