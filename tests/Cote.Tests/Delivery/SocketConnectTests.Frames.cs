using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

public sealed partial class SocketConnectTests
{
    [Fact]
    [Trait("Rows", "none")]
    public async Task A_ping_is_answered_with_a_pong_and_a_pong_with_nothing()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        await socket.SendAsync(new { type = "pong" });
        await socket.SendAsync(new { type = "ping" });
        await socket.SendAsync(new { type = "ping" });

        (await socket.NextAsync()).Type.ShouldBe("pong");
        (await socket.NextAsync()).Type.ShouldBe("pong");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_silent_socket_gets_pings_and_an_unanswered_ping_closes_nothing()
    {
        await using var own = await LiveApp.StartAsync("Realtime:HeartbeatMilliseconds=1000");
        using var ada = await own.RegisterAsync();
        await using var socket = await ada.ConnectAsync();
        socket.Ready.Data.Number("heartbeat_ms").ShouldBe(1_000);

        for (var i = 0; i < 3; i++)
            (await socket.NextAsync()).Type.ShouldBe("ping");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task An_unknown_type_is_an_error_and_the_socket_goes_on()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        await socket.SendAsync(new { type = "message", data = new { content = "writes enter by HTTP" } });
        var error = await socket.NextAsync();
        await socket.SendAsync(new { type = "ping" });

        error.Type.ShouldBe("error");
        error.Data.Names().ShouldBe("code detail");
        error.Data.Text("code").ShouldBe("unknown_type");
        (await socket.NextAsync()).Type.ShouldBe("pong");
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"\ud800":1,"type":"x"}""")]
    [InlineData("""{"type":"x","data":{"\ud800":1}}""")]
    [InlineData("""{"type":"ping","type":"ping"}""")]
    [InlineData("""{"type":"typing"}""")]
    [InlineData("""{"type":"typing","data":5}""")]
    [InlineData("""{"type":"typing","data":{"is_typing":true}}""")]
    [InlineData("""{"type":"typing","data":{"chat_id":"x","is_typing":true}}""")]
    [InlineData("""{"type":"typing","data":{"chat_id":null,"is_typing":true}}""")]
    [InlineData("""{"type":"typing","data":{"chat_id":"01990000-0000-7000-8000-000000000000","is_typing":"yes"}}""")]
    [InlineData("""{"type":"typing","data":{"chat_id":"01990000-0000-7000-8000-000000000000","is_typing":true}}""")]
    [InlineData("""{"type":"read"}""")]
    [InlineData("""{"type":"read","data":{}}""")]
    [InlineData("""{"type":"read","data":{"message_id":null}}""")]
    [InlineData("""{"type":"read","data":{"message_id":["01990000-0000-7000-8000-000000000000"]}}""")]
    [InlineData("""{"type":"read","data":{"message_id":"\ud800"}}""")]
    [InlineData("""{"type":"read","data":{"message_id":"01990000-0000-7000-8000-000000000000"}}""")]
    [Trait("Rows", "none")]
    public async Task Whatever_is_wrong_in_a_frame_is_answered_with_an_error(string frame)
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        await socket.SendAsync((object)frame);
        await socket.SendAsync(new { type = "ping" });

        (await socket.NextAsync()).Type.ShouldBe("error");
        (await socket.NextAsync()).Type.ShouldBe("pong");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_binary_frame_is_an_error()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        await socket.SendAsync("""{"type":"ping"}""", WebSocketMessageType.Binary);

        (await socket.NextAsync()).Type.ShouldBe("error");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task Ten_errors_within_a_minute_close_with_4509_and_nine_do_not()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        for (var i = 0; i < 9; i++)
            await socket.SendAsync((object)"garbage");
        await socket.SendAsync(new { type = "ping" });
        (await socket.NextAsync("pong")).Type.ShouldBe("pong");
        socket.All.Count(x => x.Type == "error").ShouldBe(9);
        await socket.SendAsync((object)"garbage");

        (await socket.Closed).ShouldBe(4509);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_frame_that_is_too_big_closes_with_1009_and_one_that_just_fits_does_not()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        var fits = """{"type":"ping","data":""}""";
        await socket.SendAsync((object)fits.Insert(fits.Length - 2, new string('x', 65_536 - fits.Length)));
        (await socket.NextAsync()).Type.ShouldBe("pong");
        await socket.SendAsync((object)fits.Insert(fits.Length - 2, new string('x', 65_537 - fits.Length)));

        (await socket.Closed).ShouldBe(1009);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_flood_of_frames_closes_with_4013()
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync();

        var flood = Task.Run(async () =>
        {
            while (true) // a fast machine has sent thousands before it hears of the end
                await socket.SendAsync("""{"type":"pong"}""", WebSocketMessageType.Text);
        });

        (await socket.Closed).ShouldBe(4013);
        await Should.ThrowAsync<Exception>(flood);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_message_that_is_not_finished_in_time_closes_with_4008_and_one_that_is_finished_does_not()
    {
        var time = new HeldTime(TimeSpan.FromSeconds(555));
        await using var own = await LiveApp.StartAsync(
            x => x.Services.AddSingleton<TimeProvider>(time), "Realtime:MessageSeconds=555");
        using var ada = await own.RegisterAsync();
        await using var finished = await ada.ConnectAsync();
        var others = time.Held;
        await finished.SendPartAsync("""{"type":""");
        await Patience.UntilAsync(() => Task.FromResult(time.Held >= others + 1), "the limit of a message");
        await finished.SendAsync("\"ping\"}", WebSocketMessageType.Text);
        (await finished.NextAsync()).Type.ShouldBe("pong");
        await using var stopped = await ada.ConnectAsync();
        await using var trickling = await ada.ConnectAsync();
        await stopped.SendPartAsync("""{"type":""");
        await trickling.SendPartAsync("{");
        await Patience.UntilAsync(() => Task.FromResult(time.Held >= others + 3), "the limit of a message");
        await trickling.SendPartAsync("\"type\"");

        time.LetGo();

        (await stopped.Closed).ShouldBe(4008);
        (await trickling.Closed).ShouldBe(4008, "a part does not begin the time anew");
        await finished.SendAsync(new { type = "ping" });
        (await finished.NextAsync()).Type.ShouldBe("pong", "the time ends with the message");
    }

    [Theory]
    [InlineData(new byte[] { 0x89, 0x80, 0, 0, 0, 0 })] // a ping
    [InlineData(new byte[] { 0x8a, 0x80, 0, 0, 0, 0 })] // a pong
    [InlineData(new byte[] { 0x00, 0x80, 0, 0, 0, 0 })] // a fragment without text, of a message that does not end
    [Trait("Rows", "none")]
    public async Task A_flood_of_frames_without_a_message_closes_with_4013(byte[] frame)
    {
        using var ada = await _app.RegisterAsync();
        await using var calm = await ada.ConnectAsync();
        using var flooding = new TcpClient();
        await flooding.ConnectAsync(_app.Url.Host, _app.Url.Port);
        var stream = flooding.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /ws?token={ada.Token} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"));
        // A pong answers each ping that comes before the close frame: who reads them singly may be too slow for it.
        var reading = ReadToCloseAsync(new BufferedStream(stream, 65_536));
        if (frame[0] == 0)
            await stream.WriteAsync(new byte[] { 0x01, 0x81, 0, 0, 0, 0, (byte)'{' });
        var flood = Enumerable.Repeat(frame, 1_000).SelectMany(x => x).ToArray();

        try
        {
            for (var sent = 0; !reading.IsCompleted && sent < 1_000; sent++)
                await stream.WriteAsync(flood);
        }
        catch (IOException)
        {
            // The server has closed the connection.
        }

        (await reading.InTimeAsync()).ShouldBe(4013);
        await calm.SendAsync(new { type = "ping" });
        (await calm.NextAsync("pong")).Type.ShouldBe("pong");
    }

    // The number in the server's close frame, or 1006 where the connection ends without one.
    static async Task<int> ReadToCloseAsync(Stream stream)
    {
        var head = new byte[4];
        for (var end = 0; end < 4; end = head[0] == "\r\n\r\n"[end] ? end + 1 : head[0] == '\r' ? 1 : 0)
            await stream.ReadExactlyAsync(head, 0, 1);
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(head, 0, 2);
                var (isClose, length) = (head[0] == 0x88, head[1] & 0x7f);
                if (length == 126)
                {
                    await stream.ReadExactlyAsync(head, 2, 2);
                    length = (head[2] << 8) | head[3];
                }
                var payload = new byte[length];
                await stream.ReadExactlyAsync(payload);
                if (isClose)
                    return (payload[0] << 8) | payload[1];
            }
        }
        catch (IOException)
        {
            return 1006;
        }
    }
}
