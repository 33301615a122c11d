using System.Net.Sockets;
using System.Text;
using Cote.Tests.Chats;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

/// <summary>Viewers who read slowly or not at all, and many of one address.</summary>
public sealed class SharedSlowTests
{
    [Fact]
    public async Task A_stream_whose_viewer_reads_nothing_ends_with_its_share()
    {
        await using var live = await LiveApp.StartAsync("--Logging:LogLevel:Default=Debug");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var share = (await ada.PostAsync($"/chats/{chat}/shares", new { live = true })).Ok();
        using var stuck = await StuckAsync(live.App, Sharing.PathOf(share) + "/events");
        // More than the buffers of the line hold.
        for (var i = 0; i < 16; i++)
        {
            var play = live.Play(FakeReply.Text(new string('x', 450_000)));
            var (_, reply) = await ada.AskForAsync(chat, play);
            await ada.EndOfAsync(chat, reply);
        }

        (await ada.DeleteAsync($"/shares/{share["id"]}")).Ok();

        await EndsAsync(live.App, "/shared/…/events", 1);
    }

    [Fact]
    public async Task What_is_being_sent_of_a_share_ends_with_it_and_an_address_reads_it_ten_times_at_once()
    {
        await using var app = await CoteApp.StartAsync(
            "Http:TrustedProxies=127.0.0.0/8", "--Logging:LogLevel:Default=Debug");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var upload = (await ada.UploadAsync(
            Encoding.ASCII.GetBytes(new string('x', 20_000_000)), "long.txt")).Ok()["url"];
        var chat = await ada.CreateChatAsync();
        for (var i = 0; i < 110; i++)
        {
            var sent = (await ada.PostAsync($"/chats/{chat}/messages/", i == 0
                ? new { content = "look", type = "file", media_urls = (string[])[upload] }
                : (object)new { content = new string('x', 95_000) })).Ok();
            await ada.EndOfAsync(chat, sent["reply_id"]);
        }
        var share = (await ada.PostAsync($"/chats/{chat}/shares")).Ok();
        var path = Sharing.PathOf(share);
        using var media = await StuckAsync(app, path + "/media/1");
        var readers = new List<TcpClient>();
        for (var i = 0; i < 10; i++)
            readers.Add(await StuckAsync(app, path));

        var refused = await nobody.GetAsync(path);

        refused.ShouldBeProblem(429, "rate_limited",
            "This chat is sent to this address as often as may be; wait as long as Retry-After says");
        refused.Header("Retry-After").ShouldBe("1");
        (await nobody.SendAsync(HttpMethod.Get, path, change: x => x.Headers.Add("X-Forwarded-For", "192.0.2.9"))).Ok();
        (await ada.DeleteAsync($"/shares/{share["id"]}")).Ok();
        await EndsAsync(app, "/shared/…/media/1", 1);
        await EndsAsync(app, "/shared/… ", 11); // and that of the other address
        foreach (var reader in readers)
            reader.Dispose();
    }

    [Fact]
    public async Task Ten_of_an_address_watch_a_share_and_others_have_room()
    {
        await using var app = await CoteApp.StartAsync("Http:TrustedProxies=127.0.0.0/8");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        var path = await ada.ShareAsync(await ada.CreateChatAsync(), new { live = true });
        var streams = new List<SseReader>();
        for (var i = 0; i < 10; i++)
        {
            streams.Add(await nobody.StreamAsync(HttpMethod.Get, path + "/events"));
            (await streams[^1].NextAsync())!.Type.ShouldBe("reset");
        }

        (await nobody.GetAsync(path + "/events")).Status.ShouldBe(429);

        await using var other = await nobody.StreamAsync(
            HttpMethod.Get, path + "/events", change: x => x.Headers.Add("X-Forwarded-For", "192.0.2.9"));
        (await other.NextAsync())!.Type.ShouldBe("reset");
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    [Fact]
    public async Task A_comment_comes_where_all_that_happens_is_hidden()
    {
        var time = new HeldTime(TimeSpan.FromDays(1_000));
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var path = await ada.ShareAsync(chat, new { live = true });
        using var client = new HttpClient { BaseAddress = app.Url };
        using var lines = new StreamReader(await client.GetStreamAsync(path + "/events"));
        while (await lines.ReadLineAsync().InTimeAsync() is not "event: reset") { }

        var comment = Task.Run(async () =>
        {
            while (await lines.ReadLineAsync() is not ": ") { }
        });
        // A second of that clock at a time, and each with something that no viewer is shown.
        var limit = Patience.Begin();
        for (var second = 1; !comment.IsCompleted && limit.Left > TimeSpan.Zero; second++)
        {
            time.Shift = TimeSpan.FromSeconds(second);
            (await ada.PatchAsync($"/chats/{chat}", new { is_pinned = second % 2 == 0 })).Ok();
        }
        await comment.InTimeAsync();
    }

    // A request of which the head of the answer is read, and then nothing.
    static async Task<TcpClient> StuckAsync(CoteApp app, string path)
    {
        var client = new TcpClient { ReceiveBufferSize = 4_096 };
        await client.ConnectAsync(app.Url.Host, app.Url.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        await client.GetStream().ReadExactlyAsync(new byte[16]);
        return client;
    }

    static Task EndsAsync(CoteApp app, string path, int times) => Patience.UntilAsync(
        () => Task.FromResult(app.Logs.Count(x => x.Contains($"GET {path}", StringComparison.Ordinal)
            && !x.Contains(" 429 ", StringComparison.Ordinal)) >= times),
        $"{times} answers of {path} end");
}
