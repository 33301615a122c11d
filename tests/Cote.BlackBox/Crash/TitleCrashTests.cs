using System.Collections.Concurrent;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Crash;

/// <summary>kill -9 between the end of a chat's first reply and the title that a model makes of it.</summary>
[Trait("Stage", "slow")]
public sealed class TitleCrashTests(PublishedProgram program, ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_title_whose_call_was_cut_off_by_a_kill_is_asked_for_once_more_and_arrives(bool onPostgres)
    {
        await using var model = await FakeModelServer.Start();
        Gate[] gates = [new(), new()];
        var titles = 0;
        model.Answer = request => !IsForTitle(request) ? FakeReply.Text("By the sun.")
            : FakeReply.After(gates[Math.Min(Interlocked.Increment(ref titles), gates.Length) - 1])
                .Then("The way home");
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = await Begin(model, database).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        var chat = await CreateAsync(ada);
        await ada.AskAsync(chat, "How do doves find home?");
        await gates[0].Reached.InTimeAsync();

        await KillAsync(node, database);
        await node.StartAsync();
        await gates[1].Reached.InTimeAsync();
        (await ada.GetAsync($"/chats/{chat}")).Ok()["title"].ShouldBe("How do doves find home?");
        gates[1].Open();

        await HasTitleAsync(ada, chat, "The way home");
        await KillAsync(node, database);
        await node.StartAsync();
        // It is asked for after what was due.
        await HasTitleAsync(ada, await TurnAsync(ada, "Something else"), "The way home");
        titles.ShouldBe(3);
        node.Output.ShouldNotContain("fail:");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task However_soon_after_the_reply_the_kill_comes_the_title_arrives_and_takes_two_calls_at_most(
        bool onPostgres)
    {
        await using var model = await FakeModelServer.Start();
        // What a killed node has sent may be read after the next one has begun: each life has a key of its own.
        var titles = new ConcurrentDictionary<string, int>();
        model.Answer = request =>
        {
            if (IsForTitle(request))
                titles.AddOrUpdate(request.Headers["Authorization"], 1, (_, count) => count + 1);
            return FakeReply.Text(IsForTitle(request) ? "The way home" : "By the sun.");
        };
        await using var database = await NodeDatabase.MakeAsync(onPostgres);
        await using var node = Begin(model, database);
        node.Variables["OPENAI_API_KEY"] = "sk-0";
        await node.StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url);
        for (var round = 1; round <= 5; round++)
        {
            var chat = await TurnAsync(ada, $"question {round}");
            await Task.Delay(Random.Shared.Next(10)); // the moment of the kill is what is tried out
            await KillAsync(node, database);
            node.Variables["OPENAI_API_KEY"] = $"sk-{round}";
            await node.StartAsync();

            await HasTitleAsync(ada, chat, "The way home");
            var (before, after) = (Asked(round - 1), Asked(round));
            output.WriteLine($"Asked {before} times before the kill, {after} times after it.");
            before.ShouldBeInRange(0, 1);
            after.ShouldBeInRange(0, 1);
            (before + after).ShouldBePositive();
            titles.Clear();
        }
        node.Output.ShouldNotContain("fail:");

        int Asked(int life) => titles.GetValueOrDefault($"Bearer sk-{life}");
    }

    static bool IsForTitle(FakeRequest request) => request.Messages.EnumerateArray().Last()
        .GetProperty("content").GetString()!.StartsWith("<question>", StringComparison.Ordinal);

    static async Task<string> CreateAsync(CoteClient client) =>
        (await client.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];

    static async Task<string> TurnAsync(CoteClient client, string question)
    {
        var chat = await CreateAsync(client);
        await client.EndOfAsync(chat, (await client.AskAsync(chat, question)).GetProperty("reply_id").GetString()!);
        return chat;
    }

    static Task HasTitleAsync(CoteClient client, string chat, string title) => Patience.UntilAsync(
        async () => (await client.GetAsync($"/chats/{chat}")).Ok()["title"] == title, $"the title {title}");

    // A node that is alone knows that nobody asks any more; one on PostgreSQL waits for the end of the lease.
    static async Task KillAsync(Node node, NodeDatabase database)
    {
        await node.KillAsync();
        await database.ExecuteAsync("update chats set title_lease = 0");
    }

    Node Begin(FakeModelServer model, NodeDatabase database) =>
        Node.With(program, model, "Titles:Model=openai/fake").On(database.Url);
}
