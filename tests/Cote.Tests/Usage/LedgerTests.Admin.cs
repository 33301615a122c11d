using System.Globalization;
using Cote.Tests.Harness;

namespace Cote.Tests.Usage;

// What admins are told of all users.
public sealed partial class LedgerTests
{
    [Fact]
    public async Task Sums_of_all_users_are_those_of_thirty_days_where_nothing_else_is_asked_for()
    {
        await using var live = await LiveApp.StartAsync();
        using var root = await live.App.RegisterAdminAsync();
        var chats = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            chats.Add(await root.CreateChatAsync());
            await root.ReplyAsync(chats[i], "hello");
        }
        var today = new Clock(TimeProvider.System).Now.Milliseconds / 86_400_000;
        var days = new[] { today, today - 29, today - 30, today - 31 };
        await live.App.SetRowsAsync([.. chats.Select((chat, i) =>
            $"update calls set day = {days[i]}, at = {days[i] * 86_400_000} where chat_id = '{chat}'")]);

        (await DaysAsync("")).ShouldBe([days[1], days[0]]);
        (await DaysAsync($"&to={DateOf(days[0])}")).ShouldBe([days[2], days[1]], "thirty days before its end");
        (await DaysAsync("&from=2020-01-01")).ShouldBe([days[3], days[2], days[1], days[0]]);
        var page = (await root.GetAsync("/admin/usage?limit=1")).Ok();
        page.NextPage!.ShouldContain("&from=");
        (await root.GetAsync(page.NextPage!)).Ok().Json[0].Text("day").ShouldBe(DateOf(days[0]));

        async Task<IReadOnlyList<long>> DaysAsync(string query) =>
        [
            .. (await root.GetAsync("/admin/usage?by=day" + query)).Ok().Json.EnumerateArray()
                .Select(x => x.GetProperty("day").GetDateTimeOffset().ToUnixTimeMilliseconds() / 86_400_000),
        ];

        static string DateOf(long day) => DateTimeOffset.FromUnixTimeMilliseconds(day * 86_400_000)
            .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }
}
