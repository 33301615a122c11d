using System.Diagnostics;
using Cote.Tests.Models.Wire;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models;

/// <summary>What holds on both wires alike: streaming, cancellation, connections, keys, faults.</summary>
public sealed partial class ProviderTests : WireTests
{
    static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(300);

    [Theory, MemberData(nameof(Wires))]
    public async Task A_reply_streams_chunk_by_chunk_with_its_finish_reason_and_usage(string wire)
    {
        var gate = new Gate();
        Server.Script = FakeReply.Text("Hello").ThenWaitFor(gate).Then(", wörld 🕊️");

        await using var reply = Stream(wire).GetAsyncEnumerator();
        var text = "";
        while (text == "")
        {
            (await reply.MoveNextAsync()).ShouldBeTrue();
            text += reply.Current.Text;
        }
        text.ShouldBe("Hello", "the first chunk is here while the server still waits");
        gate.Open();
        List<ChatResponseUpdate> rest = [];
        while (await reply.MoveNextAsync())
        {
            rest.Add(reply.Current);
        }

        string.Concat(rest.Select(update => update.Text)).ShouldBe(", wörld 🕊️");
        rest.Last(update => update.FinishReason is not null).FinishReason.ShouldBe(ChatFinishReason.Stop);
        var usage = rest.SelectMany(update => update.Contents).OfType<UsageContent>().ShouldHaveSingleItem().Details;
        usage.InputTokenCount.ShouldBe(11);
        usage.OutputTokenCount.ShouldBe(7);
        Server.Calls.ShouldBe(1);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task The_finish_reason_tells_a_reply_that_hit_its_limit(string wire)
    {
        Server.Script = FakeReply.Text("Hel") with { FinishReason = "length" };

        (await Read(wire)).FinishReason.ShouldBe(ChatFinishReason.Length);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_stream_that_just_ends_has_no_finish_reason(string wire)
    {
        Server.Script = FakeReply.Text("Hel").ThenNothing();

        var (text, reason) = await Read(wire);

        text.ShouldBe("Hel");
        reason.ShouldBeNull();
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Cancelling_closes_the_upstream_connection_within_300_ms(string wire)
    {
        Server.Script = FakeReply.Text("Hello").ThenStall();

        await Patience.ShouldTakeAtMostAsync(AtOnce, async () =>
        {
            using var stop = new CancellationTokenSource();
            await using var reply = Stream(wire, stop.Token).GetAsyncEnumerator();
            while ((await reply.MoveNextAsync()) && reply.Current.Text == "")
            {
            }
            var request = await Server.NextRequest();
            request.Closed.IsCompleted.ShouldBeFalse();
            var next = reply.MoveNextAsync().AsTask();

            var took = await ClosedAfterAsync(request, stop.CancelAsync);

            await Should.ThrowAsync<OperationCanceledException>(() => next.InTimeAsync());
            return took;
        });
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Cancelling_before_the_first_token_closes_the_upstream_connection_too(string wire)
    {
        Server.Script = FakeReply.After(new Gate());

        await Patience.ShouldTakeAtMostAsync(AtOnce, async () =>
        {
            using var stop = new CancellationTokenSource();
            await using var reply = Stream(wire, stop.Token).GetAsyncEnumerator();
            var next = reply.MoveNextAsync().AsTask();
            var request = await Server.NextRequest();

            var took = await ClosedAfterAsync(request, stop.CancelAsync);

            await Should.ThrowAsync<OperationCanceledException>(() => next.InTimeAsync());
            return took;
        });
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_reader_that_walks_away_closes_the_upstream_connection_within_300_ms(string wire)
    {
        Server.Script = FakeReply.Text("Hello").ThenStall();

        await Patience.ShouldTakeAtMostAsync(AtOnce, async () =>
        {
            var reply = Stream(wire).GetAsyncEnumerator();
            while ((await reply.MoveNextAsync()) && reply.Current.Text == "")
            {
            }
            var request = await Server.NextRequest();
            request.Closed.IsCompleted.ShouldBeFalse();

            return await ClosedAfterAsync(request, () => reply.DisposeAsync().AsTask());
        });
    }

    static async Task<TimeSpan> ClosedAfterAsync(FakeRequest request, Func<Task> leaveAsync)
    {
        var began = Stopwatch.GetTimestamp();
        var leaving = leaveAsync();
        await request.Closed.InTimeAsync();
        var took = Stopwatch.GetElapsedTime(began);
        await leaving;
        return took;
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_reply_that_was_read_to_its_end_gives_its_connection_back(string wire)
    {
        var client = Client(wire);

        await Read(client);
        await Read(client);

        Server.Requests.Select(request => request.Connection).Distinct().ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Two_hundred_streams_run_side_by_side(string wire)
    {
        var gate = new Gate();
        Server.Script = FakeReply.Text("a").ThenWaitFor(gate).Then("b");
        var client = Client(wire);

        var replies = Enumerable.Range(0, 200).Select(_ => Read(client)).ToList();
        for (var i = 0; i < 200; i++)
        {
            await Server.NextRequest();
        }
        gate.Open();

        foreach (var reply in replies)
        {
            (await reply.InTimeAsync()).Text.ShouldBe("ab");
        }
    }

    [Fact]
    public async Task An_answer_in_one_piece_is_the_sum_of_the_stream()
    {
        var answer = await Client("openai").GetResponseAsync("Hi");

        answer.Text.ShouldBe("Hello world");
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.Usage!.OutputTokenCount.ShouldBe(7);
        Server.Requests[0].Body.GetProperty("stream").GetBoolean().ShouldBeTrue();
    }

    Task<(string Text, ChatFinishReason? FinishReason)> Read(string wire) => Read(Client(wire));

    static async Task<(string Text, ChatFinishReason? FinishReason)> Read(IChatClient client)
    {
        var text = "";
        ChatFinishReason? reason = null;
        await foreach (var update in client.GetStreamingResponseAsync("Hi"))
        {
            text += update.Text;
            reason = update.FinishReason ?? reason;
        }
        return (text, reason);
    }

    IAsyncEnumerable<ChatResponseUpdate> Stream(string wire, CancellationToken cancellation = default) =>
        Client(wire).GetStreamingResponseAsync("Hi", null, cancellation);
}
