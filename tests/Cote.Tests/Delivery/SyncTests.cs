using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Delivery;

/// <summary><c>GET /sync</c> of an account of any size: whole, of one moment, and bounded.</summary>
public sealed class SyncTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task A_sync_of_many_pages_holds_every_chat_and_open_reply_once_and_in_order()
    {
        using var ada = await _app.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.After(gate));
        var chats = new List<string>();
        for (var i = 0; i < 600; i++) // more than a page of rows, and of characters
            chats.Add(i % 10 == 0 ? await CreateLargeChatAsync(ada) : await ada.CreateChatAsync());
        var open = new List<string>();
        for (var i = 0; i < 3; i++)
            open.Add((await ada.AskForAsync(chats[^1], play)).Reply);

        var sync = (await ada.GetAsync("/sync")).Ok();

        sync.Message.Content.Headers.ContentLength.ShouldNotBeNull();
        sync.Text.Length.ShouldBeGreaterThan(1_500_000, "more than memory holds");
        sync.Json.GetProperty("chats")
            .EnumerateArray().Select(x => x.Text("id")).ShouldBe(chats.AsEnumerable().Reverse());
        sync.Json.GetProperty("running").EnumerateArray().Select(x => x.Text("message_id")).ShouldBe(open);
        Directory.GetFiles(_app.Data).Select(Path.GetFileName)
            .Where(x => !x!.StartsWith("cote.db", StringComparison.Ordinal))
            .ShouldBeSubsetOf(
                ["signing.key", "vapid.key", "control.sock", "nodes"], "the file of an answer has no name");
        gate.Open();
    }

    [Fact]
    public async Task A_sync_is_of_one_moment_while_chats_come_and_move()
    {
        using var ada = await _app.RegisterAsync();
        for (var i = 0; i < 40; i++)
            await CreateLargeChatAsync(ada);
        using var over = new CancellationTokenSource();
        var created = 0;
        var writing = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await ada.CreateChatAsync();
                Interlocked.Increment(ref created);
            }
        });

        var seen = new List<long>();
        for (var i = 0; i < 10; i++)
        {
            var before = Volatile.Read(ref created);
            await Patience.UntilAsync(() => Task.FromResult(Volatile.Read(ref created) > before), "another chat");
            var sync = (await ada.GetAsync("/sync")).Ok();
            // Each new chat is one event, and the first forty have had two.
            var head = long.Parse(sync["cursor"].Split('-')[1]);
            sync.Json.GetProperty("chats")
                .GetArrayLength().ShouldBe((int)head - 40, "neither a chat too many nor one too few");
            seen.Add(head);
        }

        seen.Distinct().Count().ShouldBe(10, "it was written meanwhile");
        await over.CancelAsync();
        await writing;
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_user_has_four_large_syncs_at_a_time_and_small_ones_are_not_counted()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        for (var i = 0; i < 200; i++)
            await CreateLargeChatAsync(ada); // more than the buffers of both ends of a socket hold
        using var http = new HttpClient { BaseAddress = _app.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", ada.Token);
        var unread = new List<HttpResponseMessage>();
        for (var i = 0; i < 4; i++)
        {
            unread.Add(await http.GetAsync("/sync", HttpCompletionOption.ResponseHeadersRead));
            ((int)unread[^1].StatusCode).ShouldBe(200);
        }

        var fifth = await ada.GetAsync("/sync");

        (fifth.Status, fifth.ErrorCode).ShouldBe((429, "rate_limited"));
        fifth.Header("Retry-After").ShouldBe("5");
        for (var i = 0; i < 5; i++)
            (await eve.GetAsync("/sync")).Ok();
        (await ada.GetAsync("/chats/?limit=1")).Ok();
        JsonElement.Parse(await unread[0].Content.ReadAsStringAsync())
            .GetProperty("chats").GetArrayLength().ShouldBe(200);
        foreach (var answer in unread)
            answer.Dispose(); // the others are broken off
        await Patience.UntilAsync(async () => (await ada.GetAsync("/sync")).Status == 200, "a place for another sync");
    }

    static async Task<string> CreateLargeChatAsync(CoteClient client)
    {
        var chat = await client.CreateChatAsync();
        (await client.PatchAsync($"/chats/{chat}", new { system_prompt = new string('漢', 30_000) })).Ok();
        return chat;
    }
}
