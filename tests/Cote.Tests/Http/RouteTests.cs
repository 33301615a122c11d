using Cote.Tests.Harness;
using Microsoft.AspNetCore.Routing;

namespace Cote.Tests.Http;

public sealed partial class RouteTests(SharedApp shared)
{
    const string Chat = "/chats/0190a0b0-0000-7000-8000-000000000001";
    const string Session = "/sessions/0190a0b0-0000-7000-8000-000000000003";
    const string Key = "/api-keys/" + KeyId;
    const string Device = "/devices/0190a0b0-0000-7000-8000-000000000007";
    const string Share = "/shares/0190a0b0-0000-7000-8000-000000000008";
    const string Import = "/import/0190a0b0-0000-7000-8000-000000000005";
    const string Upload = "/upload/resumable/0190a0b0-0000-7000-8000-000000000004";
    const string Message = Chat + "/messages/0190a0b0-0000-7000-8000-000000000002";

    readonly CoteApp _app = shared.App;

    static TheoryData<string, string, string?> OfUsers => new()
    {
        { "GET", "/users/me", null },
        { "PATCH", "/users/me", """{"username":"abc"}""" },
        { "DELETE", "/users/me", null },
        { "GET", "/users/me/export", null },
        { "POST", "/users/me/verify-email", null },
        { "GET", "/users/me/identities", null },
        { "POST", "/users/me/identities", """{"subject_token":"a"}""" },
        { "GET", "/sessions/", null }, { "DELETE", Session, null },
        { "POST", "/logout", null }, { "POST", "/logout/all", null },
        { "GET", "/usage?by=model", null },
        { "GET", "/usage/budget", null },
        { "POST", "/ws/ticket", null },
        { "POST", "/api-keys/", """{"name":"a","scopes":["read"]}""" },
        { "GET", "/api-keys/", null },
        { "DELETE", Key, null },
        { "POST", "/devices/", """{"kind":"fcm","token":"a"}""" },
        { "GET", "/devices/", null }, { "DELETE", Device, null },
        { "GET", "/chats/", null },
        { "POST", "/chats/", """{"title":"a"}""" },
        { "DELETE", "/chats/?archived=true", null },
        { "POST", "/chats/archive", null },
        { "POST", Chat + "/fork", null },
        { "POST", Chat + "/shares", null },
        { "GET", "/shares/", null }, { "DELETE", Share, null },
        { "POST", "/shared/AAAAAAAAAAAAAAAAAAAAAA/fork", null },
        { "PUT", Message + "/feedback", """{"rating":1}""" },
        { "GET", Chat, null },
        { "PATCH", Chat, """{"title":"a"}""" },
        { "DELETE", Chat, null },
        { "GET", Chat + "/export", null },
        { "POST", "/import", "[]" },
        { "GET", Import, null },
        { "GET", Chat + "/messages/", null },
        { "POST", Chat + "/messages/", """{"content":"a"}""" },
        { "GET", Message, null },
        { "DELETE", Message, null },
        { "PUT", Message + "/read", null },
        { "GET", Message + "/siblings", null },
        { "POST", Message + "/regenerate", "{}" },
        { "POST", Message + "/tool_calls/call_0_0", """{"approve":true}""" },
        { "POST", Message + "/tool_calls/call_0_0/claim", """{"client_id":"phone"}""" },
        { "PUT", Chat + "/leaf", """{"message_id":"01890a5d-ac96-774b-bcce-b302099a8057"}""" },
        { "GET", Message + "/stream", null },
        { "POST", Chat + "/stop", null },
        {
            "POST", "/api/chat",
            """{"id":"c","messages":[{"id":"m","role":"user","parts":[{"type":"text","text":"a"}]}]}"""
        },
        { "GET", "/api/chat/c/stream", null },
        { "POST", "/api/chat/c/stop", null },
        { "GET", "/models", null },
        { "GET", "/tools", null },
        { "POST", "/upload/", null },
        { "POST", "/upload/resumable", null },
        { "HEAD", Upload, null },
        { "PATCH", Upload, null },
        { "DELETE", Upload, null },
        { "GET", "/search?q=a", null },
        { "GET", "/sync", null },
        { "GET", "/events?wait=0", null },
    };

    [Theory, MemberData(nameof(Closed))]
    [Trait("Rows", "none")]
    public async Task Without_a_token_nothing_is_told(string method, string path, string? body)
    {
        using var nobody = _app.Anonymous();

        (await nobody.SendAsync(new(method), path, body)).ShouldBeAnonymous();
        (await nobody.SendAsync(new(method), path, body ?? "{", x => x.Headers.Add("Authorization", "Basic YTpi")))
            .ShouldBeAnonymous();
        (await nobody.SendAsync(new(method), path, "{")).ShouldBeAnonymous();
    }

