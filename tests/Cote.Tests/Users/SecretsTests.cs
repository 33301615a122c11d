using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Web;
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
    public async Task Of_issuers_no_token_code_state_verifier_or_secret_stands_in_it_or_is_kept()
    {
        await using var app = await IssuerApp.StartAsync(
            "--Logging:LogLevel:Default=Trace", "Auth:Issuers:home:ClientSecret=a-secret-of-the-client");
        const string verifier = "a-verifier-of-an-app-that-is-long-enough-to-be-one";
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        var path = "/auth/home?redirect_uri=com.example.app:/login&state=apps-state"
            + $"&code_challenge={challenge}&code_challenge_method=S256";
        using var nobody = app.App.Anonymous();
        using var ada = app.Bearer("ada");
        using var eve = app.Bearer("eve", x => x["aud"] = "eve");
        (await ada.GetAsync("/users/me")).Ok();
        (await eve.GetAsync("/users/me")).Status.ShouldBe(401);
        (await nobody.GetAsync($"/events?wait=0&token={ada.Token}")).Ok();
        var id = app.TokenOf("ada", audience: "app");
        var exchanged = (await app.ExchangeAsync(id)).Ok();
        var sent = await nobody.GetAsync(path);
        var query = HttpUtility.ParseQueryString(new Uri(sent.Header("Location")!).Query);
        var (state, nonce) = (query["state"]!, query["nonce"]!);
        var idOfBrowser = app.TokenOf("bob", x => x["nonce"] = nonce, "app");
        app.Home.Redeem = _ => new() { ["id_token"] = idOfBrowser };
        var back = (await nobody.GetAsync($"/auth/home/callback?code=code-of-the-issuer&state={state}"))
            .Header("Location")!;
        var code = back.Split("code=")[1].Split('&')[0];
        var waiting = (await nobody.GetAsync(path)).Header("Location")!;
        await app.App.StopAsync();

        var logs = string.Join('\n', app.App.Logs);
        var rows = string.Join('\n', (await app.App.RowsAsync()).SelectMany(x => x.Value));

        logs.ShouldContain("/auth/home/callback");
        rows.ShouldContain(challenge); // a login that waits, and a code
        var secrets = new[]
        {
            ada.Token!, eve.Token!, id, exchanged["access_token"], exchanged["refresh_token"], state, nonce,
            idOfBrowser, code, "code-of-the-issuer", app.Home.Redeemed.Single()["code_verifier"],
            "a-secret-of-the-client", HttpUtility.ParseQueryString(new Uri(waiting).Query)["state"]!,
        };
        foreach (var secret in secrets)
        {
            logs.Contains(secret, StringComparison.Ordinal).ShouldBeFalse(
                app.App.Logs.FirstOrDefault(x => x.Contains(secret, StringComparison.Ordinal)));
            rows.Contains(secret, StringComparison.Ordinal).ShouldBeFalse(secret);
        }
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
            kept[file] = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        kept["users"].ShouldContain(ada.Username);
        foreach (var (place, text) in kept)
            foreach (var secret in new[]
            {
                ada.Password, ada.Token!, ada.RefreshToken!, ticket, key, key[^43..],
            })
                text.Contains(secret, StringComparison.Ordinal).ShouldBeFalse(place);
    }
}
