using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Usage;

// Whose caps hold, and when their windows turn.
public sealed partial class BudgetTests
{
    [Fact]
    public async Task The_row_of_an_installation_whose_budget_was_taken_away_is_kept_as_it_was()
    {
        await using var live = await LiveApp.StartAsync("Budgets:All:DayTokens=100000");
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("an answer"));
        var chat = await ada.CreateChatAsync();
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);
        (await AllAsync()).ShouldBe((18, 0));

        await live.App.RestartAsync("Budgets:DayTokens=100000");
        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await again.EndOfAsync(chat, (await again.AskForAsync(chat, play)).Reply);

        (await AllAsync()).ShouldSatisfyAllConditions(
            x => x.Used.ShouldBeGreaterThan(18, "who sets it again finds all that was used"),
            x => x.Reserved.ShouldBe(0, "what was never reserved is not given back"));

        Task<(long Used, long Reserved)> AllAsync() => live.App.Services.GetRequiredService<Database>().FirstAsync(
            $"select day_tokens, day_reserved_tokens from budgets where user_id = ''",
            row => (row.GetInt64(0), row.GetInt64(1)), default);
    }

    [Fact]
    public async Task A_window_turns_with_the_day_and_a_call_belongs_to_that_in_which_it_was_reserved()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=1000", "Budgets:MonthTokens=100000");
        using var ada = await live.RegisterAsync();
        var (chat, other) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate).Then("late") with { InputTokens = 700 });
        (await ada.PatchAsync($"/chats/{chat}", new { max_tokens = 300 })).Ok();
        await ada.ReplyAsync(other, "hello");
        var (_, reply) = await ada.AskForAsync(chat, play);
        await gate.Reached.InTimeAsync();
        (await ada.BudgetAsync("day")).Number("reserved").ShouldBeGreaterThan(300);

        // What was today is yesterday, as after midnight.
        await live.App.SetRowsAsync("update budgets set day = day - 1", "update calls set day = day - 1");

        var day = await ada.BudgetAsync("day");
        (day.Number("used"), day.Number("reserved")).ShouldBe((0, 0));
        (await ada.BudgetAsync("month")).Number("used").ShouldBe(18);
        await ada.ReplyAsync(other, "hello again");
        gate.Open();
        await ada.EndOfAsync(chat, reply);
        (await ada.BudgetAsync("day")).Number("used").ShouldBe(18, "the reply was reserved yesterday");
        var month = await ada.BudgetAsync("month");
        (month.Number("used"), month.Number("reserved")).ShouldBe((743, 0));
    }

    [Fact]
    public async Task Lost_calls_of_two_days_are_each_settled_in_their_own()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=100000");
        using var ada = await live.RegisterAsync();
        var (early, late) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        await ada.ReplyAsync(early, "before midnight");
        await ada.ReplyAsync(late, "after it");
        await live.App.SetRowsAsync(
            "update calls set state = 0, until = 1, reserved_tokens = 500",
            $"update calls set day = day - 1 where chat_id = '{early}'",
            "update budgets set day_tokens = 0, day_reserved_tokens = 500");

        await live.App.RestartAsync();

        using var again = new CoteClient(live.App.Url) { Token = ada.Token };
        await Patience.UntilAsync(async () => await Chats.Searching.CountAsync(
            live.App, "select count(*) from calls where state <> 1") == 0, "they are settled");
        var day = await again.BudgetAsync("day");
        (day.Number("used"), day.Number("reserved")).ShouldBe((await Chats.Searching.CountAsync(
            live.App, $"select input + output from calls where chat_id = '{late}'"), 0));
    }

    [Fact]
    public async Task A_budget_that_is_new_knows_what_was_used_before()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var root = await live.App.RegisterAdminAsync();
        var chat = await ada.CreateChatAsync();
        var play = live.Play(FakeReply.Text("much") with { InputTokens = 500 });
        await ada.EndOfAsync(chat, (await ada.AskForAsync(chat, play)).Reply);
        (await ada.GetAsync("/usage/budget")).Ok().Text.ShouldBe("[]");

        var set = (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = 800, month_cost_usd = 1.5 }))
            .Ok().Json;

        set.GetArrayLength().ShouldBe(2);
        (set[0].Text("unit"), set[0].Number("cap"), set[0].Number("used")).ShouldBe(("tokens", 800, 507));
        (set[1].Text("window"), set[1].GetProperty("cap").GetDecimal()).ShouldBe(("month", 1.5m));
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "hello" })).ErrorCode
            .ShouldBe("price_unknown", "a plain send finds that there is a budget now");
        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = 800 })).Ok();
        await ada.ReplyAsync(chat, "hello");
        (await ada.BudgetAsync("day")).Number("used").ShouldBe(525);
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = new string('x', 400) })).ErrorCode
            .ShouldBe("budget_exceeded");
        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = (int?)null }))
            .Ok().Text.ShouldBe("[]");
        await ada.ReplyAsync(chat, "without a budget");
        (await ada.GetAsync("/usage/budget")).Ok().Text.ShouldBe("[]");
        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { })).Ok().Text.ShouldBe("[]");
        (await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Ok().Json.EnumerateArray()
            .Count(x => x.Text("action") == "budget_changed").ShouldBe(3, "the last one has changed nothing");
    }

    [Fact]
    public async Task A_budget_is_an_admins_to_set()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var root = await live.App.RegisterAdminAsync();
        var path = $"/admin/users/{ada.Id}/budget";

        (await ada.PutAsync(path, new { day_tokens = 1 })).ErrorCode.ShouldBe("admin_only");
        (await root.PutAsync("/admin/users/0190a0b0-0000-7000-8000-000000000001/budget", new { day_tokens = 1 }))
            .ErrorCode.ShouldBe("not_found");
        (await root.PutAsync(path, new { day_tokens = -1 })).ShouldBeWrong("body.day_tokens greater_than_equal");
        (await root.PutAsync(path, new { day_tokens = 1.5 })).ShouldBeWrong("body.day_tokens int_type");
        (await root.PutAsync(path, new { month_cost_usd = "1" })).ShouldBeWrong("body.month_cost_usd float_type");
        (await root.PutAsync(path, "[]")).Status.ShouldBe(422);
        (await live.App.RowsAsync())["budgets"].ShouldBeEmpty("nothing was changed");
        (await root.PutAsync(path, new { day_tokens = 0 })).Ok();
        (await root.PutAsync(path, new { day_tokens = 0 })).Ok();
        (await ada.PostAsync($"/chats/{await ada.CreateChatAsync()}/messages/", new { content = "hello" })).ErrorCode
            .ShouldBe("budget_exceeded");
    }

    [Fact]
    public async Task A_window_that_has_begun_stays_though_the_clock_is_set_back()
    {
        await using var live = await LiveApp.StartAsync("Budgets:DayTokens=1000");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (_, reply) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text("some") with { InputTokens = 200, OutputTokens = 7 }));
        await ada.EndOfAsync(chat, reply);

        await live.App.WriteAsync("update budgets set day = day + 1");

        (await ada.BudgetAsync("day")).Number("used").ShouldBe(207);
        var (_, next) = await ada.AskForAsync(
            chat, live.Play(FakeReply.Text("more") with { InputTokens = 210, OutputTokens = 3 }));
        (await ada.EndOfAsync(chat, next)).Text("content").ShouldBe("more");
        var day = await ada.BudgetAsync("day");
        (day.Number("used"), day.Number("reserved")).ShouldBe((420, 0));
    }

    [Fact]
    public async Task A_budget_binds_a_reply_that_is_being_made()
    {
        await using var live = await LiveApp.StartAsync();
        using var ada = await live.RegisterAsync();
        using var root = await live.App.RegisterAdminAsync();
        var chat = await ada.CreateChatAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate).ThenCut(), FakeReply.Text("never"));
        var (_, reply) = await ada.AskForAsync(chat, play);
        await play.NextCallAsync();

        (await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = 1 })).Ok();
        gate.Open();

        (await ada.EndOfAsync(chat, reply)).Text("generation", "error", "code").ShouldBe("budget_exceeded");
        play.Calls.ShouldBe(1);
    }
}
