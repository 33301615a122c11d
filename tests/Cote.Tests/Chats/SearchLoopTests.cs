using Cote.Chats;
using Cote.Events;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Chats;

/// <summary>Rounds of the search index over rows that are there before it looks.</summary>
public sealed class SearchLoopTests
{
    // A round has room for 32 texts: the messages of the new chat fill most of it, by their own events and by that of
    // their chat.
    [Theory]
    [InlineData(20, 20)]
    [InlineData(31, 2)]
    [InlineData(2, 70)]
    public async Task A_copied_chat_is_indexed_beside_a_new_one_whose_messages_came_with_events_of_their_own(
        int sent, int copied)
    {
        await using var app = await StillApp.OpenAsync();
        await app.AddUserAsync("ada");
        var seq = 1;
        await app.AddChatAsync("ada", "a new one");
        await app.AppendAsync("ada", seq, EventTypes.ChatCreated, "a new one", null);
        for (var i = 0; i < sent; i++)
        {
            seq++;
            await app.AddMessageAsync("ada", "a new one", $"sent {i}", i + 1, seq);
            await app.AppendAsync("ada", seq, EventTypes.Message, "a new one", $"sent {i}");
        }
        seq++;
        await app.AddChatAsync("ada", "the copy");
        for (var i = 0; i < copied; i++)
            await app.AddMessageAsync("ada", "the copy", $"copied {i}", i + 1, seq);
        await app.AppendAsync("ada", seq, EventTypes.ChatCreated, "the copy", null);

        await ActivatorUtilities.CreateInstance<SearchLoop>(app.Services).RunOnceAsync(default);

        (await app.CountAsync($"search_marks where mark = {(long)seq}")).ShouldBe(1);
        (await app.CountAsync($"search_documents where chat_id = 'a new one'")).ShouldBe(sent);
        (await app.CountAsync($"search_documents where chat_id = 'the copy'")).ShouldBe(copied);
    }
}
