using System.Buffers.Text;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Realtime;

/// <summary>How a socket is opened, refused, kept alive and closed.</summary>
public sealed class SocketConnectTests(LiveApp live) : IClassFixture<LiveApp>
{
    readonly CoteApp _app = live.App;

    [Fact]
    public async Task Ready_comes_first_with_the_heartbeat_and_where_the_connection_starts()
    {
        using var ada = await _app.RegisterAsync();
        await ada.CreateChatAsync();
        await using var socket = await ada.ConnectAsync();

        socket.All[0].Type.ShouldBe("ready");
        socket.Ready.Cursor.ShouldBeNull();
        socket.Ready.Data.Names().ShouldBe("cursor heartbeat_ms user_id");
        socket.Ready.Data.Text("cursor").ShouldMatch("^[0-9a-z]{1,32}-1$");
        socket.Ready.Data.Number("heartbeat_ms").ShouldBe(25_000);
        socket.Ready.Data.Text("user_id").ShouldBe(ada.Id);
    }

    [Theory]
    [InlineData("query")]
    [InlineData("header")]
    [InlineData("protocol")]
    [InlineData("ticket")]
    public async Task A_socket_opens_with_the_token_in_every_place_the_contract_names(string place)
    {
        using var ada = await _app.RegisterAsync();
        var ticket = place == "ticket" ? (await ada.PostAsync("/ws/ticket")).Ok() : null;
        ticket?.Json.Names().ShouldBe("expires_in ticket");
        ticket?.Json.Number("expires_in").ShouldBe(30);

        await using var socket = await TestSocket.ConnectAsync(
            _app.Url, place switch { "query" => $"/ws?token={ada.Token}", "ticket" => $"/ws?ticket={ticket!["ticket"]}", _ => "/ws" },
            change: x =>
            {
                if (place == "header")
                    x.SetRequestHeader("Authorization", "Bearer " + ada.Token);
                if (place != "protocol")
                    return;
                x.AddSubProtocol("cote.v1");
                x.AddSubProtocol("cote.bearer." + ada.Token);
            });

        socket.Ready.Data.Text("user_id").ShouldBe(ada.Id);
        (socket.Protocol ?? "").ShouldBe(place == "protocol" ? "cote.v1" : "");
    }

    [Fact]
    public async Task A_ticket_opens_one_socket_and_no_second()
    {
        using var ada = await _app.RegisterAsync();
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];
        await using var first = await TestSocket.ConnectAsync(_app.Url, $"/ws?ticket={ticket}");
        await using var second = await TestSocket.ConnectAsync(_app.Url, $"/ws?ticket={ticket}", awaitReady: false);

        (await second.Closed).ShouldBe(1008);
        second.All.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/ws")]
    [InlineData("/ws?token=")]
    [InlineData("/ws?token=nonsense")]
    [InlineData("/ws?ticket=nonsense")]
    [InlineData("/ws?ticket=")]
    public async Task Without_a_good_token_a_socket_is_accepted_and_closed_with_1008(string path)
    {
        await using var socket = await TestSocket.ConnectAsync(_app.Url, path, awaitReady: false);

        (await socket.Closed).ShouldBe(1008);
        socket.All.ShouldBeEmpty("not even ready is said to a stranger");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("abc-")]
    [InlineData("-1")]
    [InlineData("ABC-1")]
    [InlineData("abc-9223372036854775808")]
    [Trait("Rows", "none")]
    public async Task A_malformed_cursor_closes_with_4500(string cursor)
    {
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync(cursor, awaitReady: false);

        (await socket.Closed).ShouldBe(4500);
        socket.All.ShouldBeEmpty();
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_plain_request_to_the_socket_is_told_to_upgrade()
    {
        using var ada = await _app.RegisterAsync();

        (await ada.GetAsync("/ws")).Status.ShouldBe(426);
    }

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
    public async Task A_message_that_is_not_finished_in_time_closes_with_4008_and_one_that_is_finished_does_not()
    {
        var time = new HeldTime(TimeSpan.FromSeconds(555));
        await using var own = await LiveApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time), "Realtime:MessageSeconds=555");
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
        var reading = ReadToCloseAsync(stream);
        if (frame[0] == 0)
            await stream.WriteAsync(new byte[] { 0x01, 0x81, 0, 0, 0, 0, (byte)'{' });
        var flood = Enumerable.Repeat(frame, 1_000).SelectMany(x => x).ToArray();

