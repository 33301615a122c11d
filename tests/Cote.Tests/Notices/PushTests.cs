using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Notices;

/// <summary>What the services are sent.</summary>
public sealed class PushTests(PushApp shared) : IClassFixture<PushApp>
{
    readonly CoteApp _app = shared.App;
    readonly FakePushServer _service = shared.Service;

    [Fact]
    public async Task A_browser_gets_ids_alone_encrypted_for_it_and_signed_by_the_server()
    {
        var (ada, browser) = await shared.BeginAsync();
        using var _ = ada;
        using var __ = browser;
        var (chat, reply) = await ada.GetReplyAsync(shared.Live, "secret plans");

        await _app.MakeDueAsync(ada.Id);
        var push = await _service.NextAsync(browser.Id);

        browser.Read(push).ToString().ShouldBe(new JsonObject
        {
            ["type"] = "reply.ended",
            ["user_id"] = ada.Id,
            ["chat_id"] = chat,
            ["message_id"] = reply.Text("id"),
            ["body"] = "A reply is ready",
        }.ToJsonString());
        push.Headers["Urgency"].ShouldBe("normal");
        int.Parse(push.Headers["TTL"], CultureInfo.InvariantCulture).ShouldBeInRange(80_000, 86_400);
        push.Headers["Topic"].ShouldMatch("^[A-Za-z0-9_-]{32}$");
        push.Headers["Authorization"].ShouldStartWith("vapid t=");
        (push.Token(1).Text("aud"), push.Token(1).Text("sub")).ShouldBe((_service.Url, "mailto:push@example.com"));
        push.Token(0).Text("alg").ShouldBe("ES256");
        var key = (await ada.GetAsync("/limits")).Ok().Json.GetProperty("push").Text("vapid_key");
        push.Headers["Authorization"].ShouldEndWith($"k={key}");
        Verify(push, key);
        await _app.NoPushAsync(reply.Text("id"));
    }

    [Theory]
    [InlineData("title", "A reply is ready")]
    [InlineData("text", "Hello world")]
    public async Task A_preview_holds_what_the_device_has_asked_for(string preview, string body)
    {
        var (ada, browser) = await shared.BeginAsync(preview);
        using var _ = ada;
        using var __ = browser;
        await ada.GetReplyAsync(shared.Live, "secret plans");

        await _app.MakeDueAsync(ada.Id);
        var read = browser.Read(await _service.NextAsync(browser.Id));

        (read.Text("title"), read.Text("body")).ShouldBe(("secret plans", body));
    }

    [Fact]
    public async Task A_long_text_is_cut_between_characters_so_that_services_take_it()
    {
        var (ada, browser) = await shared.BeginAsync("text");
        using var _ = ada;
        using var __ = browser;
        await ada.PostAsync("/devices/", new { kind = "fcm", token = "fcm-" + browser.Id, preview = "text" });
        await ada.PostAsync("/devices/", new { kind = "apns", token = browser.Id, preview = "text" });
        var text = string.Concat(Enumerable.Repeat("😀\"", 3_000));
        await ada.GetReplyAsync(shared.Live, new string('t', 200), FakeReply.Text(text));

        await _app.MakeDueAsync(ada.Id);
        var web = await _service.NextAsync(browser.Id);
        var other = await _service.NextAsync(browser.Id);
        if (web.Path.StartsWith("/3/", StringComparison.Ordinal))
            (web, other) = (other, web);
        var fcm = await _service.NextAsync("fcm-" + browser.Id);

        web.Body.Length.ShouldBeInRange(4_080, 4_096);
        other.Body.Length.ShouldBeInRange(4_080, 4_096);
        fcm.Body.Length.ShouldBeInRange(3_980, 4_000);
        foreach (var body in new[] { browser.Read(web).Text("body"), other.Json.Text("aps", "alert", "body"),
            fcm.Json.Text("message", "data", "body") })
        {
            body.ShouldEndWith("…");
            text.ShouldStartWith(body[..^1]);
            body[^2].ShouldBeOneOf('"', "😀"[1]);
        }
    }

