using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed partial class ApiKeyTests
{
    [Fact]
    public async Task A_deleted_key_takes_its_sockets_streams_and_tickets_with_it_and_leaves_those_of_others()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var (id, key) = await ada.CreateKeyAsync("read", "write");
        using var robot = app.Anonymous();
        robot.Token = key;
        await using var kept = await ada.ConnectAsync();
        await using var byKey = await robot.ConnectByProtocolAsync();
        await using var byTicket = await TestSocket.ConnectAsync(
            app.Url, "/ws?ticket=" + (await robot.PostAsync("/ws/ticket")).Ok()["ticket"]);
        var unused = (await robot.PostAsync("/ws/ticket")).Ok()["ticket"];
        var chat = await robot.CreateChatAsync();
        var gate = new Gate();
        app.Model.Script = FakeReply.Text("seen").ThenWaitFor(gate).Then(" secret");
        var reply = (await robot.AskAsync(chat, "Hi")).Text("reply_id");
        await using var stream = await robot.StreamAsync(HttpMethod.Get, $"/chats/{chat}/messages/{reply}/stream");
        while ((await stream.NextAsync())!.Data.GetRawText().Contains("seen", StringComparison.Ordinal) is false)
        {
        }

        (await ada.DeleteAsync($"/api-keys/{id}")).Ok();
        var rest = await stream.ToEndAsync();
        gate.Open();
        await kept.EndOfAsync(reply);

        rest.ShouldBeEmpty();
        (await byKey.Closed).ShouldBe(4503);
        (await byTicket.Closed).ShouldBe(4503);
        await using (var late = await TestSocket.ConnectAsync(app.Url, "/ws?ticket=" + unused, awaitReady: false))
            (await late.Closed).ShouldBe(1008);
        (await robot.GetAsync("/chats/")).Status.ShouldBe(401);
        (await ada.GetAsync("/chats/")).Ok();
    }

    [Fact]
    public async Task A_new_password_ends_no_key_and_says_how_many_there_are()
    {
        using var ada = await _app.RegisterAsync();
        using var laptop = await ada.OtherDeviceAsync();
        using var robot = await ada.WithKeyAsync("read");
        var (second, _) = await ada.CreateKeyAsync("read");
        await ada.CreateKeyAsync("write");
        (await ada.DeleteAsync($"/api-keys/{second}")).Ok();
        (await ada.PatchAsync("/users/me", new { instructions = "x" })).Ok().Json.Fields().ShouldNotContain("api_keys");

        var changed = (await ada.PatchAsync(
            "/users/me", new { password = "another horse battery", current_password = ada.Password })).Ok();

        changed.Json.Number("api_keys").ShouldBe(2);
        (await laptop.GetAsync("/users/me")).Status.ShouldBe(401);
        (await robot.GetAsync("/users/me")).Ok().Json.Fields().ShouldNotContain("api_keys");
    }

    [Fact]
    public async Task A_logout_everywhere_ends_no_key()
    {
        using var ada = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read");

        (await ada.PostAsync("/logout/all")).Ok();

        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await robot.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task The_end_of_an_account_is_the_end_of_its_keys()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read");
        using var bobs = await bob.WithKeyAsync("read");
        await using var socket = await robot.ConnectByProtocolAsync();

        (await ada.DeleteAsync("/users/me")).Ok();

        (await socket.Closed).ShouldBe(4503);
        (await robot.GetAsync("/users/me")).Status.ShouldBe(401);
        (await bobs.GetAsync("/users/me")).Ok();
        (await _app.RowsAsync())["api_keys"].ShouldNotContain(x => x.Contains(ada.Id));
    }

    [Fact]
    public async Task A_key_in_a_url_lets_nobody_in()
    {
        using var ada = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read");
        using var nobody = _app.Anonymous();

        (await nobody.GetAsync($"/events?wait=0&token={robot.Token}"))
            .ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
        await using (var refused = await robot.ConnectAsync(awaitReady: false))
            (await refused.Closed).ShouldBe(1008);

        (await nobody.GetAsync($"/events?wait=0&token={ada.Token}")).Ok();
        (await robot.GetAsync("/events?wait=0")).Ok();
        await using var byProtocol = await robot.ConnectByProtocolAsync();
        byProtocol.Protocol.ShouldBe("cote.v1");
        await using var byHeader = await TestSocket.ConnectAsync(
            _app.Url, "/ws", change: x => x.SetRequestHeader("Authorization", "Bearer " + robot.Token));
        byHeader.Ready.Type.ShouldBe("ready");
    }

    [Fact]
    public async Task A_socket_of_a_key_that_may_not_read_says_why_and_closes()
    {
        using var ada = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("write", "approve", "v1");

        await using var socket = await robot.ConnectByProtocolAsync(awaitReady: false);

        var frame = await socket.NextAsync();
        (frame.Type, frame.Data.Text("code")).ShouldBe(("error", "insufficient_scope"));
        (await socket.Closed).ShouldBe(1008);
        (await robot.PostAsync("/ws/ticket")).ErrorCode.ShouldBe("insufficient_scope");
    }

    [Fact]
    public async Task On_a_socket_a_key_types_and_reads_only_where_it_may_write()
    {
        using var ada = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "Hi");
        var reply = (await ada.EndOfAsync(chat, question.Text("reply_id"))).Text("id");
        await using var watch = await ada.ConnectAsync();
        using var reader = await ada.WithKeyAsync("read", "approve");
        using var writer = await ada.WithKeyAsync("read", "write");
        await using var reading = await reader.ConnectByProtocolAsync();
        await using var byTicket = await TestSocket.ConnectAsync(
            _app.Url, "/ws?ticket=" + (await reader.PostAsync("/ws/ticket")).Ok()["ticket"]);
        await using var writing = await writer.ConnectByProtocolAsync();
        object[] frames =
        [
            new { type = "typing", data = new { chat_id = chat, is_typing = true } },
            new { type = "read", data = new { message_id = reply } },
        ];

        foreach (var socket in new[] { reading, byTicket })
            foreach (var frame in frames)
            {
                await socket.SendAsync(frame);
                (await socket.NextAsync("error")).Data.Text("code").ShouldBe("insufficient_scope");
            }
        await reading.SendAsync(new { type = "ping" });
        await reading.NextAsync("pong");
        watch.All.ShouldNotContain(x => x.Type == "typing" && x.Data.Text("sender") == "user");
        (await ada.MessageAsync(chat, reply)).Text("status").ShouldNotBe("read");
        foreach (var frame in frames)
            await writing.SendAsync(frame);
        await watch.NextAsync("typing", x => x.Data.Text("sender") == "user");
        await Patience.UntilAsync(
            async () => (await ada.MessageAsync(chat, reply)).Text("status") == "read", "it is read");
    }

    [Theory]
    [InlineData("POST", "/password/forgot")]
    [InlineData("POST", "/password/reset")]
    [InlineData("GET", "/auth/home")]
    [InlineData("GET", "/auth/home/callback")]
    public async Task What_is_for_people_alone_refuses_a_key_though_it_is_open(string method, string path)
    {
        using var ada = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read", "write");

        (await robot.SendAsync(new(method), path, null))
            .ShouldBeProblem(403, "insufficient_scope", "This API key may not do this");
        (await ada.SendAsync(new(method), path, null)).Status.ShouldNotBe(403);
        (await robot.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Ok();
    }
}