    [Theory, MemberData(nameof(Closed))]
    [Trait("Rows", "none")]
    public async Task With_a_bad_token_neither(string method, string path, string? body)
    {
        using var liar = _app.Anonymous();
        liar.Token = "bad";

        (await liar.SendAsync(new(method), path, body))
            .ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
    }

    [Theory, MemberData(nameof(Closed))]
    [Trait("Rows", "none")]
    public async Task With_and_without_a_slash_a_route_is_the_same_and_no_redirect(string method, string path,
        string? body)
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync(); // for the other form: some of these log out
        var (bare, query) = path.Split('?') is [var before, var after]
            ? (before.TrimEnd('/'), "?" + after) : (path.TrimEnd('/'), "");

        var without = await ada.SendAsync(new(method), bare + query, body?.Replace("\"abc\"", $"\"{ada.Username}\""));
        var with = await bob.SendAsync(
            new(method), bare + "/" + query, body?.Replace("\"abc\"", $"\"{bob.Username}\""));

        with.Status.ShouldBe(without.Status);
        // 412 and on: what an upload wants besides, and mail, which is not configured
        with.Status.ShouldBeOneOf(200, 202, 204, 403, 404, 412, 415, 422, 501);
        if (with.Status is 403 or 404)
            with.ErrorCode.ShouldBeOneOf("chat_not_found", "message_not_found", "session_not_found", "admin_only",
                "import_not_found", "key_not_found", "share_not_found", "device_not_found");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task No_route_is_open_by_mistake()
    {
        await using var app = await CoteApp.StartAsync();
        string[] open = ["/", "/admin", "/app/{file}", "/s/{token}", "/docs", "/docs.js", "/openapi.json",
            "/health/live", "/health/ready", "/limits", "/shared/{token}", "/shared/{token}/events",
            "/shared/{token}/media/{number}", "/token", "/users/", "/password/forgot", "/password/reset", "/ws",
            "/media/{mediaId}", "/media/{mediaId}", "/media/{mediaId}/text", "/upload/resumable",
            "/.well-known/jwks.json", "/auth/{issuer}", "/auth/{issuer}/callback"];
        app.Endpoints.Where(x => x.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAuthorizeData>() is null)
            .Select(x => x.RoutePattern.RawText!)
            // for the control socket only: CommandLineTests
            .Where(x => !x.StartsWith("/control/", StringComparison.Ordinal))
            .Order().ShouldBe(open.Order());

        string Of(RouteEndpoint x) =>
            $"{x.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()} "
            + $"{x.RoutePattern.RawText!.TrimEnd('/')}";
        app.Endpoints.Where(
            x => x.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAuthorizeData>() is not null)
            .Select(Of)
            // Its errors have another form: GatewayRouteTests.
            .Where(x => !x.Contains(" /v1/")).Order().ShouldBe(
            Closed.Select(x => $"{x.Data.Item1} {PatternOf(x.Data.Item2)}").Order());
    }

    static string PatternOf(string path) => WithoutAdmins(path).Split('?')[0].Replace("/call_0_0", "/{callId}")
        .Replace("/chat/c/", "/chat/{id}/").Replace("/AAAAAAAAAAAAAAAAAAAAAA/", "/{token}/")
        .Replace(Message, "/chats/{chatId}/messages/{messageId}").Replace(Chat, "/chats/{chatId}")
        .Replace(Session, "/sessions/{sessionId}").Replace(Share, "/shares/{shareId}")
        .Replace(Key, "/api-keys/{keyId}").Replace(Device, "/devices/{deviceId}")
        .Replace(Upload, "/upload/resumable/{uploadId}")
        .Replace(Import, "/import/{importId}").TrimEnd('/');

    [Theory]
    [InlineData("GET", "", null)]
    [InlineData("PATCH", "", """{"title":"b"}""")]
    [InlineData("PATCH", "", "{}")]
    [InlineData("DELETE", "", null)]
    [InlineData("GET", "/export", null)]
    [InlineData("GET", "/messages/", null)]
    [InlineData("POST", "/messages/", """{"content":"a"}""")]
    [InlineData("POST", "/stop", null)]
    [InlineData("POST", "/fork", "{}")]
    [InlineData("POST", "/fork", null)]
    public async Task Anothers_chat_is_as_one_that_does_not_exist(string method, string rest, string? body)
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var before = (await ada.GetAsync($"/chats/{chat}")).Text;

