using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class AccountTests(SharedApp shared)
{
    const string NewPassword = "a much better one";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_name_and_an_address_can_be_changed_and_log_in_afterwards()
    {
        using var ada = await _app.RegisterAsync();
        var name = "new-" + ada.Username[..20];

        var changed = (await ada.PatchAsync("/users/me", new { username = name, email = name + "@example.org" })).Ok();

        changed["username"].ShouldBe(name);
        (await ada.GetAsync("/users/me")).Text.ShouldBe(changed.Text);
        using var anonymous = _app.Anonymous();
        (await anonymous.FormAsync("/token", ("username", name.ToUpperInvariant()), ("password", ada.Password))).Status.ShouldBe(200);
        (await anonymous.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Names_of_others_bad_values_and_bodies_are_refused_and_nothing_changes()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var before = (await eve.GetAsync("/users/me")).Text;

        (await eve.PatchAsync("/users/me", new { username = ada.Username.ToUpperInvariant() }))["detail"].ShouldBe("Username already registered");
        (await eve.PatchAsync("/users/me", new { email = ada.Username + "@EXAMPLE.com" }))["detail"].ShouldBe("Email already registered");
        foreach (var body in new object[] { new { username = "a" }, new { username = "ä".PadRight(5, 'x') }, new { email = "nonsense" }, new { username = 5 }, "[]", "{" })
            (await eve.PatchAsync("/users/me", body)).Status.ShouldBe(422, body.ToString());
        (await eve.GetAsync("/users/me")).Text.ShouldBe(before);
        (await eve.PatchAsync("/users/me", new { username = eve.Username.ToUpperInvariant() })).Status.ShouldBe(200);
        var kept = (await eve.GetAsync("/users/me")).Text;
        (await eve.PatchAsync("/users/me", """{"username":null,"email":null,"password":null}""")).Ok().Text.ShouldBe(kept);
    }

    [Fact]
    public async Task A_new_password_needs_the_current_one_and_ends_the_other_sessions()
    {
        using var phone = await _app.RegisterAsync();
        using var laptop = await phone.OtherDeviceAsync();
        await using var socket = await laptop.ConnectAsync();

        (await phone.PatchAsync("/users/me", new { password = NewPassword })).Status.ShouldBe(422);
        (await phone.PatchAsync("/users/me", new { password = NewPassword, current_password = "wrong" })).ErrorCode.ShouldBe("wrong_current_password");
        (await phone.PatchAsync("/users/me", new { password = "password1", current_password = phone.Password })).Status.ShouldBe(422);
        (await laptop.GetAsync("/users/me")).Status.ShouldBe(200);
        (await phone.PatchAsync("/users/me", new { password = NewPassword, current_password = phone.Password })).Status.ShouldBe(200);

        (await socket.Closed).ShouldBe(4503);
        (await laptop.GetAsync("/users/me")).Status.ShouldBe(401);
        (await phone.GetAsync("/users/me")).Status.ShouldBe(200);
        using var anonymous = _app.Anonymous();
        (await anonymous.FormAsync("/token", ("username", phone.Username), ("password", phone.Password))).Status.ShouldBe(401);
        (await anonymous.FormAsync("/token", ("username", phone.Username), ("password", NewPassword))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task What_the_server_owns_of_a_user_cannot_be_set_by_any_body()
    {
        using var ada = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();
        using var anonymous = _app.Anonymous();
        var name = "mass" + ada.Username[..20];
        var user = (await anonymous.PostAsync("/users/", new
        {
            username = name,
            email = name + "@example.com",
            password = ada.Password,
            id,
            role = "admin",
            is_admin = true,
            admin = true,
            created_at = 1,
            disabled_at = 1,
            password_hash = "x",
        })).Ok();
        user["id"].ShouldNotBe(id);
        using var eve = _app.Anonymous();
        eve.Token = (await eve.FormAsync("/token", ("username", name), ("password", ada.Password), ("role", "admin"), ("user_id", ada.Id))).Ok()["access_token"];
        (await eve.PatchAsync("/users/me", new { id = ada.Id, role = "admin", password_hash = "x", disabled_at = 5 })).Ok()["id"].ShouldBe(user["id"]);
        (await eve.GetAsync("/admin/users")).ErrorCode.ShouldBe("admin_only");
    }

    [Fact]
    public async Task What_the_server_owns_of_a_chat_and_its_messages_cannot_be_set_by_any_body()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var id = Guid.CreateVersion7().ToString();
        var chat = (await eve.PostAsync("/chats/", new
        {
            title = "t",
            user_id = ada.Id,
            created_at = "2001-01-01T00:00:00Z",
            last_seq = 99,
            changed = 99,
            is_pinned = true,
            last_message_content = "x",
            fingerprint = "x",
            deleted_at = 1,
        })).Ok();
        chat.Json.GetProperty("last_seq").GetInt64().ShouldBe(0);
        chat["last_message_content"].ShouldBe("");
        chat.Json.GetProperty("is_pinned").GetBoolean().ShouldBeFalse();
        chat["created_at"].ShouldStartWith("20");
        chat["created_at"].ShouldNotStartWith("2001");
        (await ada.GetAsync($"/chats/{chat["id"]}")).Status.ShouldBe(404);
        var patched = (await eve.PatchAsync($"/chats/{chat["id"]}", new { user_id = ada.Id, last_seq = 99, changed = 0, id, created_at = 1 })).Ok();
        patched["id"].ShouldBe(chat["id"]);
        patched.Json.GetProperty("last_seq").GetInt64().ShouldBe(0);

        var message = (await eve.PostAsync($"/chats/{chat["id"]}/messages/", new
        {
            content = "hi",
            sender = "ai",
            status = "read",
            seq = 99,
            timestamp = "2001-01-01T00:00:00Z",
            chat_id = id,
            user_id = ada.Id,
            reply_id = id,
            generation = new { state = "completed" },
            state = "completed",
            owner = "x",
            attempt = 9,
        })).Ok();
        message["sender"].ShouldBe("user");
        message["status"].ShouldBe("sent");
        message["chat_id"].ShouldBe(chat["id"]);
        message["reply_id"].ShouldNotBe(id);
        message["timestamp"].ShouldNotStartWith("2001");
        message.Json.GetProperty("seq").GetInt64().ShouldBe(1);
        message.Json.TryGetProperty("generation", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task An_export_holds_everything_and_nothing_of_others()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync("Ada's chat");
        var question = await ada.AskAsync(chat, "Ada's question 🕊");
        await ada.EndOfAsync(chat, question.GetProperty("reply_id").GetString()!);
        await eve.AskAsync(await eve.CreateChatAsync("Eve's chat"), "Eve's question");

        var export = (await ada.GetAsync("/users/me/export")).Ok();

        export.Header("Content-Disposition")!.ShouldContain("attachment");
        export.Json.GetProperty("user").GetProperty("id").GetString().ShouldBe(ada.Id);
        var messages = export.Json.GetProperty("chats").EnumerateArray().Single().GetProperty("messages").EnumerateArray()
            .Select(x => x.GetProperty("content").GetString()).ToList();
        messages.ShouldBe(["Ada's question 🕊", "Hello world"]);
        export.Text.ShouldNotContain("Eve's");
        export.Text.ShouldNotContain("password");
    }

    [Fact]
    public async Task An_export_is_sent_while_it_is_made_and_a_user_has_one_at_a_time()
    {
        using var ada = await _app.RegisterAsync();
        var (oldest, young) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var last = await ada.AskAsync(oldest, "the last of the export");
        await ada.EndOfAsync(oldest, last.GetProperty("reply_id").GetString()!);
        (await ada.PatchAsync($"/chats/{young}", new { model = "demo/instant" })).Ok();
        // More than the buffers of both ends of a socket hold.
        for (var i = 0; i < 60; i++)
            await ada.EndOfAsync(young, (await ada.AskAsync(young, new string('漢', 100_000))).GetProperty("reply_id").GetString()!);
        using var http = new HttpClient { BaseAddress = _app.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", ada.Token);

        using var first = await http.GetAsync("/users/me/export", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await first.Content.ReadAsStreamAsync();
        var head = new byte[100];
        await stream.ReadExactlyAsync(head);
        // What is deleted after the first bytes have come is not in the rest: it had not been read yet.
        (await ada.DeleteAsync($"/chats/{oldest}/messages/{last.GetProperty("id").GetString()}")).Ok();
        var second = await ada.GetAsync("/users/me/export");
        using var eve = await _app.RegisterAsync();
        (await eve.GetAsync("/users/me/export")).Status.ShouldBe(200);
        using var rest = new StreamReader(stream);
        var text = System.Text.Encoding.UTF8.GetString(head) + await rest.ReadToEndAsync();

        (second.Status, second.ErrorCode).ShouldBe((429, "rate_limited"));
        second.Header("Retry-After").ShouldBe("10");
        var export = JsonElement.Parse(text);
        export.GetProperty("chats").GetArrayLength().ShouldBe(2);
        text.Length.ShouldBeGreaterThan(6_000_000);
        text.ShouldNotContain("the last of the export");
        (await ada.GetAsync("/users/me/export")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_erased_account_leaves_nothing_in_any_table_but_the_audit_and_the_ids_of_its_sessions()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        using var eve = await app.RegisterAsync("eve");
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "What is left of me?");
        await ada.EndOfAsync(chat, question.GetProperty("reply_id").GetString()!);
        var doomed = await ada.CreateChatAsync();
        (await ada.DeleteAsync($"/chats/{doomed}")).Ok();
        (await ada.PostAsync("/ws/ticket")).Ok();
        using var anonymous = app.Anonymous();
        (await anonymous.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", ada.RefreshToken!))).Ok();
        var kept = await eve.AskAsync(await eve.CreateChatAsync(), "I stay");
        using var bytes = new MultipartFormDataContent { { new ByteArrayContent("only Ada has this"u8.ToArray()), "file", "note.txt" } };
        var upload = (await ada.SendAsync(HttpMethod.Post, "/upload/", null, x => x.Content = bytes)).Ok();
        (await ada.PostAsync($"/chats/{chat}/messages/", new { content = "look", type = "file", media_urls = new[] { upload["url"] } })).Ok();
        var pieces = await ada.SendAsync(HttpMethod.Post, "/upload/resumable", null, x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Length", "100");
        });
        (await ada.SendAsync(HttpMethod.Patch, pieces.Header("Location")!, null, x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Offset", "0");
            x.Content = new ByteArrayContent("half of it"u8.ToArray());
            x.Content.Headers.ContentType = new("application/offset+octet-stream");
        })).Status.ShouldBe(204);
        (await BytesOfMediaAsync(app)).ShouldBe(2);
        app.Model.Script = FakeReply.Text("never").ThenStall();
        await ada.AskAsync(chat, "One that is still open");
        await using var socket = await ada.ConnectAsync();
        // The test must be able to fail: everywhere that a user can leave rows, this one has.
        (await TablesWithAsync(app, ada.Id)).ShouldBe(["audit", "chats", "events", "heads", "media", "message_media", "messages", "sessions", "uploads", "users",
            .. Engine.IsPostgres ? ["upload_pieces"] : (string[])[]], ignoreOrder: true);

        (await ada.DeleteAsync("/users/me")).Status.ShouldBe(200);

        (await TablesWithAsync(app, ada.Id)).ShouldBe(["audit"]);
        var rows = await app.RowsAsync();
        (rows["spent_tokens"].Count + rows["tickets"].Count + rows["blobs"].Count).ShouldBe(0);
        (await BytesOfMediaAsync(app)).ShouldBe(0);
        (await socket.Closed).ShouldBe(4503);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.GetAsync(upload["url"])).Status.ShouldBe(404);
        (await anonymous.FormAsync("/token", ("username", "ada"), ("password", ada.Password))).Status.ShouldBe(401);
        (await eve.MessageAsync(kept.GetProperty("chat_id").GetString()!, kept.GetProperty("id").GetString()!)).GetProperty("content").GetString().ShouldBe("I stay");
        using var again = await app.RegisterAsync("ada");
        (await again.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(0);

        await app.RestartAsync();
        using var after = await again.OtherDeviceAsync(app.Url);
        (await after.GetAsync("/sync")).Ok()["cursor"].ShouldEndWith("-0");
    }

    // Files and rows that hold bytes of uploads, finished or not.
    static async Task<int> BytesOfMediaAsync(CoteApp app)
    {
        var rows = await app.RowsAsync();
        return Directory.GetFiles(Path.Combine(app.Data, "media"), "*", SearchOption.AllDirectories).Length
            + rows["blob_chunks"].Count + rows["upload_pieces"].Count;
    }

    [Fact]
    public async Task Who_may_register_is_a_setting()
    {
        await using var closed = await CoteApp.StartAsync("Auth:Registration=closed");
        await using var invited = await CoteApp.StartAsync("Auth:Registration=invitation", "Auth:InvitationCode=come-in-2026");
        var ada = new { username = "ada", email = "ada@example.com", password = "correct horse battery" };

        (await closed.Anonymous().PostAsync("/users/", ada)).ErrorCode.ShouldBe("registration_closed");
        (await invited.Anonymous().PostAsync("/users/", ada)).ErrorCode.ShouldBe("wrong_invitation");
        (await invited.Anonymous().PostAsync("/users/", new { ada.username, ada.email, ada.password, invitation_code = "come-in-2025" })).ErrorCode.ShouldBe("wrong_invitation");
        (await invited.Anonymous().PostAsync("/users/", new { ada.username, ada.email, ada.password, invitation_code = "come-in-2026" })).Status.ShouldBe(200);
        invited.Logs.ShouldAllBe(x => !x.Contains("come-in"));
    }

    [Fact]
    public async Task Tokens_of_the_previous_key_work_until_its_date()
    {
        const string old = "old-key-old-key-old-key-old-key-old-key", young = "new-key-new-key-new-key-new-key-new-key";
        await using var app = await CoteApp.StartAsync($"Auth:SigningKey={old}");
        using var ada = await app.RegisterAsync();
        using var before = app.Anonymous();
        before.Token = ada.Token;

        await app.RestartAsync($"Auth:SigningKey={young}", $"Auth:PreviousSigningKey={old}", "Auth:PreviousSigningKeyUntil=2099-01-01T00:00:00Z");
        (await At(app, ada.Token).GetAsync("/users/me")).Status.ShouldBe(200);

        await app.RestartAsync($"Auth:SigningKey={young}", $"Auth:PreviousSigningKey={old}", "Auth:PreviousSigningKeyUntil=2020-01-01T00:00:00Z");
        (await At(app, ada.Token).GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.OtherDeviceAsync(app.Url)).Token.ShouldNotBeNull();
    }

    static CoteClient At(CoteApp app, string? token) => new(app.Url) { Token = token };

    static async Task<IEnumerable<string>> TablesWithAsync(CoteApp app, string userId) =>
        (await app.RowsAsync()).Where(x => x.Value.Exists(row => row.Contains(userId, StringComparison.Ordinal))).Select(x => x.Key);
}
