using System.Text.Json;
using Cote.Tests.Chats;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed partial class AccountTests
{
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
        var messages = export.Json.GetProperty("chats")
            .EnumerateArray().Single().GetProperty("messages").EnumerateArray()
            .Select(x => x.GetProperty("content").GetString()).ToList();
        messages.ShouldBe(["Ada's question 🕊", "Hello world"]);
        export.Text.ShouldNotContain("Eve's");
        export.Text.ShouldNotContain("password");
    }

    [Fact, Trait("Rows", "none")] // what is sent is the same whichever engine it is read from
    public async Task An_export_is_sent_while_it_is_made_and_a_user_has_one_at_a_time()
    {
        using var ada = await _app.RegisterAsync();
        var (oldest, young) = (await ada.CreateChatAsync(), await ada.CreateChatAsync());
        var last = await ada.AskAsync(oldest, "the last of the export");
        await ada.EndOfAsync(oldest, last.GetProperty("reply_id").GetString()!);
        (await ada.PatchAsync($"/chats/{young}", new { model = "demo/instant" })).Ok();
        // More than the buffers of both ends of a socket hold.
        for (var i = 0; i < 60; i++)
            await ada.EndOfAsync(young,
                (await ada.AskAsync(young, new string('漢', 100_000))).GetProperty("reply_id").GetString()!);
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
        (await anonymous.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", ada.RefreshToken!)))
            .Ok();
        var kept = await eve.AskAsync(await eve.CreateChatAsync(), "I stay");
        var upload = await LeaveUploadsAsync(ada, chat);
        (await BytesOfMediaAsync(app)).ShouldBe(2);
        app.Model.Script = FakeReply.Text("never").ThenStall();
        await ada.AskAsync(chat, "One that is still open");
        await using var socket = await ada.ConnectAsync();
        await app.IndexedAsync(ada);
        await app.WriteAsync($"insert into budgets (user_id, cap_day_tokens) values ('{ada.Id}', 1)");
        // The test must be able to fail: everywhere that a user can leave rows, this one has.
        (await TablesWithAsync(app, ada.Id))
            .ShouldBe(
            ["audit", "chats", "events", "heads", "media", "message_media", "messages", "sessions", "uploads", "users",
            "search_documents", "search_marks", "calls", "budgets",
            .. Engine.IsPostgres ? ["upload_pieces"] : (string[])[]], ignoreOrder: true);

        (await ada.DeleteAsync("/users/me")).Status.ShouldBe(200);

        (await TablesWithAsync(app, ada.Id)).ShouldBe(["audit"]);
        var rows = await app.RowsAsync();
        (rows["spent_tokens"].Count + rows["tickets"].Count + rows["blobs"].Count).ShouldBe(0);
        (await BytesOfMediaAsync(app)).ShouldBe(0);
        (await socket.Closed).ShouldBe(4503);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.GetAsync(upload)).Status.ShouldBe(404);
        (await anonymous.FormAsync("/token", ("username", "ada"), ("password", ada.Password))).Status.ShouldBe(401);
        (await eve.MessageAsync(kept.GetProperty("chat_id").GetString()!, kept.GetProperty("id").GetString()!))
            .GetProperty("content").GetString().ShouldBe("I stay");
        using var again = await app.RegisterAsync("ada");
        (await again.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(0);

        await app.RestartAsync();
        using var after = await again.OtherDeviceAsync(app.Url);
        (await after.GetAsync("/sync")).Ok()["cursor"].ShouldEndWith("-0");
    }

    // A file that a message names, and half of another.
    static async Task<string> LeaveUploadsAsync(CoteClient ada, string chat)
    {
        using var bytes = new MultipartFormDataContent
        {
            { new ByteArrayContent("only Ada has this"u8.ToArray()), "file", "note.txt" },
        };
        var upload = (await ada.SendAsync(HttpMethod.Post, "/upload/", null, x => x.Content = bytes)).Ok()["url"];
        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "look", type = "file", media_urls = new[] { upload } })).Ok();
        var half = await ada.SendAsync(HttpMethod.Post, "/upload/resumable", null, x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Length", "100");
        });
        (await ada.SendAsync(HttpMethod.Patch, half.Header("Location")!, null, x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Offset", "0");
            x.Content = new ByteArrayContent("half of it"u8.ToArray());
            x.Content.Headers.ContentType = new("application/offset+octet-stream");
        })).Status.ShouldBe(204);
        return upload;
    }

    // Files and rows that hold bytes of uploads, finished or not.
    static async Task<int> BytesOfMediaAsync(CoteApp app)
    {
        var rows = await app.RowsAsync();
        return Directory.GetFiles(Path.Combine(app.Data, "media"), "*", SearchOption.AllDirectories).Length
            + rows["blob_chunks"].Count + rows["upload_pieces"].Count;
    }

    static async Task<IEnumerable<string>> TablesWithAsync(CoteApp app, string userId) =>
        (await app.RowsAsync()).Where(x => x.Value.Exists(row => row.Contains(userId, StringComparison.Ordinal)))
            .Select(x => x.Key);
}
