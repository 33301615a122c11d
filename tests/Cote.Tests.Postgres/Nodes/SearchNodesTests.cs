using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

/// <summary>The search index with several nodes: one keeps it, and another goes on when that one stops.</summary>
public sealed class SearchNodesTests
{
    [Fact]
    public async Task What_any_node_takes_is_indexed_once_and_found_on_all_also_after_one_has_stopped()
    {
        await using var first = await CoteApp.StartAsync();
        await using var second = await first.StartNeighbourAsync();
        using var ada = await first.RegisterAsync();
        using var elsewhere = await ada.OtherDeviceAsync(second.Url);
        var chat = await ada.CreateChatAsync();
        List<string> sent =
            [.. await ada.TellAsync(chat, "A dove here"), .. await elsewhere.TellAsync(chat, "A dove there")];
        sent.Reverse();
        (await elsewhere.PagesAsync("/search?q=dove")).ShouldBe(sent);
        await first.IndexedAsync(ada);
        (await ada.PagesAsync("/search?q=dove")).ShouldBe(sent);
        (await first.CountAsync("select count(*) from search_lease")).ShouldBe(1);

        await second.StopAsync();
        var after = await ada.TellAsync(chat, "A dove without");
        await first.IndexedAsync(ada);

        (await ada.PagesAsync("/search?q=dove")).ShouldBe([.. after, .. sent]);
        (await first.CountAsync($"select count(*) from search_documents where user_id = '{ada.Id}'")).ShouldBe(7);
    }
}
