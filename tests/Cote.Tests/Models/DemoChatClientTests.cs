using Cote.Models;
using Cote.Tests.Harness;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models;

public sealed class DemoChatClientTests
{
    readonly JumpingTime _time = new();

    [Fact]
    public async Task It_says_what_it_is_and_repeats_the_question_word_by_word()
    {
        var reply = await Demo("demo").GetStreamingResponseAsync("How do doves find home?").ToListAsync();

        var text = string.Concat(reply.Select(update => update.Text));
        text.ShouldContain("Cote's demo assistant");
        text.ShouldContain("“How do doves find home?”");
        reply.Count.ShouldBeGreaterThan(30);
        reply[0].Text.ShouldBe("Hello! ");
        _time.Pauses.ShouldAllBe(pause => pause == TimeSpan.FromMilliseconds(30));
        reply[^1].FinishReason.ShouldBe(ChatFinishReason.Stop);
        var usage = reply[^1].Contents.OfType<UsageContent>().ShouldHaveSingleItem().Details;
        usage.InputTokenCount.ShouldBe(5);
        usage.OutputTokenCount.ShouldBe(reply.Count - 1);
    }

    [Fact]
    public async Task Slow_says_a_word_a_second()
    {
        await Demo("slow").GetStreamingResponseAsync("Hi").ToListAsync();

        _time.Pauses.ShouldNotBeEmpty();
        _time.Pauses.ShouldAllBe(pause => pause == TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Instant_answers_in_one_piece_without_a_pause()
    {
        var reply = await Demo("instant").GetStreamingResponseAsync("Hi").ToListAsync();

        reply.Count(update => update.Text.Length > 0).ShouldBe(1);
        _time.Pauses.ShouldBeEmpty();
    }

    [Fact]
    public async Task Long_has_thousands_of_words_and_characters_beyond_the_basic_plane()
    {
        var reply = await Demo("long").GetResponseAsync("Hi");

        reply.Text.Split(' ').Length.ShouldBeInRange(3_000, 10_000);
        reply.Text.ShouldContain("鸽子");
        reply.Text.Count(char.IsSurrogate).ShouldBeGreaterThan(100);
        new WellFormedText().Next(reply.Text).ShouldBeSameAs(reply.Text);
        _time.Pauses.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Fail_mid_way_breaks_like_a_connection()
    {
        var (text, thrown) = await ReadUntilItThrows("fail-mid-way");

        text.ShouldStartWith("Hello!");
        ModelFault.Of(thrown).ShouldBe(ModelFault.Broken);
    }

    [Fact]
    public async Task Rate_limited_asks_for_more_patience_than_there_is()
    {
        var (text, thrown) = await ReadUntilItThrows("rate-limited");

        text.ShouldBeEmpty();
        var fault = ModelFault.Of(thrown);
        fault.Code.ShouldBe("rate_limited");
        fault.RetryAfter!.Value.ShouldBeGreaterThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Stall_falls_silent_until_it_is_cancelled()
    {
        using var stop = new CancellationTokenSource();
        await using var reply = Demo("stall").GetStreamingResponseAsync("Hi", null, stop.Token).GetAsyncEnumerator();
        for (var word = 0; word < 8; word++)
        {
            (await reply.MoveNextAsync()).ShouldBeTrue();
        }
        var next = reply.MoveNextAsync().AsTask();
        next.IsCompleted.ShouldBeFalse();

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => next.InTimeAsync());
    }

    [Fact]
    public async Task A_limit_of_tokens_is_kept_and_said()
    {
        var reply = await Demo("demo").GetResponseAsync("Hi", new ChatOptions { MaxOutputTokens = 3 });

        reply.Text.ShouldBe("Hello! I am ");
        reply.FinishReason.ShouldBe(ChatFinishReason.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("😀😀")]
    public async Task Any_question_is_answered(string question)
    {
        (await Demo("instant").GetResponseAsync(string.Concat(Enumerable.Repeat(question, 500)))).Text
            .ShouldSatisfyAllConditions(
                text => text.ShouldContain("You wrote"),
                text => text.Length.ShouldBeLessThan(1_000),
                text => new WellFormedText().Next(text).ShouldBeSameAs(text));
    }

    async Task<(string Text, Exception Thrown)> ReadUntilItThrows(string model)
    {
        var text = "";
        var thrown = await Should.ThrowAsync<Exception>(async () =>
        {
            await foreach (var update in Demo(model).GetStreamingResponseAsync("Hi"))
            {
                text += update.Text;
            }
        });
        return (text, thrown);
    }

    DemoChatClient Demo(string model) => new(model, _time);
}
