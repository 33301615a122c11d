using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Notices;

public sealed class DeviceTests(PushApp shared) : IClassFixture<PushApp>
{
    readonly CoteApp _app = shared.App;
    readonly string _service = shared.Service.Url;

    static object Fcm(string token, string preview = "off") => new { kind = "fcm", token, preview };

    static string NewToken() => Guid.CreateVersion7().ToString("N");

    [Fact]
    public async Task A_device_is_registered_listed_without_its_token_and_removed()
    {
        using var ada = await _app.RegisterAsync();
        using var browser = new TestBrowser();
        var session = (await ada.GetAsync("/sessions/")).Ok().Json[0].Text("id");

        var made = (await ada.PostAsync("/devices", browser.Device(_service, "title"))).Ok();
        var phone = (await ada.PostAsync("/devices/", new { kind = "apns", token = NewToken() })).Ok();
        var listed = (await ada.GetAsync("/devices/")).Ok();

        made.Json.Fields().ShouldBe(["id", "kind", "preview", "created_at", "session_id", "current"]);
        (made["kind"], made["preview"], made["session_id"]).ShouldBe(("webpush", "title", session));
        phone["preview"].ShouldBe("off");
        listed.Json.EnumerateArray().Select(x => x.ToString()).ShouldBe([phone.Text, made.Text]);
        (await ada.DeleteAsync($"/devices/{made["id"]}")).Ok().Text.ShouldBe("""{"success":true}""");
        (await ada.GetAsync("/devices")).Ok().Json.EnumerateArray().Single().Text("id").ShouldBe(phone["id"]);
    }

