using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class IssuerErasureTests
{
    [Fact]
    public async Task After_an_erasure_old_tokens_are_refused_and_a_new_login_makes_an_empty_account()
    {
        await using var app = await IssuerApp.StartAsync();
        using var ada = app.Bearer("ada");
        var first = (await ada.GetAsync("/users/me")).Ok()["id"];
        await ada.CreateChatAsync();
        var unseen = app.TokenOf("ada", x => x["azp"] = "phone");
        var exchangeable = app.TokenOf("ada", audience: "app");

        (await ada.DeleteAsync("/users/me")).Ok();

        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        using var old = app.With(unseen);
        (await old.GetAsync("/users/me")).Status.ShouldBe(401);
        (await app.ExchangeAsync(exchangeable)).Status.ShouldBe(401);
        var rows = await app.App.RowsAsync();
        rows["identities"].ShouldBeEmpty();
        rows["forgotten_identities"].Count.ShouldBe(1);
        foreach (var (table, texts) in rows.Where(x => x.Key is not "audit"))
            texts.ShouldNotContain(x => x.Contains(first), table);
        using var later = app.Bearer("ada", x => x["iat"] = (long)x["iat"]! + 50);
        var again = (await later.GetAsync("/users/me")).Ok();
        (again["id"] == first, again["username"]).ShouldBe((false, "ada"));
        (await later.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Whoever_comes_back_goes_on_with_the_budget_that_was_used()
    {
        await using var app = await IssuerApp.StartAsync("Budgets:DayTokens=100000", "Budgets:MonthTokens=1000000");
        var used = 0L;
        for (var life = 0; life < 3; life++)
        {
            // Within the skew: what was issued in the second of an erasure is refused.
            var issued = life * 10;
            using var ada = app.Bearer("ada", x => x["iat"] = (long)x["iat"]! + issued);
            var before = await BudgetAsync(ada);
            before.ShouldBe((used, used), $"life {life}");
            var chat = await ada.CreateChatAsync();
            var question = await ada.AskAsync(chat, "Hi");
            await ada.EndOfAsync(chat, question.Text("reply_id"));
            used = (await BudgetAsync(ada)).Day;
            used.ShouldBeGreaterThan(before.Day);

            (await ada.DeleteAsync("/users/me")).Ok();
        }
    }

    static async Task<(long Day, long Month)> BudgetAsync(CoteClient client)
    {
        var caps = (await client.GetAsync("/usage/budget")).Ok().Json.EnumerateArray().ToList();
        return (Of("day"), Of("month"));

        long Of(string window) => caps.Single(x => x.Text("window") == window).GetProperty("used").GetInt64();
    }
}
