using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Delivery;

/// <summary>How a socket is opened, refused, kept alive and closed.</summary>
public sealed partial class SocketConnectTests(LiveApp live) : IClassFixture<LiveApp>
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
            _app.Url, place switch
            {
                "query" => $"/ws?token={ada.Token}",
                "ticket" => $"/ws?ticket={ticket!["ticket"]}",
                _ => "/ws"
            },
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
        var claims = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
            Base64Url.DecodeFromChars(token.Split('.')[1]))!
            .ToDictionary(x => x.Key, x => (object)x.Value);
        claims["exp"] = expires;
        var head = token.Split('.')[0] + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims));
        return head + "."
            + Base64Url.EncodeToString(HMACSHA256.HashData(app.SigningKeyBytes, Encoding.ASCII.GetBytes(head)));
    }
}
