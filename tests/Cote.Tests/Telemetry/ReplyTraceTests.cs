using System.Diagnostics;
using Cote.Primitives;
using Cote.Replies;
using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Telemetry;

/// <summary>The spans of replies as a listener in the process gets them.</summary>
[Trait("Rows", "none")]
public sealed class ReplyTraceTests
{
    [Fact]
    public async Task A_reply_is_one_trace_of_send_claim_calls_and_tools_and_the_same_id_is_sampled_alike()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/tool");
        using var seen = new SpansSeen();

        var reply = (await ada.AskAsync(chat, "What time is it?")).GetProperty("reply_id").GetString()!;
        await ada.EndOfAsync(chat, reply);

        var trace = ReplyTrace.IdOf(ada.Id, reply);
        trace.ShouldNotBe(ReplyTrace.IdOf(chat, reply));
        await Patience.UntilAsync(
            () => Task.FromResult(seen.Of(trace).Any(x => x.OperationName == "reply")), "the run's span has ended");
        var spans = seen.Of(trace);
        spans.Select(x => x.OperationName).Order(StringComparer.Ordinal)
            .ShouldBe(["chat tool", "chat tool", "claim", "execute_tool demo_clock", "reply", "send"]);
        var run = spans.Single(x => x.OperationName == "reply");
        run.ParentSpanId.ShouldBe(default);
        run.GetTagItem("cote.state").ShouldBe("completed");
        spans.Where(x => x.OperationName is not ("reply" or "send")).ShouldAllBe(x => x.ParentSpanId == run.SpanId);
        spans.SelectMany(x => x.TagObjects).Select(x => $"{x.Value}").Where(x => x == ada.Id || x == chat || x == reply)
            .ShouldBeEmpty();
        seen.Asked(trace).ShouldBe(2); // Its sampler is asked by its own id: once for the send, once for the run.
    }

    [Fact]
    public async Task A_run_that_lets_its_reply_wait_says_so_and_the_next_one_what_came_of_it()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var seen = new SpansSeen();

        var call = await ada.WaitForToolAsync("demo/approval");
        (await ada.PostAsync(call, new { approve = true })).Ok();
        var path = call.Split('/');
        await ada.EndOfAsync(path[2], path[4]);

        (await seen.StatesAsync(ReplyTrace.IdOf(ada.Id, path[4]), 2)).ShouldBe(["waiting", "completed"]);
    }

    [Theory]
    [InlineData("owner = 'elsewhere'", "lost")]
    [InlineData("attempt = attempt + 1", "lost")]
    [InlineData("stop_wanted = 0", "completed")]
    public async Task A_run_whose_end_is_not_taken_is_told_of_as_lost(string columns, string state)
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var seen = new SpansSeen();
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate).Then("Hello"));
        var (_, reply) = await ada.AskForAsync(await ada.CreateChatAsync(model: "openai"), play);
        await play.NextCallAsync();

        await live.App.SetRowsAsync($"update messages set {columns} where id = '{reply}'");
        gate.Open();

        (await seen.StatesAsync(ReplyTrace.IdOf(ada.Id, reply), 1)).ShouldBe([state]);
    }

    [Fact]
    public void Other_traces_get_ids_of_their_own()
    {
        _ = ReplyTrace.IdOf("a", "b");
        using var source = new ActivitySource("other");
        using var seen = new SpansSeen("other");

        using var one = source.StartActivity("one", ActivityKind.Internal, default(ActivityContext));
        Activity.Current = null;
        using var two = source.StartActivity("two", ActivityKind.Internal, default(ActivityContext));

        one!.TraceId.ShouldNotBe(two!.TraceId);
    }

    sealed class SpansSeen : IDisposable
    {
        readonly Lock _gate = new();
        readonly List<Activity> _spans = [];
        readonly List<ActivityTraceId> _asked = [];
        readonly ActivityListener _listener;

        public SpansSeen(string source = Instruments.Name)
        {
            _listener = new()
            {
                ShouldListenTo = x => x.Name == source,
                Sample = (ref ActivityCreationOptions<ActivityContext> x) =>
                {
                    lock (_gate)
                        if (x.Parent == default)
                            _asked.Add(x.TraceId);
                    return ActivitySamplingResult.AllDataAndRecorded;
                },
                ActivityStopped = x =>
                {
                    lock (_gate)
                        _spans.Add(x);
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public List<Activity> Of(ActivityTraceId trace)
        {
            lock (_gate)
                return [.. _spans.Where(x => x.TraceId == trace)];
        }

        /// <summary>The states of the runs of a trace, once so many of them have ended.</summary>
        public async Task<IReadOnlyList<string>> StatesAsync(ActivityTraceId trace, int runs)
        {
            List<Activity> ended = [];
            await Patience.UntilAsync(
                () => Task.FromResult((ended = Of(trace).FindAll(x => x.OperationName == "reply")).Count >= runs),
                "the runs have ended");
            return [.. ended.Select(x => $"{x.GetTagItem("cote.state")}")];
        }

        public int Asked(ActivityTraceId trace)
        {
            lock (_gate)
                return _asked.Count(x => x == trace);
        }

        public void Dispose() => _listener.Dispose();
    }
}
