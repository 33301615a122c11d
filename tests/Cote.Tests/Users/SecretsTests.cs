using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class SecretsTests
{
    [Fact]
    public async Task However_talkative_the_log_no_password_token_ticket_or_key_stands_in_it()
    {
        await using var app = await CoteApp.StartAsync(CoteApp.HashAsShipped, "--Logging:LogLevel:Default=Trace");
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        const string wrong = "wrong horse battery";
        (await nobody.FormAsync("/token", ("username", ada.Username), ("password", wrong))).Status.ShouldBe(401);
        (await nobody.PostAsync("/users/", new { username = "x", password = wrong })).Status.ShouldBe(422);
        var refreshed =
            (await nobody.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", ada.RefreshToken!)))
            .Ok();
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];
        var (_, key) = await ada.CreateKeyAsync("read");
        var chat = await ada.CreateChatAsync();
        await using (var byTicket = await TestSocket.ConnectAsync(app.Url, $"/ws?ticket={ticket}"))
        await using (var byToken = await TestSocket.ConnectAsync(app.Url, $"/ws?token={ada.Token}"))
        await using (var byProtocol = await TestSocket.ConnectAsync(app.Url, "/ws", change: x =>
        {
            x.AddSubProtocol("cote.v1");
            x.AddSubProtocol("cote.bearer." + ada.Token);
        }))
        {
            byProtocol.Protocol.ShouldBe("cote.v1");
            var question = await ada.AskAsync(chat, "Hi");
            await byToken.EndOfAsync(question.Text("reply_id"));
            await byTicket.EndOfAsync(question.Text("reply_id"));
            (await nobody.GetAsync($"/events?wait=0&token={ada.Token}")).Ok();
            (await nobody.GetAsync($"/chats/{chat}/messages/{question.Text("reply_id")}/stream?token={ada.Token}"))
                .Ok();
        }
        using var robot = app.Anonymous();
        robot.Token = key;
        (await robot.GetAsync("/chats/")).Ok();
        await using (await robot.ConnectByProtocolAsync())
            (await nobody.GetAsync($"/events?token={key}")).Status.ShouldBe(401);
        robot.Token = key[..^1] + "~";
        (await robot.GetAsync("/chats/")).Status.ShouldBe(401);
        (await nobody.GetAsync("/events?token=a-bad-token-in-a-url")).Status.ShouldBe(401);
        (await nobody.GetAsync("/nothing?token=a-bad-token-in-a-url")).Status.ShouldBe(404);

        var logs = string.Join('\n', app.Logs);

        logs.ShouldContain("/events");
        foreach (var secret in new[]
        {
            ada.Password, wrong, ada.Token!, ada.Token!.Split('.')[2], ada.RefreshToken!, refreshed["access_token"],
            refreshed["refresh_token"], ticket, key, key[^43..^1],
            app.SigningKey, "a-bad-token-in-a-url", "sk-test-openai",
        })
            logs.Contains(secret, StringComparison.Ordinal).ShouldBeFalse(
                app.Logs.FirstOrDefault(x => x.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_database_keeps_gives_nobody_a_way_in()
    {
        await using var app = await CoteApp.StartAsync(CoteApp.HashAsShipped);
        using var ada = await app.RegisterAsync();
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];
        var (_, key) = await ada.CreateKeyAsync("read");
        await app.StopAsync();

        var kept = (await app.RowsAsync()).ToDictionary(x => x.Key, x => string.Join('\n', x.Value));
        foreach (var file in Directory.GetFiles(app.Data)) // of the embedded one, what was overwritten too
            kept[file] = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        kept["users"].ShouldContain(ada.Username);
        foreach (var (place, text) in kept)
            foreach (var secret in new[]
            {
                ada.Password, ada.Token!, ada.RefreshToken!, ticket, key, key[^43..],
            })
                text.Contains(secret, StringComparison.Ordinal).ShouldBeFalse(place);
    }
}