    [Fact]
    public async Task Google_gets_data_for_the_app_with_a_token_that_is_asked_for_once()
    {
        using var ada = await _app.RegisterAsync();
        var token = "fcm-" + Guid.CreateVersion7();
        (await ada.PostAsync("/devices/", new { kind = "fcm", token, preview = "title" })).Ok();
        var (chat, first) = await ada.GetReplyAsync(shared.Live, "plans");
        var before = _service.Assertions.Count;
        await _app.MakeDueAsync(ada.Id);
        var push = await _service.NextAsync(token);
        await ada.GetReplyInAsync(shared.Live, chat);
        await _app.MakeDueAsync(ada.Id);
        var second = await _service.NextAsync(token);

        push.Path.ShouldBe("/v1/projects/cote-test/messages:send");
        var message = push.Json.GetProperty("message");
        message.GetProperty("data").ToString().ShouldBe(new JsonObject
        {
            ["type"] = "reply.ended",
            ["user_id"] = ada.Id,
            ["chat_id"] = chat,
            ["message_id"] = first.Text("id"),
            ["title"] = "plans",
            ["body"] = "A reply is ready",
        }.ToJsonString());
        message.Text("android", "priority").ShouldBe("HIGH");
        message.Text("apns", "payload", "aps", "alert", "title").ShouldBe("plans");
        message.Text("android", "collapse_key")
            .ShouldBe(second.Json.Text("message", "android", "collapse_key"));
        push.Headers["Authorization"].ShouldBe(second.Headers["Authorization"]);
        _service.Assertions.Count.ShouldBeInRange(1, before + 1);
        var claims = new TestPush("", "", new() { ["Authorization"] = "a " + _service.Assertions[0] }, []).Token(1);
        (claims.Text("iss"), claims.Text("aud"), claims.Text("scope")).ShouldBe((
            "push@cote-test.iam.example.com", _service.Url + "/token",
            "https://www.googleapis.com/auth/firebase.messaging"));
        (claims.Number("exp") - claims.Number("iat")).ShouldBe(3_600);
    }

    [Fact]
    public async Task Apple_gets_an_alert_over_http_2()
    {
        using var ada = await _app.RegisterAsync();
        var token = Guid.CreateVersion7().ToString("N");
        (await ada.PostAsync("/devices/", new { kind = "apns", token = token.ToUpperInvariant() })).Ok();
        var (chat, reply) = await ada.GetReplyAsync(shared.Live);

        await _app.MakeDueAsync(ada.Id);
        var push = await _service.NextAsync(token);

        push.Protocol.ShouldBe("HTTP/2");
        (push.Token(0).Text("kid"), push.Token(1).Text("iss")).ShouldBe(("KEY1234567", "TEAM123456"));
        (push.Headers["apns-topic"], push.Headers["apns-push-type"]).ShouldBe(("com.example.cote", "alert"));
        push.Headers["apns-collapse-id"].ShouldMatch("^[A-Za-z0-9_-]{32}$");
        long.Parse(push.Headers["apns-expiration"], CultureInfo.InvariantCulture)
            .ShouldBeGreaterThan(push.Token(1).Number("iat") + 80_000);
        push.Json.ToString().ShouldBe(
            $$$"""{"aps":{"alert":{"body":"A reply is ready"},"sound":"default","thread-id":"{{{chat}}}","mutable-content":1},"""
            + $$"""
            "type":"reply.ended","user_id":"{{ada.Id}}","chat_id":"{{chat}}","message_id":"{{reply.Text("id")}}"}
            """.Trim());
    }

