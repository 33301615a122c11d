using System.Text.Json;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

// kill -9 at every moment of replies with tools.
public sealed partial class CrashTests
{
    static readonly int ToolRounds = Number("COTE_CRASH_ROUNDS", 2);

    long _startedAt; // the last start, in Unix milliseconds

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_any_number_of_kills_no_call_was_made_twice_no_step_repeated_and_every_token_is_counted(
        bool onPostgres)
    {
        var seed = Number("COTE_CRASH_SEED", Random.Shared.Next());
        output.WriteLine($"COTE_CRASH_SEED={seed} COTE_CRASH_ROUNDS={ToolRounds}");
        var random = new Random(seed);
        await using var model = await FakeModelServer.Start();
        using var tools = new CountingTools();
        var story = new Story(model, words: 30, TimeSpan.FromMilliseconds(15)) { Tools = tools };
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = Node.With(program, model, "Events:ReplayMaxEvents=100000", "Titles:Model=openai/fake",
            "Budgets:MonthTokens=1000000000").On(database.Url);
        tools.AddTo(node);
        await node.StartAsync();
        var people = await Task.WhenAll(Enumerable.Range(0, People).Select(
            _ => Person.MakeAsync(node, story, new Random(random.Next()), pause: 160)));

        await LiveAndDieAsync(node, database, people, random);
        await Task.WhenAll(people.Select(x => x.CheckAsync(ToolRounds + 1)));
        await CheckLedgerAsync(database, node, people, model);
        foreach (var person in people)
            await person.DisposeAsync();

        var executions = tools.Executions.ToList();
        output.WriteLine(
            $"{people.Sum(x => x.Acknowledged)} messages and {people.Sum(x => x.Answered)} answers acknowledged, "
            + $"{executions.Sum(x => x.Count())} executions, {people.Sum(x => x.TakenUp)} replies taken up again, "
            + $"{model.Calls} model calls. {string.Join(", ", Outcomes(people))}.");
        var faults = people.SelectMany(x => x.Faults).ToList();
        if (faults.Count > 0)
            Assert.Fail($"{faults.Count} faults, COTE_CRASH_SEED={seed}:\n"
                + string.Join('\n', faults.Take(10).Select(x => x.Length > 1_000 ? x[..1_000] + "…" : x)));
        node.Output.Split('\n').Where(x => x.Contains("fail:", StringComparison.Ordinal)).ShouldBeEmpty();
        // Those of what is deleted since, too.
        executions.Where(x => x.Count(y => y != "look") > 1).ShouldBeEmpty();
        // A run in which nothing was executed, answered or cut off would have proved nothing.
        people.Sum(x => x.TakenUp).ShouldBeGreaterThan(0);
        Outcomes(people).ShouldContain(x => x.StartsWith("done", StringComparison.Ordinal));
        foreach (var tool in (string[])["look", "add", "note"])
            executions.ShouldContain(x => x.Contains(tool));
    }

    async Task LiveAndDieAsync(Node node, NodeDatabase database, IReadOnlyList<Person> people, Random random)
    {
        using var end = new CancellationTokenSource();
        var lives = people.Select(x => x.LiveAsync(end.Token)).ToList();
        for (var round = 1; round <= ToolRounds; round++)
        {
            // A kill before anything was done would prove nothing.
            await Patience.UntilAsync(() => Task.FromResult(people.Sum(x => x.Answered) > People * round
                || lives.Any(x => x.IsCompleted)), "they answer");
            await Task.Delay(random.Next(150, 1_500)); // the moment of the kill is what is tried out
            await node.KillAsync();
            // What the time does that a lease outlives its node.
            await database.ExecuteAsync("update messages set lease_until = 0 where lease_until > 0");
            await database.ExecuteAsync("update chats set title_lease = 0");
            _startedAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            await node.StartAsync();
            if (round % 10 == 0)
                output.WriteLine($"{round} kills, {people.Sum(x => x.Answered)} answers acknowledged");
        }
        await Task.Delay(random.Next(150, 1_000)); // people go on for a moment after the last start
        await end.CancelAsync();
        await Task.WhenAll(lives);
    }

    static IEnumerable<string> Outcomes(IEnumerable<Person> people) => people.SelectMany(x => x.Outcomes)
        .GroupBy(x => x.Key).Select(x => $"{x.Key}: {x.Sum(y => y.Value)}").Order(StringComparer.Ordinal);

    // What the ledger says is what the model counted, where it came to its end; what died is estimated, and nothing of
    // a budget is held for it any more.
    async Task CheckLedgerAsync(
        NodeDatabase database, Node node, IReadOnlyList<Person> people, FakeModelServer model)
    {
        Task<long> count(string what) => database.CountAsync(node, $"select cast({what} as bigint) from calls");
        // A title is made after its reply: until then no two readings of the ledger are of one state. The second call
        // for one is the last: where a kill ended it, its lease of 90 s stands on, and is older than the last start.
        await Patience.UntilAsync(async () => await database.CountAsync(node, $"""
            select count(*) from chats where title_source = 'auto' and deleted_at is null
              and (title_state in (2, 3) or title_state = 4 and title_lease > {_startedAt + 90_000})
            """) == 0, "titles are made");
        var (all, exact) = (await count("count(*)"), await count("sum(case when state = 1 then 1 - estimated end)"));
        (await count("sum(case when state = 1 and estimated = 0 then input end)")).ShouldBe(exact * 11);
        (await count("sum(case when state = 1 and estimated = 0 then output end)")).ShouldBe(exact * 7);
        var ended = model.Requests.Count(x => x.Ended.IsCompleted);
        output.WriteLine($"{all} calls in the ledger, {exact} of them exact; the model has ended {ended}.");
        exact.ShouldBeInRange(ended - (2 * People * (ToolRounds + 1)), ended); // a kill can fall between
        all.ShouldBeGreaterThanOrEqualTo(model.Calls);
        (await count("coalesce(sum(case when state <> 1 and purpose = 'chat' then 1 end), 0)")).ShouldBe(0);
        (await count("min(case when state = 1 then input end)")).ShouldBeGreaterThan(0);
        (await count("max(output)")).ShouldBeLessThan(1_000); // a text has some 50 words
        var (calls, tokens, reserved) = (0L, 0L, 0L);
        foreach (var person in people)
        {
            var (usage, budget) = await person.UsageAsync();
            var used = usage.Sum(x => Number(x, "input_tokens") + Number(x, "output_tokens"));
            Number(budget, "used").ShouldBe(used);
            (calls, tokens) = (calls + usage.Sum(x => Number(x, "calls")), tokens + used);
            reserved += Number(budget, "reserved");
        }
        calls.ShouldBe(await count("count(case when state = 1 then 1 end)"));
        tokens.ShouldBe(await count("sum(case when state = 1 then input + output end)"));
        reserved.ShouldBe(await count("coalesce(sum(case when state <> 1 then reserved_tokens end), 0)"));

        static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
    }
}
