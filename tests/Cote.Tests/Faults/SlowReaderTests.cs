using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Faults;

/// <summary>Tests that measure the whole process: nothing else runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>A client that takes nothing any more must cost nothing and disturb nobody.</summary>
[Collection(nameof(Alone))]
public sealed class SlowReaderTests
{
    const string Long = "Assistants:MaxReplyLength=10000000";

    [Fact, Trait("Rows", "none"), Trait("Stage", "slow")]
    public async Task A_socket_that_does_not_read_is_closed_and_no_one_else_notices()
    {
        await using var live = await LiveApp.StartAsync(
            Long, "Realtime:SlowConsumerSeconds=3", "Realtime:HeartbeatMilliseconds=1000");
        using var ada = await live.RegisterAsync();
        await using var good = await ada.ConnectAsync();
        using var slow = await OpenRawAsync(live.App.Url, ada.Token!);
        var chat = await ada.CreateChatAsync();
        var piece = new string('x', 10_000);

        // Each text is a few megabytes over the wire: more than the buffers of the kernel hold.
        var texts = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var chunks = Enumerable.Range(0, 300).Select(x => piece).ToArray();
            var (_, reply) = await ada.AskForAsync(chat, live.Play(FakeReply.Text(chunks)));
            texts.Add((await good.EndOfAsync(reply)).Text("content"));
        }

        texts.ShouldAllBe(x => x.Length == 3_000_000);
        for (var i = 0; i < 10; i++)
            // each after a second of silence: longer than the slow one is given, with its last chance
            await good.NextAsync("ping");
        (await IsClosedAsync(slow)).ShouldBeTrue();
        (await ada.GetAsync($"/chats/{chat}")).Ok();
        await good.SendAsync(new { type = "ping" });
        await good.NextAsync("pong");
    }

    [Fact, Trait("Rows", "none"), Trait("Stage", "slow")]
    public async Task A_socket_on_a_slow_line_takes_a_frame_for_longer_than_one_that_does_not_read_is_given()
    {
        await using var live = await LiveApp.StartAsync(Long, "Realtime:SlowConsumerSeconds=2");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        using var slow = await OpenSmallAsync(live.App.Url, ada.Token!);
        var reading = ReadSlowlyAsync(slow, "\"type\":\"message\"", "the end");

        var chunks = Enumerable.Repeat(new string('x', 100_000), 99).Append("the end");
        await ada.AskForAsync(chat, live.Play(FakeReply.Text([.. chunks])));

        // Of the ten megabytes of the message the buffers of the kernel hold four.
        await reading.InTimeAsync();
        await slow.SendAsync("{\"type\":\"ping\"}"u8.ToArray(), WebSocketMessageType.Text, true, default);
        await ReadSlowlyAsync(slow, "\"type\":\"pong\"").InTimeAsync();
    }

    static async Task ReadSlowlyAsync(WebSocket socket, params string[] until)
    {
        var (buffer, text) = (new byte[65_536], new ArrayBufferWriter<byte>());
        var frame = "";
        while (!until.All(x => frame.Contains(x, StringComparison.Ordinal)))
        {
            text.ResetWrittenCount();
            ValueWebSocketReceiveResult read;
            do
            {
                read = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                socket.CloseStatus.ShouldBeNull();
                text.Write(buffer.AsSpan(0, read.Count));
                await Task.Delay(40); // the line is slow: 1.6 MB/s
            }
            while (!read.EndOfMessage);
            frame = Encoding.UTF8.GetString(text.WrittenSpan);
        }
    }

    // A socket for which the kernel keeps next to nothing on this side.
    static async Task<WebSocket> OpenSmallAsync(Uri url, string token)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, ct) =>
            {
                var tcp = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096, NoDelay = true };
                await tcp.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(tcp, ownsSocket: true);
            },
        };
        using var http = new HttpMessageInvoker(handler, disposeHandler: false);
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await socket.ConnectAsync(new UriBuilder(new Uri(url, "/ws")) { Scheme = "ws" }.Uri, http, default);
        return socket;
    }

    [Fact, Trait("Rows", "none")]
    public async Task Many_sockets_that_do_not_read_hold_no_queue_of_what_they_miss()
    {
        await using var live = await LiveApp.StartAsync(Long, "Realtime:SlowConsumerSeconds=600");
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var sockets = new List<TcpClient>();
        for (var i = 0; i < 10; i++)
            sockets.Add(await OpenRawAsync(live.App.Url, ada.Token!));
        var piece = new string('x', 5_000);
        long before = 0;

        for (var i = 0; i < 6; i++)
        {
            var (_, reply) = await ada.AskForAsync(
                chat, live.Play(FakeReply.Text([.. Enumerable.Range(0, 200).Select(x => piece)])));
            (await ada.EndOfAsync(chat, reply)).Text("content").Length.ShouldBe(1_000_000);
            if (i == 1) // by now all of them are stuck, and every buffer has been filled
                before = GC.GetTotalMemory(forceFullCollection: true);
        }

        // Four megabytes were missed by each of ten, as deltas and once more as messages: queues would hold eighty.
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(30_000_000);
        foreach (var socket in sockets)
            socket.Dispose();
    }

    [Fact]
    public async Task A_stream_that_does_not_read_does_not_hold_the_reply_back()
    {
        await using var live = await LiveApp.StartAsync(Long);
        using var ada = await live.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await using var lazy = await ada.StreamAsync(HttpMethod.Get, "/events");
        var play = live.Play(FakeReply.Text([.. Enumerable.Range(0, 400).Select(x => new string('y', 10_000))]));
        await using var post = await ada.StreamAsync(
            HttpMethod.Post, $"/chats/{chat}/messages/", new { content = play.Question });

        var reply = (await post.NextAsync())!.Data.Text("reply_id");
        var end = await ada.EndOfAsync(chat, reply);
        end.Text("content").Length.ShouldBe(4_000_000, end.GetProperty("generation").ToString());

        // And who reads late gets it all, merged.
        var texts = new ReplyTexts();
        while (!texts.HasEnded(reply))
            texts.Apply((await post.NextAsync())!);
        texts.Faults.ShouldBeEmpty();
        texts[reply].Length.ShouldBe(4_000_000);
    }

    static async Task<TcpClient> OpenRawAsync(Uri url, string token)
    {
        var tcp = new TcpClient { ReceiveBufferSize = 4_096 };
        await tcp.ConnectAsync(url.Host, url.Port);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /ws HTTP/1.1\r\nHost: {url.Authority}\r\nUpgrade: websocket\r\nConnection: "
                + "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + $"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer {token}\r\n\r\n"));
        // The first bytes of the answer: it is open. From here on it reads nothing.
        await tcp.GetStream().ReadExactlyAsync(new byte[12]);
        return tcp;
    }

    // Reads what the kernel still holds, to the end of the connection.
    static async Task<bool> IsClosedAsync(TcpClient tcp)
    {
        using var limit = new CancellationTokenSource(Patience.Deadline);
        var buffer = new byte[64 * 1024];
        try
        {
            while (await tcp.GetStream().ReadAsync(buffer, limit.Token) > 0)
            {
            }
            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
