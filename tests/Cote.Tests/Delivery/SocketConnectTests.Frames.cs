using System.Buffers.Text;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
}