        (await eve.SendAsync(new(method), $"/chats/{chat}{rest}", body)).ShouldBeNoChat();
        (await eve.SendAsync(new(method), $"/chats/{Guid.CreateVersion7()}{rest}", body)).ShouldBeNoChat();
        (await eve.SendAsync(new(method), $"/chats/nonsense{rest}", body)).ShouldBeNoChat();
        (await ada.GetAsync($"/chats/{chat}")).Text.ShouldBe(before);
        (await ada.SendAsync(new(method), $"/chats/{chat.ToUpperInvariant()}{rest}", body)).Ok();
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("DELETE", "")]
    [InlineData("PUT", "/read")]
    [InlineData("GET", "/stream")]
    public async Task Anothers_message_is_as_one_that_does_not_exist(string method, string rest)
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "Hi");
        var reply = await ada.EndOfAsync(chat, question.Text("reply_id"));
        var others = await eve.CreateChatAsync();

        foreach (
            var id in new[] { question.Text("id"), reply.Text("id"), Guid.CreateVersion7().ToString(), "nonsense" })
            foreach (var of in new[] { chat, others, "nonsense", Guid.CreateVersion7().ToString() })
                (await eve.SendAsync(new(method), $"/chats/{of}/messages/{id}{rest}")).ShouldBeNoMessage();
        (await ada.SendAsync(new(method), $"/chats/{await ada.CreateChatAsync()}/messages/{reply.Text("id")}{rest}"))
            .ShouldBeNoMessage();
        (await ada.MessageAsync(chat, reply.Text("id"))).WithoutStatus().ShouldBe(reply.WithoutStatus());
        (await ada.SendAsync(new(method), $"/chats/{chat}/messages/{reply.Text("id")}{rest}")).Ok();
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task The_front_page_is_JSON_for_programs_and_a_page_for_people()
    {
        using var nobody = _app.Anonymous();

        var json = (await nobody.GetAsync("/")).Ok();
        json.Json.Fields().ShouldBe(["message", "docs"]);
        json["docs"].ShouldBe("/docs");
        var page =
            (await nobody.SendAsync(HttpMethod.Get, "/", change: x => x.Headers.Add("Accept", "text/html,*/*;q=0.8")))
            .Ok();
        page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        page.Text.ShouldContain("/docs");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task It_says_that_it_lives_and_takes_work()
    {
        using var nobody = _app.Anonymous();

        foreach (var path in new[] { "/health/live", "/health/live/", "/health/ready", "/health/ready/" })
            (await nobody.GetAsync(path)).Ok().Text.ShouldBe("""{"status":"ok"}""");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task The_limits_are_told_to_everyone_as_they_are_set()
    {
        await using var app = await CoteApp.StartAsync("Messages:MaxContentLength=7", "Realtime:ConnectionsPerUser=3",
            "RateLimits:LoginPerMinute=99");
        using var nobody = app.Anonymous();

        var limits = (await nobody.GetAsync("/limits")).Ok().Json;
        (await nobody.GetAsync("/limits/")).Text.ShouldBe(limits.ToString());

        limits.Number("max_content_length").ShouldBe(7);
        limits.Number("connections_per_user").ShouldBe(3);
        limits.GetProperty("rate_limits").Number("login_per_minute").ShouldBe(99);
        limits.Fields().Where(x => limits.GetProperty(x).ToString().Length == 0).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_ticket_is_made_anew_each_time()
    {
        using var ada = await _app.RegisterAsync();

        var first = (await ada.PostAsync("/ws/ticket")).Ok();
        var second = (await ada.PostAsync("/ws/ticket/")).Ok();

        first.Json.Fields().ShouldBe(["ticket", "expires_in"]);
        first.Json.Number("expires_in").ShouldBe(30);
        second["ticket"].ShouldNotBe(first["ticket"]);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task The_models_are_those_that_are_configured_with_one_default()
    {
        using var ada = await _app.RegisterAsync();

        var models = (await ada.GetAsync("/models")).Ok().Json.EnumerateArray().ToList();

        models[0].ToString().ShouldBe("""
            {"id":"openai/fake","provider":"openai","default":true,"context_tokens":32768,"vision":true,"audio":false,"tools":true}
            """);
        models[1].ToString().ShouldBe("""
            {"id":"anthropic/fake","provider":"anthropic","default":false,"context_tokens":32768,"vision":true,"audio":false,"tools":true}
            """);
        models.Count(x => x.GetProperty("default").GetBoolean()).ShouldBe(1);
        models.ShouldContain(x => x.Text("id") == "demo/demo");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_socket_that_is_none_is_told_what_it_must_be()
    {
        using var ada = await _app.RegisterAsync();

        (await ada.GetAsync($"/ws?token={ada.Token}"))
            .ShouldBeProblem(426, "upgrade_required", "This is a WebSocket endpoint; connect with a WebSocket client");
    }
}
