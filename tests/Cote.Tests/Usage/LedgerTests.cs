using System.Globalization;
using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Usage;

/// <summary>Every call of a model is a row of the ledger, whatever ends it.</summary>
public sealed partial class LedgerTests
{
    [Fact]
    public async Task The_sums_are_what_the_provider_counted_and_what_it_costs()
    {
        await using var live = await LiveApp.StartAsync(Ledgers.Priced);
        using var ada = await live.RegisterAsync();
        using var bob = await live.RegisterAsync();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var began = TimeProvider.System.GetUtcNow();
        var small = FakeReply.Text("a") with { InputTokens = 100, OutputTokens = 20 };

        var end = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, live.Play(small))).Reply);
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, live.Play(small with { InputTokens = 200 }))).Reply);
        await ada.EndOfAsync(other, (await ada.AskForAsync(other, live.Play(small))).Reply);

        end.GetProperty("generation").GetProperty("usage").ToString()
            .ShouldBe("""{"input_tokens":100,"output_tokens":20,"cost_usd":0.000400000}""");
        var day = await ada.UsageAsync();
        day.Fields().ShouldBe([
            "day", "calls", "unpriced_calls", "input_tokens", "output_tokens", "cached_input_tokens",
            "reasoning_tokens", "cost_usd"]);
        (day.Number("calls"), day.Number("input_tokens"), day.Number("output_tokens")).ShouldBe((3, 400, 60));
        (day.Number("unpriced_calls"), day.GetProperty("cost_usd").GetDecimal()).ShouldBe((0, 0.0014m));
        day.Text("day").ShouldBe(began.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        (await ada.UsageAsync("model")).Text("model").ShouldBe("openai/fake");
        (await bob.GetAsync("/usage")).Ok().Text.ShouldBe("[]");

        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        var chats = (await ada.GetAsync("/usage?by=chat")).Ok().Json.EnumerateArray().ToList();
        chats.ToDictionary(x => x.Text("chat_id"), x => x.Number("input_tokens"))
            .ShouldBe(new Dictionary<string, long> { [chat] = 300, [other] = 100 }, ignoreOrder: true);
        (await live.App.RowsAsync())["budgets"].ShouldBeEmpty("nothing of a budget costs a write where there is none");
    }

    [Fact]
    public async Task A_model_without_a_price_has_no_cost_and_is_counted()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();

        var end = await ada.ReplyAsync(chat, "hello");

        end.GetProperty("generation").GetProperty("usage").Fields().ShouldBe(["input_tokens", "output_tokens"]);
        var day = await ada.UsageAsync();
        day.Number("unpriced_calls").ShouldBe(1);
        day.TryGetProperty("cost_usd", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_refused_call_used_nothing_and_a_retried_one_is_two_calls()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var retried = live.Play(FakeReply.Refuse(500), FakeReply.Text("at last"));
        var cut = live.Play(FakeReply.Text("").ThenCut(), FakeReply.Text("at last"));

        var end = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, retried)).Reply);
        end.GetProperty("generation").GetProperty("usage").ToString()
            .ShouldBe("""{"input_tokens":11,"output_tokens":7}""");
        (await ada.UsageAsync()).Number("calls").ShouldBe(2);

        var failed = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, live.Play(FakeReply.Refuse(401)))).Reply);
        failed.GetProperty("generation").GetProperty("usage").ToString()
            .ShouldBe("""{"input_tokens":0,"output_tokens":0}""");

        var again = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, cut)).Reply);
        again.Text("content").ShouldBe("at last");
        var usage = again.GetProperty("generation").GetProperty("usage");
        usage.GetProperty("estimated").GetBoolean().ShouldBeTrue("the model had begun the first one");
        usage.Number("input_tokens").ShouldBeGreaterThan(11);
        (await ada.UsageAsync()).Number("calls").ShouldBe(5);
    }

    [Fact]
    public async Task What_nobody_counted_to_its_end_is_estimated()
    {
        await using var live = await LiveApp.StartAsync(Ledgers.Priced);
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var text = string.Concat(Enumerable.Repeat("four ", 80));
        var gate = new Gate();

        var failed = await ada.EndOfAsync(
            chat, (await ada.AskForAsync(chat, live.Play(FakeReply.Text(text).ThenNothing()))).Reply);
        failed.Text("generation", "state").ShouldBe("failed");
        ShouldBeEstimated(failed, 80, 160);

        var stopped = live.Play(FakeReply.Text(text).ThenWaitFor(gate));
        await using var socket = await ada.ConnectAsync();
        var (_, running) = await ada.AskForAsync(chat, stopped);
        var (_, queued) = await ada.AskForAsync(chat, live.Play(FakeReply.Text("never")));
        await socket.ShowsAsync(running, text);
        (await ada.PostAsync($"/chats/{chat}/stop", new { })).Ok().Json.Number("stopped").ShouldBe(2);

        ShouldBeEstimated(await ada.MessageAsync(chat, running), 80, 160);
        (await ada.MessageAsync(chat, queued)).GetProperty("generation").TryGetProperty("usage", out _)
            .ShouldBeFalse("no model was called");
        (await ada.UsageAsync()).Number("calls").ShouldBe(2);
    }

    [Fact]
    public async Task A_deletion_settles_what_runs()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var (first, second) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        await using var socket = await ada.ConnectAsync();
        var replies = new List<(string Question, string Reply)>();
        foreach (var chat in new[] { first, second })
        {
            replies.Add(await ada.AskForAsync(chat, live.Play(FakeReply.Text("some text so far").ThenStall())));
            await socket.ShowsAsync(replies[^1].Reply, "some text so far");
        }

        (await ada.DeleteAsync($"/chats/{first}")).Ok();
        (await ada.DeleteAsync($"/chats/{second}/messages/{replies[1].Question}")).Ok();

        foreach (var sum in (await ada.GetAsync("/usage?by=chat")).Ok().Json.EnumerateArray().ToList())
        {
            sum.Number("calls").ShouldBe(1);
            sum.Number("input_tokens").ShouldBeGreaterThan(0);
        }
        (await ada.UsageAsync()).Number("calls").ShouldBe(2, "in the unit of the deletion");
    }

    [Fact]
    public async Task A_reply_that_is_handed_over_or_taken_over_sums_all_its_calls()
    {
        await using var live = await LiveApp.StartAsync(CoteApp.LeaseFor(1));
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(
            FakeReply.Text("the first piece of it").ThenWaitFor(gate),
            FakeReply.Text("the second piece of it").ThenWaitFor(gate), FakeReply.Text("whole"));
        var socket = await ada.ConnectAsync();
        var (_, reply) = await ada.AskForAsync(chat, play);
        await socket.ShowsAsync(reply, "the first piece of it");

        await live.App.RestartAsync();
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await play.NextCallAsync();
        await play.NextCallAsync();
        (await again.UsageAsync()).Number("calls").ShouldBe(1, "the first one was settled by the node that went");
        await live.App.SetRowsAsync($"update messages set owner = 'dead', lease_until = 1 where id = '{reply}'");
        var end = await again.EndOfAsync(chat, reply);

        end.Text("content").ShouldBe("whole");
        var usage = end.GetProperty("generation").GetProperty("usage");
        usage.GetProperty("estimated").GetBoolean().ShouldBeTrue();
        usage.Number("input_tokens").ShouldBeGreaterThan(11);
        var day = await again.UsageAsync();
        day.Number("calls").ShouldBe(3);
        (day.Number("input_tokens"), day.Number("output_tokens"))
            .ShouldBe((usage.Number("input_tokens"), usage.Number("output_tokens")));
        play.Calls.ShouldBe(3);
        await socket.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_dead_node_has_shown_is_estimated_also_after_a_retry_that_took_nothing_back(bool thinks)
    {
        await using var live = await LiveApp.StartAsync(CoteApp.LeaseFor(1));
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "openai");
        var (gate, text) = (new Gate(), string.Concat(Enumerable.Repeat("four ", 80)));
        var begun = thinks ? FakeReply.Thought(text).Then("so") : FakeReply.Text(text);
        var play = live.Play(FakeReply.Refuse(503), begun.ThenWaitFor(gate), FakeReply.Text("whole"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await Patience.UntilAsync(
            async () => (await ada.MessageAsync(chat, reply)).Text("content").Length > 0, "its text is written");

        await live.App.SetRowsAsync($"update messages set owner = 'dead', lease_until = 1 where id = '{reply}'");
        var end = await ada.EndOfAsync(chat, reply);

        end.Text("content").ShouldBe("whole");
        end.GetProperty("generation").GetProperty("usage").Number("output_tokens").ShouldBeInRange(7 + 80, 7 + 160);
        (await ada.UsageAsync()).Number("calls").ShouldBe(3);
    }

    [Fact]
    public async Task The_sweep_settles_a_call_whose_node_is_gone()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var end = await ada.ReplyAsync(chat, "hello");
        await live.App.SetRowsAsync(
            $"update calls set state = 0, until = 1, input = 0, output = 0 where subject_id = '{end.Text("id")}'");
        (await ada.GetAsync("/usage")).Ok().Text.ShouldBe("[]");

        await live.App.RestartAsync();

        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await Patience.UntilAsync(
            async () => (await again.GetAsync("/usage")).Ok().Json.GetArrayLength() == 1, "it is settled");
        (await again.UsageAsync()).Number("input_tokens").ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_title_is_a_call_and_no_part_of_its_reply()
    {
        await using var live = await LiveApp.StartAsync("Titles:Model=openai/fake");
        using var ada = await live.RegisterAsync();
        var chat = (await ada.PostAsync("/chats/", new { auto_title = true })).Ok()["id"];
        var play = live.Play(FakeReply.Text("By the sun."), FakeReply.Text("The way home"));

        var end = await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);

        end.GetProperty("generation").GetProperty("usage").Number("input_tokens").ShouldBe(11);
        await Patience.UntilAsync(async () => (await ada.UsageAsync()).Number("calls") == 2, "the title is settled");
        (await ada.UsageAsync("chat")).Number("input_tokens").ShouldBe(22);
    }

    [Fact]
    public async Task An_erased_account_takes_its_calls_along_and_leaves_their_sum()
    {
        await using var live = await LiveApp.StartAsync(Ledgers.Priced);
        using var ada = await live.RegisterAsync();
        using var root = await live.App.RegisterAdminAsync();
        await ada.ReplyAsync(await ada.CreateChatAsync(), "hello");
        await root.ReplyAsync(await root.CreateChatAsync(), "hello");
        var export = (await ada.GetAsync("/users/me/export")).Ok().Json.GetProperty("usage").EnumerateArray().ToList();
        export.ShouldHaveSingleItem().Number("input_tokens").ShouldBe(11);
        (await ada.GetAsync("/admin/usage")).ErrorCode.ShouldBe("admin_only");
        var before = (await root.GetAsync("/admin/usage")).Ok();

        (await ada.DeleteAsync("/users/me")).Ok();

        (await live.App.RowsAsync())["calls"].ShouldAllBe(x => x.Contains(root.Id));
        (await root.GetAsync("/admin/usage")).Ok().Text.ShouldBe(before.Text, "the installation's sums stay");
        before.Json[0].Number("calls").ShouldBe(2);
        (await root.GetAsync("/admin/usage?by=model")).Ok().Json[0].Number("calls").ShouldBe(2);
        (await root.GetAsync("/admin/usage?by=user")).Ok().Json.EnumerateArray()
            .Select(x => x.TryGetProperty("user_id", out var id) ? id.ToString() : "").ShouldBe(["", root.Id]);
    }

    [Fact]
    public async Task Sums_are_of_a_span_and_by_pages()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        var chats = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            chats.Add(await ada.CreateChatAsync());
            await ada.ReplyAsync(chats[i], "hello");
        }
        await live.App.SetRowsAsync(
            $"update calls set at = 1767225600000, day = 20454, month = 202601 where chat_id = '{chats[0]}'");

        async Task<List<string>> keysAsync(string query, string key) =>
            [.. (await ada.GetAsync("/usage?" + query)).Ok().Json.EnumerateArray().Select(x => x.Text(key))];
        (await keysAsync("from=2026-01-01&to=2026-01-02", "day")).ShouldBe(["2026-01-01"]);
        (await keysAsync("to=2026-01-01", "day")).ShouldBeEmpty();
        (await keysAsync("from=2026-01-01T01:00:00%2B01:00&to=2026-01-01T00:00:00.001Z", "day")).Count.ShouldBe(1);
        (await keysAsync("from=2026-01-01T00:00:00.001Z&by=chat", "chat_id")).Order().ShouldBe(chats.Skip(1).Order());
        var page = await ada.GetAsync("/usage?by=chat&limit=2");
        var next = page.Header("Link")!.Split('<', '>')[1];
        var rest = (await ada.GetAsync(next)).Ok();
        rest.Header("Link").ShouldBeNull();
        page.Json.EnumerateArray().Concat(rest.Json.EnumerateArray()).Select(x => x.Text("chat_id"))
            .ShouldBe(chats.Order());

        string[] faults = ["from=yesterday", "to=2026-13-01", "from=2026-01-01T00:00:00", "by=week", "by=user"];
        foreach (var wrong in faults)
            (await ada.GetAsync("/usage?" + wrong)).ShouldBeWrong($"query.{wrong.Split('=')[0]} value_error");
        (await ada.GetAsync("/usage?limit=0")).ShouldBeWrong("query.limit greater_than_equal");
    }

    static void ShouldBeEstimated(JsonElement reply, int least, int most)
    {
        var usage = reply.GetProperty("generation").GetProperty("usage");
        usage.GetProperty("estimated").GetBoolean().ShouldBeTrue();
        usage.Number("input_tokens").ShouldBeGreaterThan(0);
        usage.Number("output_tokens").ShouldBeInRange(least, most);
        usage.GetProperty("cost_usd").GetDecimal().ShouldBeGreaterThan(0);
    }
}
