using System.Text;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats.Import;

/// <summary>Pictures and files of exports, and archives that mean harm.</summary>
public sealed class ImportedMediaTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Files_of_ChatGPTs_archive_become_uploads_and_missing_ones_a_line()
    {
        using var ada = await _app.RegisterAsync();
        var picture = Samples.Png(7, 5);
        var chat = Exports.ChatGpt("c", "q - user Look", "t q tool Made", "a t assistant Nice.");
        Parts(chat, "q", Pointer("file-service://file-AbCdEfGh1234"), Pointer("sediment://file_00000000aaaa"), "Look");
        chat["mapping"]!["q"]!["message"]!["metadata"] = JsonNode.Parse("""
            {"attachments":[{"id":"file-AbCdEfGh1234","name":"dove.png"},{"id":"file-Gone00000000","name":"gone.pdf"}]}
            """);
        Parts(chat, "t", Pointer("sediment://file_00000000bbbb"));
        var zip = Exports.Zip(("conversations.json", Encoding.UTF8.GetBytes(Exports.File(chat))),
            ("file-AbCdEfGh1234-dove.png", picture), ("dalle-generations/file_00000000bbbb-1.webp", Samples.WebP()),
            ("../../etc/file_00000000cccc.png", picture), ("chat.html", "<html>"u8.ToArray()));

        var report = (await ada.ImportAsync(zip)).Ok();

        report.Text.ShouldBe("""{"chats":1,"messages":2,"skipped":[]}""");
        var messages = await ada.MessagesAsync((await ada.ChatsAsync())[0].Text("id"));
        messages[0].Text("content").ShouldBe("Look\n\n[gone.pdf]\n[image]");
        var url = messages[0].GetProperty("media_urls").EnumerateArray().Single().GetString()!;
        (await Samples.BytesOf((await ada.GetAsync(url)).Ok())).ShouldBe(picture);
        messages[1].Text("content").ShouldBe("Nice.");
        messages[1].GetProperty("media_urls").GetArrayLength().ShouldBe(1, "what a tool drew belongs to the reply");
        (await ada.ImportAsync(zip)).Ok().Json.Skipped().ShouldBe("0 exists");
    }

    [Fact]
    public async Task Pictures_inside_the_JSON_become_uploads_and_what_is_no_file_that_is_taken_a_line()
    {
        using var ada = await _app.RegisterAsync();
        var data = "data:image/png;base64," + Convert.ToBase64String(Samples.Png());
        var html = "data:text/html;base64," + Convert.ToBase64String("<script>alert(1)</script>"u8);

        (await ada.ImportAsync($$"""
            [{"id":"o","chat":{"title":"x","history":{"currentId":"q","messages":{"q":{"id":"q","role":"user","content":"Look",
            "files":[{"type":"image","url":"{{data}}"},{"type":"image","url":"{{data}}"},{"type":"file","name":"a.html","url":"{{html}}"},
            {"type":"file","name":"far.pdf","url":"/api/v1/files/1"}]} } } } }]
            """)).Ok();

        var message = (await ada.MessagesAsync((await ada.ChatsAsync())[0].Text("id"))).Single();
        message.Text("content").ShouldBe("Look\n\n[a.html]\n[far.pdf]");
        message.GetProperty("media_urls").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Beyond_the_quota_a_file_is_a_line_and_its_chat_is_there()
    {
        await using var app = await CoteApp.StartAsync("Media:QuotaBytes=100");
        using var ada = await app.RegisterAsync();
        var chat = Exports.ChatGpt("c", "q - user Look");
        Parts(chat, "q", Pointer("file-service://file-AbCdEfGh1234"));

        (await ada.ImportAsync(Exports.Zip(("conversations.json", Encoding.UTF8.GetBytes(Exports.File(chat))),
            ("file-AbCdEfGh1234-dove.png", Samples.Png(extra: 200))))).Ok();

        var message = (await ada.MessagesAsync((await ada.ChatsAsync())[0].Text("id"))).Single();
        (message.Text("content"), message.GetProperty("media_urls").GetArrayLength()).ShouldBe(("[image]", 0));
    }

    [Fact]
    public async Task The_newest_archives_hold_conversations_in_many_files()
    {
        using var ada = await _app.RegisterAsync();
        var zip = Exports.Zip(("user.json", "{}"u8.ToArray()), ("conversations-001.json", Of("b")),
            ("conversations-000.json", Of("a")));

        var report = (await ada.ImportAsync(zip)).Ok().Json;

        (report.Number("chats"), report.Skipped()).ShouldBe((2, "1 not_a_chat, 3 not_a_chat"));

        static byte[] Of(string id) => Encoding.UTF8.GetBytes(Exports.File(Exports.Straight(id, 1), 5));
    }

    [Fact]
    public async Task An_archive_that_unpacks_to_too_much_is_refused_whole()
    {
        using var ada = await _app.RegisterAsync();
        var chats = Encoding.UTF8.GetBytes(Exports.File(Exports.Straight("a", 1)));
        var bomb = Exports.Zip(("conversations.json", chats), ("file-AbCdEfGh1234.bin", new byte[20_000_000]));
        var crowd = Exports.Zip([("conversations.json", chats),
            .. Enumerable.Range(0, 1_000).Select(i => ($"{i}.txt", Array.Empty<byte>()))]);
        var liar = Exports.Zip(("conversations.json", Encoding.UTF8.GetBytes(
            $"[{Exports.Straight("a", 1).ToJsonString()},\"{new string(' ', 2_000_000)}\"]")));
        Understate(liar, 2_000_000);

        (await ada.ImportAsync(bomb)).ErrorCode.ShouldBe("import_too_large");
        (await ada.ImportAsync(crowd)).ErrorCode.ShouldBe("import_too_large");
        (await ada.ImportAsync(liar)).Status.ShouldBe(422);
        var many = string.Concat(Enumerable.Repeat("1,", 50_000));
        (await ada.ImportAsync(Encoding.UTF8.GetBytes($"[{many}1]"))).ErrorCode.ShouldBe("import_too_large");
        (await ada.ChatsAsync()).ShouldBeEmpty();
        var deep = Exports.Zip(("deep/er/Conversations.JSON", chats));
        (await ada.ImportAsync(deep)).Ok().Json.Number("chats").ShouldBe(1);
    }

    [Theory]
    [InlineData("PK")]
    [InlineData("PK\u0003\u0004 but nothing else")]
    public async Task An_archive_that_is_none_is_refused(string text)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.ImportAsync(Encoding.UTF8.GetBytes(text))).ShouldBeWrong("body.file value_error");
        (await ada.ImportAsync(Exports.Zip(("a.txt", "x"u8.ToArray())))).ShouldBeWrong("body.file value_error");
        (await ada.ImportAsync(Exports.Zip(("a.json", "{\"b\":1}"u8.ToArray()))))
            .ShouldBeWrong("body.file value_error");
        var broken = Exports.Zip(("conversations.json", Samples.Noise(50_000)));
        broken.AsSpan(100, 20_000).Fill(0xFF);
        (await ada.ImportAsync(broken)).Status.ShouldBe(422);
    }

    [Fact]
    public async Task More_than_the_largest_upload_is_refused_as_one()
    {
        await using var app = await CoteApp.StartAsync("Media:MaxUploadBytes=1000");
        using var ada = await app.RegisterAsync();

        (await ada.ImportAsync(new byte[1_001])).ErrorCode.ShouldBe("too_large");
        (await ada.ImportAsync($"[{new string(' ', 1_000)}]")).ErrorCode.ShouldBe("too_large");
        Directory.EnumerateFiles(Path.Combine(app.Data, "media", "incoming")).ShouldBeEmpty();
    }

    static void Parts(JsonObject chat, string node, params JsonNode[] parts) =>
        chat["mapping"]![node]!["message"]!["content"]!["parts"] = new JsonArray(parts);

    static JsonObject Pointer(string to) => new() { ["content_type"] = "image_asset_pointer", ["asset_pointer"] = to };

    // In the central directory the uncompressed length of the only entry becomes a small one.
    static void Understate(byte[] zip, int atLeast)
    {
        var at = zip.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        BitConverter.ToInt32(zip, at + 24).ShouldBeGreaterThan(atLeast);
        BitConverter.TryWriteBytes(zip.AsSpan(at + 24), 100).ShouldBeTrue();
    }
}