    [Theory]
    [InlineData("{}", "body.kind missing")]
    [InlineData("""{"kind":"pigeon","token":"a"}""", "body.kind literal_error")]
    [InlineData("""{"kind":7,"token":"a"}""", "body.kind literal_error")]
    [InlineData("""{"kind":"fcm"}""", "body.token missing")]
    [InlineData("""{"kind":"fcm","token":""}""", "body.token string_too_short")]
    [InlineData("""{"kind":"fcm","token":"a b"}""", "body.token value_error")]
    [InlineData("""{"kind":"fcm","token":"a","preview":"all"}""", "body.preview literal_error")]
    [InlineData("""{"kind":"apns","token":"../x"}""", "body.token value_error")]
    [InlineData("""{"kind":"webpush"}""", "body.subscription missing")]
    [InlineData("""{"kind":"webpush","subscription":7}""", "body.subscription model_attributes_type")]
    [InlineData("""{"kind":"webpush","subscription":{}}""",
        "body.subscription.endpoint missing", "body.subscription.keys missing")]
    public async Task What_is_no_device_is_refused_and_nothing_is_made(string body, params string[] wrong)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.PostAsync("/devices/", body)).ShouldBeWrong(wrong);
        (await ada.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(0);
        (await ada.PostAsync("/devices/", Fcm(NewToken()))).Ok();
    }

    [Theory]
    [InlineData("http://example.com/a")]
    [InlineData("https://user:pass@example.com/a")]
    [InlineData("ftp://example.com/a")]
    [InlineData("/push/a")]
    [InlineData(null)]
    public async Task An_endpoint_is_an_https_address_of_a_bounded_length(string? endpoint)
    {
        using var ada = await _app.RegisterAsync();
        using var browser = new TestBrowser();
        var keys = new { p256dh = browser.P256dh, auth = browser.Auth };
        var refused = await ada.PostAsync("/devices/", new
        {
            kind = "webpush",
            subscription = new { endpoint = endpoint ?? "https://example.com/" + new string('a', 2_048), keys },
        });

        refused.ShouldBeWrong($"body.subscription.endpoint {(endpoint is null ? "string_too_long" : "value_error")}");
        refused.Text.ShouldNotContain("example.com");
    }

    [Fact]
    public async Task Keys_that_are_none_are_refused_and_are_not_repeated()
    {
        using var ada = await _app.RegisterAsync();

        var refused = await ada.PostAsync("/devices/", new
        {
            kind = "webpush",
            subscription = new
            {
                endpoint = _service + "/push/a",
                keys = new { p256dh = "BSecretSecretSecret", auth = "SecretSecret" },
            },
        });

        refused.ShouldBeWrong(
            "body.subscription.keys.p256dh value_error", "body.subscription.keys.auth value_error");
        refused.Text.ShouldNotContain("Secret");
        (await ada.PostAsync("/devices/", Fcm("Secret Secret"))).Text.ShouldNotContain("Secret ");
    }

    [Fact]
    public async Task Only_a_login_has_devices_and_only_its_own()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        using var robot = await ada.WithKeyAsync("read", "write");
        using var nobody = _app.Anonymous();
        var path = $"/devices/{(await ada.PostAsync("/devices/", Fcm(NewToken()))).Ok()["id"]}";

        foreach (var reply in new[]
            { await nobody.GetAsync("/devices/"), await nobody.PostAsync("/devices/"), await nobody.DeleteAsync(path) })
            reply.ShouldBeAnonymous();
        foreach (var reply in new[]
            { await robot.GetAsync("/devices/"), await robot.PostAsync("/devices/"), await robot.DeleteAsync(path) })
            reply.ErrorCode.ShouldBe("insufficient_scope");
        (await eve.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(0);
        foreach (var other in new[] { path, "/devices/nothing" })
            (await eve.DeleteAsync(other)).ShouldBeProblem(404, "device_not_found", "Device not found");
        (await ada.DeleteAsync(path)).Ok();
        (await ada.DeleteAsync(path)).ErrorCode.ShouldBe("device_not_found");
    }

    [Fact]
    public async Task The_same_token_again_is_the_same_device_changed()
    {
        using var ada = await _app.RegisterAsync();
        using var there = await ada.OtherDeviceAsync();
        var token = NewToken();
        var first = (await ada.PostAsync("/devices/", Fcm(token))).Ok();

        var again = (await there.PostAsync("/devices/", Fcm(token, "text"))).Ok();

        (again["id"], again["created_at"], again["preview"])
            .ShouldBe((first["id"], first["created_at"], "text"));
        again["session_id"].ShouldNotBe(first["session_id"]);
        (await ada.GetAsync("/devices/")).Ok().Json.EnumerateArray().Single()
            .GetProperty("current").GetBoolean().ShouldBeFalse();
        (await ada.PostAsync("/devices/", new { kind = "apns", token })).Ok()["id"].ShouldNotBe(first["id"]);
    }

    [Fact]
    public async Task A_token_is_taken_from_whoever_had_it()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        using var browser = new TestBrowser();
        (await ada.PostAsync("/devices/", browser.Device(_service))).Ok();
        (await ada.PostAsync("/devices/", Fcm(NewToken()))).Ok();

        var taken = (await eve.PostAsync("/devices/", browser.Device(_service))).Ok();

        (await ada.GetAsync("/devices/")).Ok().Json.EnumerateArray().Single().Text("kind").ShouldBe("fcm");
        (await eve.GetAsync("/devices/")).Ok().Json.EnumerateArray().Single().Text("id").ShouldBe(taken["id"]);
    }

    [Fact]
    public async Task Two_who_register_a_token_at_once_do_not_both_have_it()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        for (var i = 0; i < 5; i++)
        {
            var token = NewToken();
            await Task.WhenAll(ada.PostAsync("/devices/", Fcm(token)), eve.PostAsync("/devices/", Fcm(token)));
        }

        var (hers, eves) = ((await ada.GetAsync("/devices/")).Ok().Json, (await eve.GetAsync("/devices/")).Ok().Json);
        (hers.GetArrayLength() + eves.GetArrayLength()).ShouldBe(5);
    }

    [Fact]
    public async Task A_user_has_twenty_devices_and_no_more()
    {
        using var ada = await _app.RegisterAsync();
        var tokens = Enumerable.Range(0, 19).Select(_ => NewToken()).ToList();
        foreach (var token in tokens)
            (await ada.PostAsync("/devices/", Fcm(token))).Ok();

        var last = await Task.WhenAll(ada.PostAsync("/devices/", Fcm(NewToken())),
            ada.PostAsync("/devices/", Fcm(NewToken())));

        last.Select(x => x.Status).Order().ShouldBe([200, 403]);
        last.First(x => x.Status == 403).ShouldBeProblem(403, "too_many_devices",
            "This account has as many devices as it may have; remove one first");
        (await ada.PostAsync("/devices/", Fcm(tokens[0], "title"))).Ok()["preview"].ShouldBe("title");
        (await ada.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(20);
    }

    [Fact]
    public async Task A_device_goes_with_its_login()
    {
        using var ada = await _app.RegisterAsync();
        var clients = new Dictionary<string, CoteClient>();
        foreach (var name in new[] { "logout", "revoked", "password" })
        {
            clients[name] = await ada.OtherDeviceAsync();
            (await clients[name].PostAsync("/devices/", Fcm(name + NewToken()))).Ok();
        }
        var own = (await ada.PostAsync("/devices/", Fcm(NewToken()))).Ok();

        (await clients["logout"].PostAsync("/logout")).Ok();
        (await CountAsync()).ShouldBe(3);
        var revoked = (await clients["revoked"].GetAsync("/sessions/")).Ok().Json.EnumerateArray()
            .First(x => x.GetProperty("current").GetBoolean());
        (await ada.DeleteAsync($"/sessions/{revoked.Text("id")}")).Ok();
        (await CountAsync()).ShouldBe(2);
        (await ada.PatchAsync("/users/me",
            new { password = "another horse battery", current_password = ada.Password })).Ok();
        (await ada.GetAsync("/devices/")).Ok().Json.EnumerateArray().Single().Text("id").ShouldBe(own["id"]);
        (await ada.PostAsync("/logout/all")).Ok();
        using var later = await LogInAsync("another horse battery");
        (await later.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(0);

        async Task<int> CountAsync() => (await ada.GetAsync("/devices/")).Ok().Json.GetArrayLength();

        async Task<CoteClient> LogInAsync(string password)
        {
            var client = _app.Anonymous();
            client.Token = (await client.FormAsync("/token", ("username", ada.Username), ("password", password)))
                .Ok()["access_token"];
            return client;
        }
    }

    [Fact]
    public async Task An_account_that_is_disabled_has_no_devices()
    {
        using var ada = await _app.RegisterAsync();
        (await ada.PostAsync("/devices/", Fcm(NewToken()))).Ok();
        (await CountRowsAsync(ada.Id)).ShouldBe(1);

        (await CoteCommands.RunAsync(["disable-user", ada.Username, .. _app.Place],
            TextReader.Null, TextWriter.Null, TextWriter.Null)).ShouldBe(0);

        (await CountRowsAsync(ada.Id)).ShouldBe(0);
    }

    [Fact]
    public async Task An_export_names_devices_without_their_tokens_and_an_erasure_removes_them()
    {
        var (ada, browser) = await shared.BeginAsync("title");
        using var _ = ada;
        using var __ = browser;
        var (_, reply) = await ada.GetReplyAsync(shared.Live);
        (await _app.CountPushesAsync(reply.Text("id"))).ShouldBe(1);

        var export = (await ada.GetAsync("/users/me/export")).Ok();
        (await ada.DeleteAsync("/users/me")).Ok();

        var device = export.Json.GetProperty("devices").EnumerateArray().Single();
        (device.Text("kind"), device.Text("preview")).ShouldBe(("webpush", "title"));
        foreach (var secret in new[] { browser.Id, browser.P256dh, browser.Auth })
            export.Text.ShouldNotContain(secret);
        await Patience.UntilAsync(async () => await CountRowsAsync(ada.Id) == 0, "its rows are removed");
        await _app.NoPushAsync(reply.Text("id"));
        _app.Logs.ShouldAllBe(x => !x.Contains(browser.Id) && !x.Contains(browser.Auth));
    }

    async Task<int> CountRowsAsync(string userId) =>
        (await _app.RowsAsync())["devices"].Count(x => x.Contains(userId, StringComparison.Ordinal));
}
