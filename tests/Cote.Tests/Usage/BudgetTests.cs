using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Usage;

/// <summary>What a user and an installation may use, and who is told that it is used up.</summary>
public sealed partial class BudgetTests
{
    [Fact]
    public async Task A_send_without_room_is_refused_and_its_id_stays_free()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=1000");
        using var ada = await live.RegisterAsync();
        using var root = await live.App.RegisterAdminAsync();
        var chat = await ada.CreateChatAsync();
        var first = live.Play(FakeReply.Text("much") with { InputTokens = 800, OutputTokens = 7 });
        var (question, reply) = await ada.AskForAsync(chat, first);
        await ada.EndOfAsync(chat, reply);
        var id = Guid.CreateVersion7().ToString();

        var refused = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "more", id });

        (refused.Status, refused.ErrorCode).ShouldBe((429, "budget_exceeded"));
        var tomorrow = DateTimeOffset.Parse(refused["resets_at"], null);
        tomorrow.TimeOfDay.ShouldBe(TimeSpan.Zero);
        var wait = TimeSpan.FromSeconds(int.Parse(refused.Header("Retry-After")!, null));
        (tomorrow - TimeProvider.System.GetUtcNow() - wait).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(2));
        (await ada.PostAsync($"/chats/{chat}/messages/{reply}/regenerate")).ErrorCode.ShouldBe("budget_exceeded");
        (await ada.MessagesAsync(chat)).Count.ShouldBe(2, "nothing was stored");
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = first.Question, id = question }))
            .Ok().Header("Idempotent-Replayed").ShouldBe("true");
        (await root.GetAsync("/limits")).Json.GetProperty("budgets").GetBoolean().ShouldBeTrue();
        await root.ReplyAsync(await root.CreateChatAsync(), "another user has a budget of their own");

        var budget = (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = 5_000 })).Ok().Json;
        budget.EnumerateArray().ToList().ShouldHaveSingleItem().Number("cap").ShouldBe(5_000);
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "more", id })).Ok()["id"].ShouldBe(id);
        live.App.Logs.ShouldContain(x => x.Contains("can register again"));
    }

    [Fact]
    public async Task A_call_takes_what_it_may_use_and_gives_back_what_it_has_not()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=1000", "Budgets:MonthTokens=100000");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(gate));
        await using var socket = await ada.ConnectAsync();

        var (_, reply) = await ada.AskForAsync(chat, play);

        var call = await play.NextCallAsync();
        var output = call.Body.GetProperty("max_tokens").GetInt32();
        output.ShouldBeInRange(900, 999, "what is left beside the input");
        await socket.ShowsAsync(reply, "so far");
        var day = await ada.BudgetAsync("day");
        day.Fields().ShouldBe(["window", "unit", "cap", "used", "reserved", "resets_at"]);
        (day.Number("cap"), day.Number("used"), day.Number("reserved")).ShouldBe((1_000, 0, 1_000));
        (await ada.BudgetAsync("month")).Number("reserved").ShouldBe(1_000);
        var other = await ada.CreateChatAsync();
        (await ada.PostAsync($"/chats/{other}/messages/", new { content = "and I?" })).ErrorCode
            .ShouldBe("budget_exceeded", "what is reserved is not there");
        gate.Open();
        await ada.EndOfAsync(chat, reply);
        day = await ada.BudgetAsync("day");
        (day.Number("used"), day.Number("reserved")).ShouldBe((18, 0));
        await ada.ReplyAsync(other, "and I?");
        (await ada.MessageAsync(chat, reply)).Number("generation", "attempt")
            .ShouldBe(1, "nothing that was shown was taken back");
        (await ada.UsageAsync()).Number("calls").ShouldBe(2);
    }

    [Fact]
    public async Task A_retry_takes_anew_and_the_whole_of_it()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=1000");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Refuse(500), FakeReply.Text("at last"));

        var end = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);

        end.Text("generation", "state").ShouldBe("completed");
        (await play.NextCallAsync()).Body.GetProperty("max_tokens").GetInt32()
            .ShouldBe((await play.NextCallAsync()).Body.GetProperty("max_tokens").GetInt32());
        var day = await ada.BudgetAsync("day");
        (day.Number("used"), day.Number("reserved")).ShouldBe((18, 0));
    }

    [Fact]
    public async Task A_prompt_without_room_fails_its_reply_and_the_text_stays()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=800");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        (await ada.PatchAsync($"/chats/{chat}", new { system_prompt = new string('x', 1_200) })).Ok();
        var play = live.Play(FakeReply.Text("so far").ThenWaitFor(new Gate()), FakeReply.Text("never"));
        var socket = await ada.ConnectAsync();
        var (_, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "so far");

        await live.App.RestartAsync();
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        var end = await again.EndOfAsync(chat, reply);

        (end.Text("generation", "state"), end.Text("generation", "error", "code"))
            .ShouldBe(("failed", "budget_exceeded"));
        end.Text("content").ShouldBe("so far");
        play.Calls.ShouldBe(1);
        var day = await again.BudgetAsync("day");
        day.Number("reserved").ShouldBe(0);
        day.Number("used").ShouldBeInRange(300, 400, "the call that was handed over is estimated");
        (await again.UsageAsync()).Number("calls").ShouldBe(1);
        await socket.DisposeAsync();
    }

    [Fact]
    public async Task Under_a_budget_of_cost_a_model_without_a_price_is_refused()
    {
        await using var live = await LiveApp.StartAsync(
            ["Budgets:MonthCostUsd=0.02", "Prices:0:Model=openai/fake", "Prices:0:Input=2", "Prices:0:Output=10"]);
        using var ada = await live.RegisterAsync();
        var (chat, unpriced) = (await ada.CreateChatAsync(), await ada.CreateChatAsync("chat", "anthropic/fake"));
        var play = live.Play(FakeReply.Text("dear") with { InputTokens = 1_000, OutputTokens = 1_600 });

        var refused = await ada.PostAsync($"/chats/{unpriced}/messages/", new { content = "hello" });
        refused.ShouldBeProblem(422, "price_unknown",
            "This model has no price on this server, and cannot be used under a budget of cost");
        var (question, reply) = await ada.AskForAsync(chat, play);
        await ada.EndOfAsync(chat, reply);

        (await play.NextCallAsync()).Body.GetProperty("max_tokens").GetInt32().ShouldBeInRange(1_900, 1_999);
        (await ada.PostAsync($"/chats/{chat}/messages/{question}/regenerate", new { model = "anthropic/fake" }))
            .ErrorCode.ShouldBe("price_unknown");
        var month = await ada.BudgetAsync("month", "cost_usd");
        (month.GetProperty("cap").GetDecimal(), month.GetProperty("used").GetDecimal()).ShouldBe((0.02m, 0.018m));
        var full = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "hello" });
        full.ErrorCode.ShouldBe("budget_exceeded");
        DateTimeOffset.Parse(full["resets_at"], null).Day.ShouldBe(1);
    }

    [Fact]
    public async Task An_installation_has_a_budget_too()
    {
        await using var live = await LiveApp.StartAsync("Budgets:All:DayTokens=2000");
        using var ada = await live.RegisterAsync();
        using var bob = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("much") with { InputTokens = 1_900, OutputTokens = 7 });
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);

        var refused = await bob.PostAsync(
            $"/chats/{await bob.CreateChatAsync()}/messages/", new { content = "hello" });

        refused.ErrorCode.ShouldBe("budget_exceeded");
        (await bob.GetAsync("/usage/budget")).Ok().Text.ShouldBe("[]", "it is no cap of one's own");
        (await ada.DeleteAsync("/users/me")).Ok();
        (await bob.PostAsync($"/chats/{await bob.CreateChatAsync()}/messages/", new { content = "hello" }))
            .ErrorCode.ShouldBe("budget_exceeded", "an erasure gives nothing back");
    }

    [Fact]
    public async Task A_title_without_room_is_left_out()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=1000", "Titles:Model=openai/fake");
        using var ada = await live.RegisterAsync();
        var (full, chat) = (await AutoAsync(ada), await AutoAsync(ada));
        var play = live.Play(FakeReply.Text("a reply"), FakeReply.Text("A title"));
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);
        await Patience.UntilAsync(
            async () => (await ada.GetAsync($"/chats/{chat}")).Ok()["title"] == "A title", "there is a title");
        (await ada.BudgetAsync("day")).Number("used").ShouldBe(36, "it counts in the budget");

        var large = live.Play(FakeReply.Text("much") with { InputTokens = 900 }, FakeReply.Text("never"));
        await ada.EndOfAsync(full, (await ada.AskForAsync(full, large)).Reply);
        await Patience.UntilAsync(async () => (await live.App.RowsAsync())["calls"].Count == 3, "nothing is reserved");

        large.Calls.ShouldBe(1);
        (await ada.GetAsync($"/chats/{full}")).Ok()["title"].ShouldBe(large.Question);

        static async Task<string> AutoAsync(CoteClient client) =>
            (await client.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];
    }

    [Fact]
    public async Task Parallel_sends_pass_a_cap_by_no_more_than_the_error_of_the_estimate()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=2000");
        using var ada = await live.RegisterAsync();
        await SendManyAsync(live, [ada], sends: 24, cap: 2_000);
    }

    /// <summary>
    /// Many sends at once, each in a chat of its own; no answer comes before all have been stored or refused.
    /// </summary>
    internal static async Task SendManyAsync(LiveApp live, CoteClient[] nodes, int sends, int cap)
    {
        const int input = 30, output = 256;
        var gate = new Gate();
        live.App.Model.Answer = _ => FakeReply.After(gate).Then("done") with
        {
            InputTokens = input,
            OutputTokens = output,
        };
        var chats = new List<string>();
        for (var i = 0; i < sends; i++)
        {
            chats.Add(await nodes[0].CreateChatAsync());
            (await nodes[0].PatchAsync($"/chats/{chats[i]}", new { max_tokens = output })).Ok();
        }
        var answers = await Task.WhenAll(chats.Select((chat, i) =>
            nodes[i % nodes.Length].PostAsync($"/chats/{chat}/messages/", new { content = "hello" })));
        gate.Open();

        answers.Where(x => x.Status != 200).ShouldAllBe(x => x.Status == 429 && x.ErrorCode == "budget_exceeded");
        var states = new List<string>();
        foreach (var (chat, answer) in chats.Zip(answers))
            if (answer.Status == 200)
            {
                var end = await nodes[0].EndOfAsync(chat, answer["reply_id"]);
                states.Add(end.Text("generation", "state"));
                if (states[^1] == "failed")
                    end.Text("generation", "error", "code").ShouldBe("budget_exceeded");
            }
            else
            {
                (await nodes[0].MessagesAsync(chat)).ShouldBeEmpty("nothing was stored");
            }
        await nodes[0].SettledAsync("day");
        var used = (await nodes[0].BudgetAsync("day")).Number("used");
        var completed = states.Count(x => x == "completed");
        completed.ShouldBe(live.App.Model.Calls);
        completed.ShouldBeInRange(cap / (input + output) - 1, cap / output);
        used.ShouldBe(completed * (input + output));
        used.ShouldBeLessThanOrEqualTo(cap + completed * input);
        (await nodes[0].UsageAsync()).Number("calls").ShouldBe(completed);
    }
}
