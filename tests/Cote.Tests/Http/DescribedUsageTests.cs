using Cote.Tests.Harness;
using Cote.Tests.Usage;

namespace Cote.Tests.Http;

public sealed class DescribedUsageTests
{
    [Fact]
    public async Task Every_answer_about_usage_and_budgets_is_declared()
    {
        await using var app = await CoteApp.StartAsync([.. Ledgers.Priced, "Budgets:DayTokens=300"]);
        var api = await DescribedApi.ReadAsync(app);
        using var ada = await app.RegisterAsync();
        using var root = await app.RegisterAdminAsync();
        var chat = await ada.CreateChatAsync();
        var end = await ada.ReplyAsync(chat, "hello");

        foreach (var by in new[] { "day", "model", "chat" })
            api.Check(await ada.GetAsync($"/usage?by={by}")).Ok().Json.GetArrayLength().ShouldBe(1);
        foreach (var by in new[] { "day", "model", "user" })
            api.Check(await root.GetAsync($"/admin/usage?by={by}")).Ok().Json.GetArrayLength().ShouldBe(1);
        api.Check(await ada.GetAsync("/usage?by=week")).Status.ShouldBe(422);
        api.Check(await ada.GetAsync("/usage/budget")).Ok().Json.GetArrayLength().ShouldBe(1);
        api.Check(await ada.GetAsync($"/chats/{chat}/messages/{end.Text("id")}")).Ok();
        api.Check(await root.PutAsync($"/admin/users/{ada.Id}/budget", new { month_cost_usd = 0 })).Ok();
        api.Check(await root.PutAsync($"/admin/users/{ada.Id}/budget", new { day_tokens = "x" })).Status.ShouldBe(422);
        api.Check(await root.PutAsync($"/admin/users/{chat}/budget", new { })).Status.ShouldBe(404);
        api.Check(await ada.PostAsync($"/chats/{chat}/messages", new { content = "hello" })).Status.ShouldBe(429);
        api.Check(await ada.PostAsync($"/chats/{chat}/messages/{end.Text("id")}/regenerate")).Status.ShouldBe(429);
    }
}
