using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats;

public sealed partial class ChatTests
{
    [Fact]
    public async Task Chats_stand_with_the_newest_activity_first()
    {
        using var ada = await _app.RegisterAsync();
        var (a, b, c) = (await ada.CreateChatAsync("a"), await ada.CreateChatAsync("b"),
            await ada.CreateChatAsync("c"));
        (await TitlesAsync(ada)).ShouldBe("cba");

        await ada.EndOfAsync(a, (await ada.AskAsync(a, "Hi")).Text("reply_id"));
        (await TitlesAsync(ada)).ShouldBe("acb");
        (await ada.PatchAsync($"/chats/{b}", new { is_pinned = true })).Ok();
        (await TitlesAsync(ada)).ShouldBe("acb");
        await ada.EndOfAsync(c, (await ada.AskAsync(c, "Hi")).Text("reply_id"));
        (await TitlesAsync(ada)).ShouldBe("cab");
        (await ada.DeleteAsync($"/chats/{a}")).Ok();
        (await TitlesAsync(ada)).ShouldBe("cb");
    }

    [Fact]
    public async Task Pages_of_chats_lead_on_until_all_have_come_once()
    {
        using var ada = await _app.RegisterAsync();
        for (var i = 0; i < 7; i++)
            await ada.CreateChatAsync($"{i}");

        var pages = await PagesAsync(ada, "/chats/?limit=3");

        pages.Select(x => string.Concat(x.Select(y => y.Text("title")))).ShouldBe(["654", "321", "0"]);
        (await ada.GetAsync("/chats/?limit=7")).Ok().Header("Link").ShouldBeNull();
        (await ada.GetAsync("/chats?limit=7")).Ok().Json.GetArrayLength().ShouldBe(7);
        (await ada.GetAsync("/chats/?before=0")).Ok().Text.ShouldBe("[]");
    }

    [Theory]
    [InlineData("limit=0", "query.limit greater_than_equal")]
    [InlineData("limit=1001", "query.limit less_than_equal")]
    [InlineData("limit=-1", "query.limit greater_than_equal")]
    [InlineData("limit=x", "query.limit int_parsing")]
    [InlineData("limit=", "query.limit int_parsing")]
    [InlineData("limit=99999999999999999999", "query.limit int_parsing")]
    [InlineData("before=x", "query.before int_parsing")]
    [InlineData("limit=0&before=x", "query.limit greater_than_equal|query.before int_parsing")]
    [InlineData("skip=20", "query.skip value_error")]
    [InlineData("offset=1&limit=5", "query.offset value_error")]
    [Trait("Rows", "none")]
    public async Task A_page_that_cannot_be_is_a_422(string query, string wrong)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.GetAsync($"/chats/?{query}")).ShouldBeWrong(wrong.Split('|'));
        (await ada.GetAsync("/chats/?skip=0&limit=100")).Status.ShouldBe(200, "the first page of a client that counts");
    }

    static async Task<string> TitlesAsync(CoteClient client) =>
        string.Concat((await client.GetAsync("/chats/")).Ok().Json.EnumerateArray().Select(x => x.Text("title")));

    internal static async Task<List<List<JsonElement>>> PagesAsync(CoteClient client, string path)
    {
        var pages = new List<List<JsonElement>>();
        var next = (string?)path;
        while (next is not null)
        {
            var reply = (await client.GetAsync(next)).Ok();
            pages.Add([.. reply.Json.EnumerateArray()]);
            System.Text.Encoding.UTF8.GetByteCount(reply.Text).ShouldBeLessThanOrEqualTo(8_000_000);
            next = reply.Header("Link") is { } link
                ? System.Text.RegularExpressions.Regex.Match(link, "^<(/[^>]+)>; rel=\"next\"$").Groups[1].Value : null;
        }
        return pages;
    }
}