        var sent = 0;
        while (!reading.IsCompleted && sent < 1_000)
        {
            await stream.WriteAsync(flood);
            sent++;
        }

        (await reading.InTimeAsync()).ShouldBe(4013);
        await calm.SendAsync(new { type = "ping" });
        (await calm.NextAsync("pong")).Type.ShouldBe("pong");
    }

    // The number in the server's close frame: a frame of its own, whose code comes after two bytes of head.
    static async Task<int> ReadToCloseAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var buffer = new byte[4_096];
        while (true)
        {
            var read = await stream.ReadAsync(buffer);
            if (read == 0)
                return 1006;
            bytes.AddRange(buffer.AsSpan(0, read));
            var close = bytes.IndexOf(0x88);
            if (close >= 0 && bytes.Count > close + 3)
                return (bytes[close + 2] << 8) | bytes[close + 3];
        }
    }

    [Fact]
    public async Task The_twenty_first_connection_wins_and_the_oldest_closes_with_4504()
    {
        using var ada = await _app.RegisterAsync();
        var sockets = new List<TestSocket>();
        for (var i = 0; i < 20; i++)
            sockets.Add(await ada.ConnectAsync());
        await sockets[0].SendAsync(new { type = "ping" });
        (await sockets[0].NextAsync()).Type.ShouldBe("pong", "twenty are allowed");

        await using var newest = await ada.ConnectAsync();

        (await sockets[0].Closed).ShouldBe(4504);
        foreach (var socket in sockets[1..].Append(newest))
        {
            await socket.SendAsync(new { type = "ping" });
            (await socket.NextAsync()).Type.ShouldBe("pong");
        }
        foreach (var socket in sockets)
            await socket.DisposeAsync();
    }

    [Fact]
    public async Task A_socket_closes_with_4011_when_its_token_expires()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(time));
        using var ada = await app.RegisterAsync();
        var token = Mint(app, ada.Token!, time.GetUtcNow().AddHours(1).ToUnixTimeSeconds());
        await using var socket = await TestSocket.ConnectAsync(app.Url, $"/ws?token={token}");
        await using var other = await ada.ConnectAsync();

        time.Shift = TimeSpan.FromHours(2);

        (await socket.Closed).ShouldBe(4011);
        await other.SendAsync(new { type = "ping" });
        (await other.NextAsync()).Type.ShouldBe("pong", "a token that still works keeps its socket");
        await using var again = await TestSocket.ConnectAsync(app.Url, $"/ws?token={token}", awaitReady: false);
        (await again.Closed).ShouldBe(1008);
    }

    [Fact]
    public async Task A_server_that_goes_says_4001_to_sockets_and_ends_streams()
    {
        await using var own = await LiveApp.StartAsync();
        using var ada = await own.RegisterAsync();
        await using var socket = await ada.ConnectAsync();
        await using var stream = await ada.StreamAsync(HttpMethod.Get, "/events");
        (await stream.NextAsync())!.Type.ShouldBe("ready");

        await own.App.RestartAsync();

        (await socket.Closed).ShouldBe(4001);
        (await stream.NextAsync()).ShouldBeNull();
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task Tokens_and_tickets_in_a_url_are_never_logged()
    {
        await using var own = await LiveApp.StartAsync();
        using var ada = await own.RegisterAsync();
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];
        await using (await ada.ConnectAsync())
        await using (await TestSocket.ConnectAsync(own.App.Url, $"/ws?ticket={ticket}"))
        await using (await TestSocket.ConnectAsync(own.App.Url, "/ws?token=secret-nonsense", awaitReady: false))
        {
            using var anonymous = own.App.Anonymous();
            (await anonymous.GetAsync($"/events?token={ada.Token}")).Ok();
        }

        own.App.Logs.ShouldNotBeEmpty();
        own.App.Logs.ShouldAllBe(x => !x.Contains(ada.Token!) && !x.Contains(ticket) && !x.Contains("secret-nonsense"));
    }

    // The same session under another expiry, signed with the server's own key.
    static string Mint(CoteApp app, string token, long expires)
    {
        var claims = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(Base64Url.DecodeFromChars(token.Split('.')[1]))!
            .ToDictionary(x => x.Key, x => (object)x.Value);
        claims["exp"] = expires;
        var head = token.Split('.')[0] + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims));
        return head + "." + Base64Url.EncodeToString(HMACSHA256.HashData(app.SigningKeyBytes, Encoding.ASCII.GetBytes(head)));
    }
}
