using System.Net;
using System.Net.Sockets;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

/// <summary>What messages name, how it is shown, and what becomes of it.</summary>
public sealed partial class MediaMessagesTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_message_names_uploads_and_is_shown_with_signed_urls_wherever_it_appears()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();
        var url = await ada.PictureAsync();

        var sent = await SendAsync(ada, chat, "image", "look", url);

        var event_ = await socket.NextAsync("message", x => x.MessageId == sent["id"]);
        var single = await ada.MessageAsync(chat, sent["id"]);
        var listed = (await ada.MessagesAsync(chat)).Single(x => x.GetProperty("id").GetString() == sent["id"]);
        var polled = (await ada.GetAsync(
            $"/events?cursor={socket.Ready.Cursor ?? socket.Ready.Data.GetProperty("cursor").GetString()}")).Ok()
            .Json.GetProperty("events").EnumerateArray()
            .First(x => x.GetProperty("type").GetString() == "message").GetProperty("data");
        await using var stream = await ada.StreamAsync(HttpMethod.Post, $"/chats/{chat}/messages/",
            new { content = "", type = "image", media_urls = new[] { url } });
        var streamed = (await stream.NextAsync())!.Data;
        foreach (var message in new[] { sent.Json, event_.Data, single, listed, polled, streamed })
        {
            var shown = message.GetProperty("media_urls").EnumerateArray().Single().GetString()!;
            Samples.PathOf(shown).ShouldBe(Samples.PathOf(url));
            (await nobody.GetAsync(shown)).Ok();
        }
    }

    [Fact]
    public async Task Only_the_path_of_a_url_counts()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var url = await ada.PictureAsync();
        var path = Samples.PathOf(url);

        foreach (var form in new[]
        {
            path, url, new Uri(_app.Url, url).ToString(), "https://cdn.example" + path + "?expires=1&signature=x#top",
            path.ToUpperInvariant().Replace("/MEDIA/", "/media/", StringComparison.Ordinal),
        })
            (await SendAsync(ada, chat, "image", "", form)).Json.GetProperty("media_urls").GetArrayLength()
                .ShouldBe(1, form);
    }

    [Theory]
    [InlineData("image", "picture", 200)]
    [InlineData("image", "text", 422)]
    [InlineData("image", "", 422)]
    [InlineData("audio", "sound", 200)]
    [InlineData("audio", "picture", 422)]
    [InlineData("video", "sound", 422)]
    [InlineData("file", "picture", 200)]
    [InlineData("file", "text", 200)]
    [InlineData("file", "", 422)]
    [InlineData("text", "picture", 200)]
    [InlineData("code", "text", 200)]
    [InlineData("image", "text picture", 200)]
    public async Task Type_and_media_must_agree(string type, string uploads, int status)
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var urls = new List<string>();
        foreach (var upload in uploads.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var bytes = upload switch
            {
                "picture" => Samples.Png(),
                "sound" => Samples.Mp3(),
                _ => "hello"u8.ToArray(),
            };
            urls.Add((await ada.UploadAsync(bytes, "a")).Ok()["url"]);
        }

        var sent = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "x", type, media_urls = urls });

        sent.Status.ShouldBe(status);
        if (status == 422)
            LocOf(sent).ShouldBe("""["body","media_urls"]""");
        (await ada.MessagesAsync(chat)).Count(x => x.GetProperty("sender").GetString() == "user")
            .ShouldBe(status == 200 ? 1 : 0);
    }

    [Fact]
    public async Task Anothers_upload_and_none_are_refused_alike()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await eve.CreateChatAsync();
        var hers = await ada.PictureAsync();

        foreach (var url in new[] { hers, "/media/" + Guid.CreateVersion7() })
        {
            var refused = await eve.PostAsync($"/chats/{chat}/messages/",
                new { content = "x", type = "image", media_urls = new[] { url } });

            (refused.Status, refused.ErrorCode).ShouldBe((422, "media_not_found"));
            LocOf(refused).ShouldBe("""["body","media_urls"]""");
        }
        (await eve.MessagesAsync(chat)).ShouldBeEmpty();
    }

    // The trap listens; whoever fetches what a client names would knock at it.
    [Fact]
    public async Task No_url_that_a_client_names_is_ever_fetched()
    {
        using var trap = new TcpListener(IPAddress.Any, 0);
        trap.Start();
        var port = ((IPEndPoint)trap.LocalEndpoint).Port;
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var id = Samples.PathOf(await ada.PictureAsync());

        foreach (var url in new[]
        {
            $"http://127.0.0.1:{port}/x.png", $"http://localhost:{port}/x.png", $"http://[::1]:{port}/x.png",
            $"http://[::ffff:127.0.0.1]:{port}/",
            $"http://2130706433:{port}/", $"http://0x7f000001:{port}/", $"http://0177.0.0.1:{port}/",
            $"http://127.1:{port}/", $"http://0:{port}/",
            $"http://0.0.0.0:{port}/", "http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/",
            "file:///etc/passwd",
            $"file://localhost{id}", $"//127.0.0.1:{port}{id}", $"ftp://127.0.0.1:{port}{id}",
            $"gopher://127.0.0.1:{port}/_x", "data:image/png;base64,AAAA",
            $"http://127.0.0.1:{port}/redirect?to={id}", $"http://127.0.0.1:{port}/x/..{id}",
            $"/media/../media{id[6..]}", $"/media/%2e%2e/{id[7..]}", $"{id}/..", $"/x{id}", "\\media\\x",
        })
        {
            var refused = await ada.PostAsync($"/chats/{chat}/messages/",
                new { content = "x", type = "image", media_urls = new[] { url } });
            (refused.Status, refused.ErrorCode).ShouldBe((422, "media_not_found"), url);
        }
        // One whose path is an upload's own is taken for that upload, and its host is not asked either.
        var sent = await SendAsync(ada, chat, "image", "look", $"http://127.0.0.1:{port}{id}");
        await ada.EndOfAsync(chat, sent["reply_id"]);

        trap.Pending().ShouldBeFalse();
        using var guard = new TcpClient();
        await guard.ConnectAsync(IPAddress.Loopback, port);
        await Patience.UntilAsync(() => Task.FromResult(trap.Pending()), "the trap would have noticed");
    }

    [Fact]
    public async Task A_repeated_send_with_media_is_the_same_send()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var (url, other) = (await ada.PictureAsync(), await ada.PictureAsync());
        var id = Guid.CreateVersion7();
        var first = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "x", type = "image", media_urls = new[] { url }, id })).Ok();

        var again = (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "x", type = "image", media_urls = new[] { "https://h" + Samples.PathOf(url) }, id })).Ok();
        var different = await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "x", type = "image", media_urls = new[] { other }, id });
        var without = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "x", id });

        again.Header("Idempotent-Replayed").ShouldBe("true");
        again["reply_id"].ShouldBe(first["reply_id"]);
        different.ErrorCode.ShouldBe("id_conflict");
        without.ErrorCode.ShouldBe("id_conflict");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{id}")).Ok();
        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "x", type = "image", media_urls = new[] { url }, id })).Status.ShouldBe(410);
    }

    [Fact]
    public async Task A_signature_of_yesterday_is_renewed_by_reading_again()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time),
            "Auth:AccessTokenMinutes=100000", "Media:GraceHours=10000");
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync(); // keeps the feed, and with it the frames, alive
        var from = socket.Ready.Data.GetProperty("cursor").GetString();
        var url = await ada.PictureAsync();
        var sent = await SendAsync(ada, chat, "image", "look", url);
        await socket.EndOfAsync(sent["reply_id"]);

        time.Shift = TimeSpan.FromDays(2.1);

        using var nobody = app.Anonymous();
        (await nobody.GetAsync(url)).Status.ShouldBe(404);
        await using var other = await ada.ConnectAsync(from);
        var replayed = await other.NextAsync("message", x => x.MessageId == sent["id"]);
        var fresh = replayed.Data.GetProperty("media_urls")[0].GetString()!;
        (await nobody.GetAsync(fresh)).Ok();
    }

    static async Task<(Reply Message, string Url)> SendPictureAsync(CoteClient client, string chat)
    {
        while (true) // with no grace at all the sweep may be faster than the send
        {
            var url = await client.PictureAsync();
            var sent = await client.PostAsync($"/chats/{chat}/messages/",
                new { content = "", type = "image", media_urls = new[] { url } });
            if (sent.Status == 200)
                return (sent, url);
            sent.ErrorCode.ShouldBe("media_not_found");
        }
    }

    static async Task<Reply> SendAsync(
        CoteClient client, string chat, string type, string content, params string[] urls) =>
        (await client.PostAsync($"/chats/{chat}/messages/", new { content, type, media_urls = urls })).Ok();

    static string LocOf(Reply reply) => reply.Json.GetProperty("detail")[0].GetProperty("loc").ToString();
}
