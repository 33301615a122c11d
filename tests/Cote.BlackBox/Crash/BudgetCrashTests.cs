using System.Collections.Concurrent;
using System.Text.Json;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

/// <summary>kill -9 while many replies with tools share what is left of a budget.</summary>
[Trait("Stage", "slow")]
public sealed class BudgetCrashTests(PublishedProgram program, ITestOutputHelper output)
{
    const long Cap = 8_000;
    const int Input = 11; // what the model counts; how far an estimate is off is no more than that
    const int Output = 300;

    [Fact]
    public async Task A_budget_is_passed_by_no_more_than_the_error_of_an_estimate_and_a_kill_holds_nothing_of_it_back()
    {
        await using var model = await FakeModelServer.Start();
        using var tools = new CountingTools();
        var promised = new ConcurrentQueue<long>();
        model.Answer = request =>
        {
            var limit = request.Body.GetProperty("max_tokens").GetInt64();
            promised.Enqueue(limit);
            var isLast = request.Messages.EnumerateArray().Last().GetProperty("role").GetString() == "tool";
            var reply = FakeReply.Paced(TimeSpan.FromMilliseconds(20), Enumerable.Repeat("dove ", 10));
            return (isLast ? reply : reply.ThenCall("crash__add")) with { OutputTokens = (int)Math.Min(limit, Output) };
        };
        await using var node = Node.With(
            program, model, $"Budgets:MonthTokens={Cap}", $"Assistants:MaxTokens={Output}");
        tools.AddTo(node);
        await node.StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var replies = new List<(string Chat, string Reply)>();
        var refused = 0;
        async Task AskAsync(string question)
        {
            var chat = await ada.CreateChatAsync();
            var sent = await ada.PostAsync($"/chats/{chat}/messages/", new { content = question });
            if (sent.Status == 429)
                refused++;
            else
                replies.Add((chat, sent.Ok()["reply_id"]));
        }

        // One ends while there is room: the first calls of the others may take all that is left before any second call.
        await AskAsync("the first question");
        await ada.EndOfAsync(replies[0].Chat, replies[0].Reply);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 12; i++)
                await AskAsync($"question {i}");
            await Task.Delay(Random.Shared.Next(50, 500)); // the moment of the kill is what is tried out
            await node.KillAsync();
            await node.StartAsync();
        }
        var states = new List<string>();
        foreach (var (chat, reply) in replies)
        {
            var generation = (await ada.EndOfAsync(chat, reply)).GetProperty("generation");
            states.Add(generation.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString()!
                : generation.GetProperty("state").GetString()!);
        }

        var budget = (await ada.GetAsync("/usage/budget")).Ok().Json[0];
        var (used, calls) = (budget.GetProperty("used").GetInt64(), model.Calls);
        output.WriteLine($"{used} of {Cap} used by {calls} calls, {refused} sends refused, replies "
            + string.Join(", ", states.CountBy(x => x).Select(x => $"{x.Value} {x.Key}")));
        used.ShouldBeInRange(1, Cap + (Input * calls));
        budget.GetProperty("reserved").GetInt64().ShouldBe(0);
        promised.ShouldAllBe(x => x >= 256);
        (refused + states.Count(x => x == "budget_exceeded")).ShouldBeGreaterThan(0, "the cap was reached");
        states[0].ShouldBe("completed");
        tools.Executions.ShouldAllBe(x => x.Count() == 1);
    }
}
