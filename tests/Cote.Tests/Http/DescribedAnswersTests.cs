using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using Cote.Tests.Media;
using Cote.Tests.Usage;

namespace Cote.Tests.Http;

public sealed partial class DescribedAnswersTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Every_answer_about_users_and_sessions_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var ada = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();
        var taken = new { username = ada.Username, email = "x@example.com", password = "correct horse battery" };

        foreach (var path in new[] { "/users/me", "/users/me/export", "/sessions", "/limits", "/health/live",
            "/health/ready", "/models" })
            api.Check(await ada.GetAsync(path)).Ok();
        foreach (var path in new[] { "/users/me", "/users/me/export", "/sessions", "/chats", "/sync", "/events" })
            api.Check(await anyone.GetAsync(path)).Status.ShouldBe(401);
        api.Check(await anyone.PostAsync("/users", taken)).Status.ShouldBe(400);
        api.Check(await anyone.PostAsync("/users", new { username = 7, password = "x" })).Status.ShouldBe(422);
        api.Check(await anyone.PostAsync("/users", "{")).Status.ShouldBe(422);
        // Without it the server may close the connection while the body is still sent, and the answer is lost.
        api.Check(await anyone.SendAsync(HttpMethod.Post, "/users", new string('x', 3_000_000),
            x => x.Headers.ExpectContinue = true)).Status.ShouldBe(413);
        api.Check(await anyone.FormAsync(
            "/token", ("username", ada.Username), ("password", "wrong horse"))).Status.ShouldBe(401);
        api.Check(await anyone.FormAsync("/token", ("username", ada.Username))).Status.ShouldBe(422);
        api.Check(await anyone.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Ok();
        api.Check(await anyone.FormAsync("/token", ("grant_type", "refresh_token"),
            ("refresh_token", "none"))).Status.ShouldBe(401);
        api.Check(await ada.PatchAsync("/users/me", new { email = $"{ada.Username}@two.example" })).Ok();
        api.Check(await ada.PatchAsync(
            "/users/me", new { password = "another horse battery", current_password = "no" })).Status.ShouldBe(403);
        api.Check(await ada.PostAsync("/ws/ticket")).Ok();
        api.Check(await ada.GetAsync("/ws")).Status.ShouldBe(426);
        foreach (var path in new[] { "/admin/users", "/admin/audit", "/admin/usage", "/admin/overview",
            "/admin/replies", "/admin/providers", "/admin/webhooks", "/admin/webhooks/endpoints" })
            api.Check(await ada.GetAsync(path)).Status.ShouldBe(403);
        api.Check(await ada.PutAsync($"/admin/users/{ada.Id}/budget", new { })).Status.ShouldBe(403);
        using var phone = await ada.OtherDeviceAsync();
        var other = (await phone.GetAsync("/sessions")).Json.EnumerateArray()
            .Single(x => x.GetProperty("current").GetBoolean());
        api.Check(await ada.DeleteAsync($"/sessions/{other.Text("id")}")).Ok();
        api.Check(await ada.DeleteAsync($"/sessions/{other.Text("id")}")).Status.ShouldBe(404);
        api.Check(await ada.PostAsync("/logout")).Ok();
        api.Check(await ada.PostAsync("/logout")).Status.ShouldBe(401);
        await ada.LogInAsync();
        api.Check(await ada.PostAsync("/logout/all")).Ok();
        await ada.LogInAsync();
        api.Check(await ada.DeleteAsync("/users/me")).Ok();
        api.Seen.Count.ShouldBeGreaterThan(30);
    }

    [Fact]
    public async Task Every_answer_about_chats_and_messages_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var ada = await _app.RegisterAsync();
        var (id, nothing) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        var chat = api.Check(await ada.PostAsync("/chats", new { title = "a", id })).Ok()["id"];
        api.Check(await ada.PostAsync("/chats", new { title = "a", id })).Header("Idempotent-Replayed")
            .ShouldBe("true");
        api.Check(await ada.PostAsync("/chats", new { title = "b", id })).Status.ShouldBe(409);
        api.Check(await ada.PostAsync("/chats", new { })).Status.ShouldBe(422);
        api.Check(await ada.GetAsync("/chats")).Ok();
        api.Check(await ada.GetAsync("/chats?limit=0")).Status.ShouldBe(422);
        api.Check(await ada.PatchAsync($"/chats/{chat}", new { temperature = 0.5, max_tokens = 7, model = "demo" }))
            .Ok();
        api.Check(await ada.PatchAsync($"/chats/{chat}", new { temperature = "0.5" })).Status.ShouldBe(422);
        api.Check(await ada.PatchAsync($"/chats/{chat}", new { temperature = (double?)null, model = "openai" })).Ok();
        api.Check(await ada.GetAsync($"/chats/{nothing}")).Status.ShouldBe(404);

        var messages = $"/chats/{chat}/messages";
        var question = api.Check(await ada.PostAsync(messages, new { content = "Hi", id = nothing })).Ok().Json;
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        api.Check(await ada.PostAsync(messages, new { content = "Hi", id = nothing })).Ok();
        api.Check(await ada.PostAsync(messages, new { content = "Ho", id = nothing })).Status.ShouldBe(409);
        api.Check(await ada.PostAsync(
            messages, new { content = "", media_urls = new[] { $"/media/{nothing}" } })).Status.ShouldBe(422);
        api.Check(await ada.PostAsync($"/chats/{nothing}/messages", new { content = "Hi" })).Status.ShouldBe(404);
        api.Check(await ada.GetAsync(messages)).Json.GetArrayLength().ShouldBe(2);
        api.Check(await ada.GetAsync(messages + "?limit=1")).Header("Link").ShouldNotBeNull();
        api.Check(await ada.GetAsync(messages + "?before=1&after=1")).Status.ShouldBe(422);
        api.Check(await ada.GetAsync($"{messages}/{question.Text("reply_id")}")).Ok();
        api.Check(await ada.GetAsync($"{messages}/{chat}")).Status.ShouldBe(404);
        api.Check(await ada.PutAsync($"{messages}/{question.Text("reply_id")}/read")).Ok();
        api.Check(await ada.PutAsync($"{messages}/{chat}/read")).Status.ShouldBe(404);
        api.Check(await ada.GetAsync("/sync")).Json.GetProperty("chats").GetArrayLength().ShouldBe(1);
        api.Check(await ada.GetAsync("/events?cursor=x")).Status.ShouldBe(422);
        var epoch = (await ada.GetAsync("/sync")).Ok()["cursor"].Split('-')[0];
        var polled = api.Check(await ada.GetAsync($"/events?cursor={epoch}-0&wait=0")).Json.GetProperty("events");
        polled.EnumerateArray().Select(x => x.Text("type")).ShouldContain("message");
        api.Check(await ada.PostAsync($"/chats/{chat}/stop")).Ok();
        api.Check(await ada.PostAsync($"/chats/{nothing}/stop")).Status.ShouldBe(404);
        api.Check(await ada.DeleteAsync($"{messages}/{question.Text("id")}")).Ok();
        api.Check(await ada.DeleteAsync($"{messages}/{question.Text("id")}")).Status.ShouldBe(404);
        api.Check(await ada.PostAsync(messages, new { content = "Hi", id = nothing })).Status.ShouldBe(410);
        api.Check(await ada.PostAsync($"/chats/{chat}/fork")).Ok();
        api.Check(await ada.PostAsync($"/chats/{chat}/fork", new { message_id = nothing })).Status.ShouldBe(422);
        api.Check(await ada.PutAsync($"{messages}/{chat}/feedback", new { rating = 1 })).Status.ShouldBe(404);
        api.Check(await ada.GetAsync("/chats?archived=true")).Ok();
        api.Check(await ada.DeleteAsync($"/chats/{chat}")).Ok();
        api.Check(await ada.PostAsync("/chats", new { title = "a", id })).Status.ShouldBe(410);
        api.Check(await ada.PostAsync("/chats/archive")).Status.ShouldBe(202);
        api.Check(await ada.DeleteAsync("/chats?archived=true")).Status.ShouldBe(202);
        api.Check(await ada.DeleteAsync("/chats")).Status.ShouldBe(422);
        api.Seen.Count.ShouldBeGreaterThan(25);
    }

    [Fact]
    public async Task Every_answer_about_media_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var ada = await _app.RegisterAsync();
        using var anyone = _app.Anonymous();

        var image = api.Check(await UploadAsync(ada, Samples.Png(), "dove.png")).Ok().Json;
        image.Number("width").ShouldBe(4);
        api.Check(await UploadAsync(ada, "doves"u8.ToArray(), "doves.txt")).Ok().Json.TryGetProperty("width", out _)
            .ShouldBeFalse();
        api.Check(await UploadAsync(ada, [0x7F, .. "ELF"u8, 0, 1, 2, 3], "a.bin")).Status.ShouldBe(415);
        api.Check(await ada.PostAsync("/upload", new { })).Status.ShouldBe(422);
        api.Check(await UploadAsync(anyone, Samples.Png(), "dove.png")).Status.ShouldBe(401);
        var path = $"/media/{image.Text("id")}";
        api.Check(await ada.GetAsync(path)).Ok();
        api.Check(await anyone.GetAsync(image.Text("url"))).Ok();
        api.Check(await anyone.GetAsync(path)).Status.ShouldBe(401);
        api.Check(await ada.GetAsync($"/media/{Guid.CreateVersion7()}")).Status.ShouldBe(404);
        api.Check(await ada.SendAsync(HttpMethod.Get, path, change: x => x.Headers.Range = new(0, 3))).Status.ShouldBe(
            206);
        api.Check(await ada.SendAsync(
            HttpMethod.Get, path, change: x => x.Headers.Range = new(1_000_000, null))).Status.ShouldBe(416);
        api.Check(await ada.SendAsync(HttpMethod.Head, path)).Ok();
        api.Check(await ada.SendAsync(HttpMethod.Options, "/upload/resumable")).Status.ShouldBe(204);
        api.Check(await ada.PostAsync("/upload/resumable")).Status.ShouldBe(412);
        api.Check(await TusAsync(ada, HttpMethod.Post, "/upload/resumable")).Status.ShouldBe(422);
        var begun = api.Check(await TusAsync(ada, HttpMethod.Post, "/upload/resumable", ("Upload-Length", "5")));
        begun.Status.ShouldBe(201);
        var upload = begun.Header("Location")!;
        api.Check(await PatchAsync(ada, upload, 0, "do")).Status.ShouldBe(204);
        api.Check(await PatchAsync(ada, upload, 0, "do")).Status.ShouldBe(409);
        api.Check(await TusAsync(ada, HttpMethod.Patch, upload, ("Upload-Offset", "2"))).Status.ShouldBe(415);
        api.Check(await TusAsync(ada, HttpMethod.Head, upload)).Header("Upload-Offset").ShouldBe("2");
        api.Check(await PatchAsync(ada, upload, 2, "ves")).Header("Upload-Media-Url").ShouldNotBeNull();
        api.Check(await TusAsync(ada, HttpMethod.Delete, upload)).Status.ShouldBe(204);
        api.Check(await TusAsync(ada, HttpMethod.Head, upload)).Status.ShouldBe(404);
        api.Seen.Count.ShouldBeGreaterThan(18);
    }

    [Fact]
    public async Task Every_frame_is_declared()
    {
        var api = await DescribedApi.ReadAsync(_app);
        using var ada = await _app.RegisterAsync();
        await using var socket = await ada.ConnectAsync(awaitReady: false);
        var frames = new List<JsonElement>();
        async Task UntilAsync(Predicate<TestFrame> isLast)
        {
            for (TestFrame frame; ;)
            {
                frame = await socket.NextAsync();
                var json = new JsonObject { ["type"] = frame.Type, ["data"] = JsonNode.Parse(frame.Data.GetRawText()) };
                if (frame.Cursor is not null)
                    json["cursor"] = frame.Cursor;
                frames.Add(JsonElement.Parse(json.ToJsonString()));
                if (isLast(frame))
                    return;
            }
        }

        var chat = await ada.CreateChatAsync();
        (await ada.PatchAsync($"/chats/{chat}", new { title = "b" })).Ok();
        var question = await ada.AskAsync(chat, "Hi");
        await UntilAsync(x => x.Type == "message" && x.Data.Text("id") == question.Text("reply_id"));
        (await ada.PutAsync($"/chats/{chat}/messages/{question.Text("reply_id")}/read")).Ok();
        foreach (var rating in (int?[])[1, null])
            (await ada.PutAsync($"/chats/{chat}/messages/{question.Text("reply_id")}/feedback", new { rating })).Ok();
        await socket.SendAsync("""{"type":"ping"}""");
        await socket.SendAsync("{");
        await UntilAsync(x => x.Type == "error");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{question.Text("id")}")).Ok();
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();
        await UntilAsync(x => x.Type == "chat.deleted");

        var union = api.Document.GetProperty("components").GetProperty("schemas").GetProperty("Frame");
        foreach (var frame in frames)
            api.Faults(frame, union, "$").ShouldBeEmpty(frame.ToString());
        frames.Select(x => x.Text("type")).Distinct()
            .Except(union.GetProperty("discriminator").GetProperty("mapping").Fields()).ShouldBeEmpty();
        frames.Select(x => x.Text("type")).Distinct().Count().ShouldBeGreaterThanOrEqualTo(9);
        union.GetProperty("oneOf").GetArrayLength().ShouldBe(19);
        var lie = JsonNode.Parse(frames.First(x => x.Text("type") == "message").ToString())!.AsObject();
        lie["data"]!["more"] = 1;
        api.Faults(JsonElement.Parse(lie.ToJsonString()), union, "$").ShouldNotBeEmpty(); // and it can fail
    }

    // What a stranger sends who presses "Execute" in the documentation and changes nothing but the ids of the path.
    [Fact]
    public async Task Every_example_is_accepted_as_it_stands()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(mail.Settings);
        var api = await DescribedApi.ReadAsync(app);
        using var ada = app.Anonymous();
        var used = new List<string>();

        var user = Example("/users", "post");
        (await ada.PostAsync("/users", user)).Ok()["username"].ShouldBe((string?)user["username"]);
        var login = Example("/token", "post", "application/x-www-form-urlencoded");
        ada.Token = (await ada.FormAsync("/token", [.. login.Select(x => (x.Key, (string)x.Value!))]))
            .Ok()["access_token"];
        (await ada.PatchAsync("/users/me", Example("/users/me", "patch"))).Ok();
        await SendOfAccountsAsync(ada, (path, method) => Example(path, method));
        var chat = (await ada.PostAsync("/chats", Example("/chats", "post"))).Ok()["id"];
        (await ada.PatchAsync($"/chats/{chat}", Example("/chats/{chat_id}", "patch"))).Ok();
        var question =
            (await ada.PostAsync($"/chats/{chat}/messages", Example("/chats/{chat_id}/messages", "post"))).Ok();
        await ada.EndOfAsync(chat, question["reply_id"]);
        (await ada.PostAsync($"/chats/{chat}/messages/{question["id"]}/regenerate",
            Example("/chats/{chat_id}/messages/{message_id}/regenerate", "post"))).Ok();
        // An id in a body is the stranger's own too.
        var leaf = Example("/chats/{chat_id}/leaf", "put");
        leaf["message_id"] = question["reply_id"];
        (await ada.PutAsync($"/chats/{chat}/leaf", leaf)).Ok();
        (await ada.PutAsync($"/chats/{chat}/messages/{question["reply_id"]}/feedback",
            Example("/chats/{chat_id}/messages/{message_id}/feedback", "put"))).Ok();
        const string Call = "/chats/{chat_id}/messages/{message_id}/tool_calls/{call_id}";
        var asks = await ada.WaitForToolAsync("demo/approval");
        (await ada.PostAsync(asks, Example(Call, "post"))).Ok();
        var brings = await ada.WaitForToolAsync("demo/client-tool",
            new { content = "a", client_id = "phone", client_tools = new[] { new { name = "place" } } });
        (await ada.PostAsync(brings + "/claim", Example(Call + "/claim", "post"))).Ok();
        (await ada.PostAsync($"/chats/{chat}/fork", Example("/chats/{chat_id}/fork", "post"))).Ok();
        await SendOfSharesAsync(ada, chat, (path, method) => Example(path, method));
        await SendToDialectsAsync(app, ada, (path, method) => Example(path, method));
        using var root = await app.RegisterAdminAsync();
        (await root.PutAsync($"/admin/users/{root.Id}/budget",
            Example("/admin/users/{user_id}/budget", "put"))).Ok();
        var described = api.Document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject()
            .Where(x => x.Value.TryGetProperty("requestBody", out var body)
                && body.GetProperty("content").EnumerateObject().Any(y => y.Name == "application/json"))
            .Select(x => $"{x.Name} {path.Name}"));
        used.Order().ShouldBe(described.Append("post /token").Order());

        JsonObject Example(string path, string method, string type = "application/json")
        {
            used.Add($"{method} {path}");
            var content = api.Document.GetProperty("paths").GetProperty(path).GetProperty(method)
                .GetProperty("requestBody")
                .GetProperty("content").GetProperty(type);
            api.Faults(content.GetProperty("example"), content.GetProperty("schema"), "$").ShouldBeEmpty();
            return JsonNode.Parse(content.GetProperty("example").ToString())!.AsObject();
        }
    }

    static Task<Reply> UploadAsync(CoteClient client, byte[] bytes, string name) =>
        client.SendAsync(HttpMethod.Post, "/upload", change: x => x.Content = new MultipartFormDataContent
        {
            { new ByteArrayContent(bytes), "file", name },
        });

    static Task<Reply> TusAsync(CoteClient client, HttpMethod method, string path,
        params (string Name, string Value)[] headers) =>
        client.SendAsync(method, path, change: x =>
        {
            foreach (var (name, value) in headers.Prepend(("Tus-Resumable", "1.0.0")))
                x.Headers.Add(name, value);
        });

    static Task<Reply> PatchAsync(CoteClient client, string path, long offset, string text) =>
        client.SendAsync(HttpMethod.Patch, path, change: x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Offset", offset.ToString());
            x.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
            x.Content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        });
}