    [Theory]
    [InlineData("webpush", 404, "")]
    [InlineData("webpush", 410, "")]
    [InlineData("fcm", 404, """{"error":{"code":404,"details":[{"errorCode":"UNREGISTERED"}]}}""")]
    [InlineData("fcm", 400, """{"error":{"details":[{"fieldViolations":[{"field":"message.token"}]}]}}""")]
    [InlineData("apns", 410, """{"reason":"Unregistered"}""")]
    [InlineData("apns", 400, """{"reason":"BadDeviceToken"}""")]
    public async Task A_device_whose_service_says_gone_is_removed(string kind, int status, string body)
    {
        using var ada = await _app.RegisterAsync();
        using var browser = new TestBrowser();
        using var other = new TestBrowser();
        (await ada.PostAsync("/devices/", other.Device(_service.Url))).Ok();
        (await ada.PostAsync("/devices/", kind == "webpush" ? browser.Device(_service.Url)
            : new { kind, token = browser.Id })).Ok();
        var (_, reply) = await ada.GetReplyAsync(shared.Live);
        using var answer = AnswerFor(browser.Id, status, body);

        await _app.MakeDueAsync(ada.Id);

        await _service.NextAsync(browser.Id);
        browser.Id.ShouldNotBe(other.Id);
        other.Read(await _service.NextAsync(other.Id)).Text("message_id").ShouldBe(reply.Text("id"));
        await _app.NoPushAsync(reply.Text("id"));
        (await ada.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(1);
        _service.Count(browser.Id).ShouldBe(0);
    }

    [Theory]
    [InlineData("webpush", 503)]
    [InlineData("webpush", 429)]
    [InlineData("fcm", 500)]
    [InlineData("fcm", 401)]
    [InlineData("apns", 503)]
    [InlineData("apns", 403)]
    public async Task A_service_that_is_away_is_tried_again(string kind, int status)
    {
        using var ada = await _app.RegisterAsync();
        using var browser = new TestBrowser();
        (await ada.PostAsync("/devices/", kind == "webpush" ? browser.Device(_service.Url)
            : new { kind, token = browser.Id })).Ok();
        var (_, reply) = await ada.GetReplyAsync(shared.Live);
        using (AnswerFor(browser.Id, status, ""))
        {
            await _app.MakeDueAsync(ada.Id);
            await _service.NextAsync(browser.Id);
            await _service.NextAsync(browser.Id);
        }

        await _service.NextAsync(browser.Id);
        await _app.NoPushAsync(reply.Text("id"));
        (await ada.GetAsync("/devices/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(301)]
    public async Task What_a_service_refuses_is_given_up_and_said(int status)
    {
        var (ada, browser) = await shared.BeginAsync();
        using var _ = ada;
        using var __ = browser;
        var (_, reply) = await ada.GetReplyAsync(shared.Live);
        using var answer = AnswerFor(browser.Id, status, "");

        await _app.MakeDueAsync(ada.Id);

        await _service.NextAsync(browser.Id);
        await _app.NoPushAsync(reply.Text("id"));
        var device = (await ada.GetAsync("/devices/")).Ok().Json.EnumerateArray().Single().Text("id");
        await _app.LoggedAsync($"to device {device} was given up after 1 tries: it answered {status}");
        _service.Count("moved" + browser.Id).ShouldBe(0);
        _service.Count(browser.Id).ShouldBe(0);
    }

    [Fact]
    public async Task A_private_address_is_not_reached_whatever_a_user_names()
    {
        var (ada, browser) = await shared.BeginAsync();
        using var _ = ada;
        using var __ = browser;
        using var inside = new TestBrowser();
        var port = new Uri(_service.Url).Port;
        (await ada.PostAsync("/devices/", inside.Device($"https://127.0.0.1:{port}"))).Ok();
        var (_, reply) = await ada.GetReplyAsync(shared.Live);

        await _app.MakeDueAsync(ada.Id);

        await _service.NextAsync(browser.Id);
        // It is tried a second time, so the first one is over.
        await Patience.UntilAsync(async () => (await _app.RowsAsync())["pushes"].Any(
            x => x.Contains(reply.Text("id"), StringComparison.Ordinal)
                && int.Parse(x.Split('\n')[^1], CultureInfo.InvariantCulture) > 1), "it is tried again");
        _service.Count(inside.Id).ShouldBe(0);
        await ada.DeleteAsync($"/devices/{(await ada.GetAsync("/devices/")).Json[0].Text("id")}");
    }

    static void Verify(TestPush push, string publicKey)
    {
        var point = System.Buffers.Text.Base64Url.DecodeFromChars(publicKey);
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = point[1..33], Y = point[33..] },
        });
        var token = push.Headers["Authorization"]["vapid t=".Length..].Split(',')[0].Split('.');
        key.VerifyData(Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"),
            System.Buffers.Text.Base64Url.DecodeFromChars(token[2]), HashAlgorithmName.SHA256).ShouldBeTrue();
    }

    // For one device, until it is disposed: the service is there for all tests.
    Restored AnswerFor(string device, int status, string body)
    {
        var before = _service.Answer;
        _service.Answer = async (push, http) =>
        {
            if (!push.Path.EndsWith(device, StringComparison.Ordinal)
                && !Encoding.UTF8.GetString(push.Body).Contains(device, StringComparison.Ordinal))
                return false;
            http.Response.StatusCode = status;
            if (status == 301)
                http.Response.Headers.Location = $"{_service.Url}/push/moved{device}";
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
            return true;
        };
        return new(() => _service.Answer = before);
    }

    sealed class Restored(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}
