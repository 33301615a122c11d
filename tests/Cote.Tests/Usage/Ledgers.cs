using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Usage;

/// <summary>What tests of the ledger ask for again and again.</summary>
static class Ledgers
{
    /// <summary>Two USD for a million tokens of input, ten for output, half a one for cached input.</summary>
    public static readonly string[] Priced =
    [
        "Prices:0:Model=fake", "Prices:0:Input=2", "Prices:0:Output=10", "Prices:0:CachedInput=0.5",
    ];

    /// <summary>A user who is an admin.</summary>
    public static async Task<CoteClient> RegisterAdminAsync(this CoteApp app)
    {
        var client = await app.RegisterAsync();
        await app.SetRowsAsync($"update users set role = 'admin' where id = '{client.Id}'");
        return client;
    }

    /// <summary>Changes rows behind a server's back.</summary>
    public static Task SetRowsAsync(this CoteApp app, params string[] statements) =>
        Chats.Searching.WriteAsync(app, statements);

    /// <summary>The sums of a user's calls, of which there must be one.</summary>
    public static async Task<JsonElement> UsageAsync(this CoteClient client, string by = "day") =>
        (await client.GetAsync($"/usage?by={by}")).Ok().Json.EnumerateArray().ToList().ShouldHaveSingleItem();

    /// <summary>The row of a cap.</summary>
    public static async Task<JsonElement> BudgetAsync(this CoteClient client, string window, string unit = "tokens") =>
        (await client.GetAsync("/usage/budget")).Ok().Json.EnumerateArray()
            .Single(x => x.Text("window") == window && x.Text("unit") == unit);

    /// <summary>Waits until nothing is reserved of a cap.</summary>
    public static Task SettledAsync(this CoteClient client, string window, string unit = "tokens") =>
        Patience.UntilAsync(
            async () => (await client.BudgetAsync(window, unit)).GetProperty("reserved").GetDecimal() == 0,
            "every reservation is settled");

    /// <summary>A reply that has ended.</summary>
    public static async Task<JsonElement> ReplyAsync(this CoteClient client, string chat, string text)
    {
        var question = await client.AskAsync(chat, text);
        return await client.EndOfAsync(chat, question.Text("reply_id"));
    }
}
