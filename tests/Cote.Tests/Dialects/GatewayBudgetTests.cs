using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Dialects;

/// <summary>What calls through the gateway may use, and how many there may be.</summary>
public sealed class GatewayBudgetTests
{
    [Fact]
    public async Task Under_a_budget_every_call_has_a_limit_and_what_is_left_is_all_there_is()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=3000");
        using var ada = await live.RegisterAsync();
        var (free, own, many) = (
            live.Play(OpenAIClient.Whole()), live.Play(OpenAIClient.Whole()), live.Play(OpenAIClient.Whole()));

        (await ada.CompleteAsync(free.Body())).Ok();
        await ada.CallsAsync(1);
        (await ada.CompleteAsync(own.Body(""","max_completion_tokens":300"""))).Ok();
        await ada.CallsAsync(2);
        (await ada.CompleteAsync(many.Body(""","n":2,"max_tokens":2000"""))).Ok();

        (await free.NextCallAsync()).Body.GetProperty("max_tokens").GetInt32().ShouldBeInRange(2_900, 2_999);
        var second = (await own.NextCallAsync()).Body;
        second.GetProperty("max_completion_tokens").GetInt32().ShouldBe(300);
        second.TryGetProperty("max_tokens", out _).ShouldBeFalse();
        // 30 tokens of each call were used; two answers share what is left.
        (await many.NextCallAsync()).Body.GetProperty("max_tokens").GetInt32().ShouldBeInRange(1_400, 1_470);
    }

    [Fact]
    public async Task Of_two_limits_neither_passes_the_budget()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=3000");
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate).Then("a"));

        var answer = ada.CompleteAsync(
            play.Body(""","stream":true,"max_completion_tokens":1,"max_tokens":100000"""));

        var sent = (await play.NextCallAsync()).Body;
        sent.Number("max_completion_tokens").ShouldBe(1);
        sent.Number("max_tokens").ShouldBeInRange(2_900, 2_999);
        (await ada.BudgetAsync("day")).Number("reserved").ShouldBe(3_000, "the larger one is taken of it");
        gate.Open();
        (await answer).Ok();
    }

    [Fact]
    public async Task A_call_without_room_is_refused_as_clients_expect_and_never_made()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=600");
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("much") with { InputTokens = 500, OutputTokens = 80 });
        (await ada.CompleteAsync(play.Body(""","stream":true"""))).Ok();
        await ada.CallsAsync(1);

        foreach (var key in (string?[])[null, "k"])
        {
            var refused = await ada.CompleteAsync(play.Body(), key);

            refused.ShouldBeError(429, "insufficient_quota", type: "insufficient_quota", mayRetry: false);
            int.Parse(refused.Header("Retry-After")!, null).ShouldBeGreaterThan(0);
        }
        play.Calls.ShouldBe(1);
        (await ada.BudgetAsync("day")).Number("reserved").ShouldBe(0);
        (await live.App.RowsAsync())["repeated_calls"].ShouldBeEmpty("a call that was not made leaves its key free");
    }

    [Fact]
    public async Task Under_a_budget_of_cost_what_has_no_price_is_refused()
    {
        await using var live = await LiveApp.StartAsync([.. Ledgers.Priced, "Budgets:DayCostUsd=5"]);
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());

        (await ada.CompleteAsync(play.Body(model: "demo/demo")))
            .ShouldBeError(400, "price_unknown", type: "invalid_request_error");
        (await ada.CompleteAsync(play.Body(""","service_tier":"priority" """)))
            .ShouldBeError(400, "unsupported_parameter", "service_tier");
        (await ada.CompleteAsync(play.Body(""","tools":[{"type":"web_search"}]""")))
            .ShouldBeError(400, "unsupported_parameter", "tools");
        play.Calls.ShouldBe(0);
        (await ada.CompleteAsync(play.Body(""","service_tier":"auto" """))).Ok();
        (await ada.CallsAsync(1)).GetProperty("cost_usd").GetDecimal()
            .ShouldBe((17 * 2 + 4 * 0.5m + 9 * 10) / 1_000_000);
    }

    [Fact]
    public async Task Calls_count_as_messages_do()
    {
        await using var live = await LiveApp.StartAsync("--Cote:RateLimits:MessagesPerMinute=2");
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());
        (await ada.CompleteAsync(play.Body())).Ok();
        (await ada.CompleteAsync(play.Body())).Ok();

        var refused = await ada.CompleteAsync(play.Body());

        refused.ShouldBeError(429, "rate_limit_exceeded", type: "requests");
        refused.Header("Retry-After").ShouldNotBeNull();
        (await ada.GetAsync("/v1/models")).Ok();
        play.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task A_user_has_so_many_calls_at_a_time()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var bob = await live.RegisterAsync();
        var gate = new Gate();
        var (held, other) = (live.Play(FakeReply.After(gate).Then("a")), live.Play(OpenAIClient.Whole()));
        var running = Enumerable.Range(0, 64)
            .Select(_ => ada.CompleteAsync(held.Body(""","stream":true"""))).ToList();
        await Patience.UntilAsync(() => Task.FromResult(held.Calls == 64), "all calls are made");

        var refused = await ada.CompleteAsync(other.Body());

        refused.ShouldBeError(429, "rate_limit_exceeded");
        refused.Header("Retry-After").ShouldBe("1");
        (await bob.CompleteAsync(other.Body())).Ok();
        gate.Open();
        foreach (var reply in await Task.WhenAll(running))
            reply.Ok();
        (await ada.CompleteAsync(other.Body())).Ok();
    }
}
