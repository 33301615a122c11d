using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed partial class AccountTests(SharedApp shared)
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
        (await anonymous.FormAsync("/token", ("username", name.ToUpperInvariant()),
            ("password", ada.Password))).Status.ShouldBe(200);
        (await anonymous.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Status.ShouldBe(
            401);
    }

    [Fact]
    public async Task Names_of_others_bad_values_and_bodies_are_refused_and_nothing_changes()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var before = (await eve.GetAsync("/users/me")).Text;

        (await eve.PatchAsync("/users/me", new { username = ada.Username.ToUpperInvariant() }))["detail"]
            .ShouldBe("Username already registered");
        (await eve.PatchAsync("/users/me", new { email = ada.Username + "@EXAMPLE.com" }))["detail"]
            .ShouldBe("Email already registered");
        foreach (var body in new object[] { new { username = "a" }, new { username = "ä".PadRight(5, 'x') },
            new { email = "nonsense" }, new { username = 5 }, "[]", "{" })
            (await eve.PatchAsync("/users/me", body)).Status.ShouldBe(422, body.ToString());
        (await eve.GetAsync("/users/me")).Text.ShouldBe(before);
        (await eve.PatchAsync("/users/me", new { username = eve.Username.ToUpperInvariant() })).Status.ShouldBe(200);
        var kept = (await eve.GetAsync("/users/me")).Text;
        (await eve.PatchAsync("/users/me", """{"username":null,"email":null,"password":null}"""))
            .Ok().Text.ShouldBe(kept);
    }

    [Fact]
    public async Task A_new_password_needs_the_current_one_and_ends_the_other_sessions()
    {
        using var phone = await _app.RegisterAsync();
        using var laptop = await phone.OtherDeviceAsync();
        await using var socket = await laptop.ConnectAsync();

        (await phone.PatchAsync("/users/me", new { password = NewPassword })).Status.ShouldBe(422);
        (await phone.PatchAsync("/users/me",
            new { password = NewPassword, current_password = "wrong" })).ErrorCode.ShouldBe("wrong_current_password");
        (await phone.PatchAsync("/users/me",
            new { password = "password1", current_password = phone.Password })).Status.ShouldBe(422);
        (await laptop.GetAsync("/users/me")).Status.ShouldBe(200);
        (await phone.PatchAsync("/users/me",
            new { password = NewPassword, current_password = phone.Password })).Status.ShouldBe(200);

        (await socket.Closed).ShouldBe(4503);
        (await laptop.GetAsync("/users/me")).Status.ShouldBe(401);
        (await phone.GetAsync("/users/me")).Status.ShouldBe(200);
        using var anonymous = _app.Anonymous();
        (await anonymous.FormAsync("/token", ("username", phone.Username),
            ("password", phone.Password))).Status.ShouldBe(401);
        (await anonymous.FormAsync("/token", ("username", phone.Username), ("password", NewPassword))).Status.ShouldBe(
            200);
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
        eve.Token =
            (await eve.FormAsync("/token", ("username", name), ("password", ada.Password), ("role", "admin"),
            ("user_id", ada.Id))).Ok()["access_token"];
        (await eve.PatchAsync("/users/me", new { id = ada.Id, role = "admin", password_hash = "x", disabled_at = 5 }))
            .Ok()["id"].ShouldBe(user["id"]);
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
            title_source = "auto",
            title_state = 2,
            leaf_id = id,
            last_message_content = "x",
            fingerprint = "x",
            deleted_at = 1,
        })).Ok();
        chat.Json.GetProperty("last_seq").GetInt64().ShouldBe(0);
        chat["last_message_content"].ShouldBe("");
        (chat["title_source"], chat["leaf_id"]).ShouldBe(("user", ""));
        chat["created_at"].ShouldStartWith("20");
        chat["created_at"].ShouldNotStartWith("2001");
        (await ada.GetAsync($"/chats/{chat["id"]}")).Status.ShouldBe(404);
        var patched =
            (await eve.PatchAsync($"/chats/{chat["id"]}",
            new { user_id = ada.Id, last_seq = 99, changed = 0, id, created_at = 1 })).Ok();
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
    public async Task Who_may_register_is_a_setting()
    {
        await using var closed = await CoteApp.StartAsync("Auth:Registration=closed");
        await using var invited =
            await CoteApp.StartAsync("Auth:Registration=invitation", "Auth:InvitationCode=come-in-2026");
        var ada = new { username = "ada", email = "ada@example.com", password = "correct horse battery" };

        (await closed.Anonymous().PostAsync("/users/", ada)).ErrorCode.ShouldBe("registration_closed");
        (await invited.Anonymous().PostAsync("/users/", ada)).ErrorCode.ShouldBe("wrong_invitation");
        (await invited.Anonymous()
            .PostAsync("/users/",
            new { ada.username, ada.email, ada.password, invitation_code = "come-in-2025" })).ErrorCode.ShouldBe(
            "wrong_invitation");
        (await invited.Anonymous()
            .PostAsync("/users/",
            new { ada.username, ada.email, ada.password, invitation_code = "come-in-2026" })).Status.ShouldBe(200);
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

        await app.RestartAsync($"Auth:SigningKey={young}", $"Auth:PreviousSigningKey={old}",
            "Auth:PreviousSigningKeyUntil=2099-01-01T00:00:00Z");
        (await At(app, ada.Token).GetAsync("/users/me")).Status.ShouldBe(200);

        await app.RestartAsync($"Auth:SigningKey={young}", $"Auth:PreviousSigningKey={old}",
            "Auth:PreviousSigningKeyUntil=2020-01-01T00:00:00Z");
        (await At(app, ada.Token).GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.OtherDeviceAsync(app.Url)).Token.ShouldNotBeNull();
    }

    static CoteClient At(CoteApp app, string? token) => new(app.Url) { Token = token };
}
