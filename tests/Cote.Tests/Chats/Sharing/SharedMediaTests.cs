using System.Text;
using Cote.Tests.Harness;
using Cote.Tests.Media;

namespace Cote.Tests.Chats;

/// <summary>Uploads of shared messages, and copies of shared chats.</summary>
public sealed class SharedMediaTests(SharedApp shared)
{
    const string Secret = "47.0707 N 15.4395 E";

    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_picture_is_made_anew_without_what_the_camera_wrote_into_it()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var upload = (await ada.UploadAsync(Photo(), "at home.png")).Ok();
        var path = await ada.ShareAsync(await ChatWithAsync(ada, upload["url"]));
        Encoding.Latin1.GetString(await Samples.BytesOf((await nobody.GetAsync(upload["url"])).Ok()))
            .ShouldContain(Secret, Case.Sensitive, "the owner has it as it is");

        var part = (await nobody.ShownAsync(path))[0].GetProperty("parts").EnumerateArray().Single();

        part.Names().ShouldBe("content_type name type url");
        (part.Text("type"), part.Text("name"), part.Text("content_type"))
            .ShouldBe(("file", "at home.png", "image/webp"));
        part.Text("url").ShouldMatch($"^{path}/media/1\\?v=[A-Za-z0-9_-]{{16}}$");
        var picture = (await nobody.GetAsync(part.Text("url"))).Ok();
        picture.Header("Content-Type").ShouldBe("image/webp");
        picture.Header("Cache-Control").ShouldBe("no-store, private");
        picture.Header("Content-Security-Policy").ShouldBe("sandbox; default-src 'none'");
        foreach (var header in (string[])["ETag", "Last-Modified"])
            picture.Header(header).ShouldBeNull();
        picture.Message.Content.Headers.ContentDisposition!.ToString().ShouldStartWith("inline");
        var bytes = Encoding.Latin1.GetString(await Samples.BytesOf(picture));
        bytes.ShouldStartWith("RIFF");
        foreach (var mark in (string[])[Secret, "EXIF", "Exif", "XMP", "tEXt"])
            bytes.ShouldNotContain(mark, Case.Sensitive);
    }

    [Fact]
    public async Task Other_files_come_as_they_are_with_ranges_and_only_those_that_are_shown()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var text = (await ada.UploadAsync(Encoding.ASCII.GetBytes("0123456789"), "notes.txt")).Ok()["url"];
        var later = (await ada.UploadAsync(Samples.Pdf(), "later.pdf")).Ok()["url"];
        var chat = await ChatWithAsync(ada, text);
        var path = await ada.ShareAsync(chat);
        await SendAsync(ada, chat, later);

        var whole = (await nobody.GetAsync(path + "/media/1")).Ok();
        var some = await nobody.SendAsync(HttpMethod.Get, path + "/media/1",
            change: x => x.Headers.Add("Range", "bytes=2-4"));

        whole.Text.ShouldBe("0123456789");
        whole.Header("Content-Type").ShouldBe("text/plain; charset=utf-8");
        whole.Header("Content-Disposition").ShouldBe("attachment; filename=notes.txt; filename*=UTF-8''notes.txt");
        whole.Header("Cache-Control").ShouldBe("no-store, private");
        foreach (var header in (string[])["ETag", "Last-Modified"])
            whole.Header(header).ShouldBeNull();
        (await nobody.SendAsync(HttpMethod.Get, path + "/media/1", change: x =>
        {
            x.Headers.Add("Range", "bytes=2-4");
            x.Headers.Add("If-Range", "\"other\"");
        })).Status.ShouldBe(200);
        (some.Status, some.Text).ShouldBe((206, "234"));
        foreach (var number in (string[])["0", "2", "-1", "x", "01x", "99999999999", Samples.PathOf(text)[7..]])
            (await nobody.GetAsync($"{path}/media/{number}")).ErrorCode.ShouldBe("media_not_found", number);
        (await nobody.GetAsync(await ada.ShareAsync(chat, new { live = true }) + "/media/2")).Ok();
        (await nobody.GetAsync($"/shared/{new string('A', 22)}/media/1")).ShouldBeNoShare();
        var first = (await ada.MessagesAsync(chat))[0].Text("id");
        (await ada.DeleteAsync($"/chats/{chat}/messages/{first}")).Ok();
        (await nobody.GetAsync(path + "/media/1")).ErrorCode.ShouldBe("media_not_found");
    }

    [Fact]
    public async Task A_copy_holds_what_is_shown_and_nothing_else_and_is_ones_own()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var upload = (await ada.UploadAsync(Photo(), "at home.png")).Ok();
        var chat = await ChatWithAsync(ada, upload["url"]);
        (await ada.PatchAsync($"/chats/{chat}", new { system_prompt = "A secret prompt", model = "demo/thinks" })).Ok();
        await ShareTests.AskAsync(ada, chat, "why");
        var path = await ada.ShareAsync(chat);
        await using var socket = await bob.ConnectAsync();

        (await nobody.PostAsync(path + "/fork")).ShouldBeAnonymous();
        (await bob.PostAsync(path + "/fork", new { title = 7 })).ShouldBeWrong("body.title string_type");
        (await bob.PostAsync($"/shared/{new string('A', 22)}/fork")).ShouldBeNoShare();
        var copy = (await bob.PostAsync(path + "/fork")).Ok().Json;
        (await ada.DeleteAsync($"/chats/{chat}")).Ok();

        (copy.Text("title"), copy.Number("last_seq")).ShouldBe(("chat", 4L));
        foreach (var setting in (string[])["system_prompt", "model"])
            copy.GetProperty(setting).ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        (await socket.NextAsync("chat.created")).Data.ToString().ShouldBe(copy.ToString());
        var messages = await bob.MessagesAsync(copy.Text("id"));
        messages.Select(x => x.Text("sender")).ShouldBe(["user", "ai", "user", "ai"]);
        messages.Select(x => x.Text("status")).Distinct().ShouldBe(["read"]);
        messages[3].TryGetProperty("parts", out _).ShouldBeFalse("thoughts are not shown");
        messages[3].GetRawText().ShouldNotContain("usage");
        messages[3].Text("reply_to_id").ShouldBe(messages[2].Text("id"));
        (await bob.GetAsync("/chats/")).Json[0].Text("id").ShouldBe(copy.Text("id"), "it is on top");
        var media = messages[0].GetProperty("media")[0];
        media.Text("name").ShouldBe("at home.webp");
        Encoding.Latin1.GetString(await Samples.BytesOf((await bob.GetAsync(media.Text("url"))).Ok()))
            .ShouldNotContain(Secret, Case.Sensitive);
        await ShareTests.AskAsync(bob, copy.Text("id"), "and on");
        (await bob.MessagesAsync(copy.Text("id"))).Count.ShouldBe(6);
    }

    [Fact]
    public async Task A_copy_is_repeated_by_its_id_and_has_calls_and_thoughts_where_they_are_shown()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        var chat = await ada.CreateChatAsync(model: "demo/thinks");
        await ShareTests.AskAsync(ada, chat, "why");
        (await ada.PatchAsync($"/chats/{chat}", new { model = "demo/tool" })).Ok();
        await ShareTests.AskAsync(ada, chat, "when");
        var share = (await ada.PostAsync($"/chats/{chat}/shares",
            new { live = true, include = new[] { "reasoning", "tools" } })).Ok();
        var path = Sharing.PathOf(share);
        var id = Guid.CreateVersion7().ToString();

        var first = (await bob.PostAsync(path + "/fork", new { id, title = "Mine" })).Ok();
        var again = (await bob.PostAsync(path + "/fork", new { id, title = "Mine" })).Ok();

        (first["title"], again.Header("Idempotent-Replayed"), again.Text).ShouldBe(("Mine", "true", first.Text));
        (await bob.PostAsync(path + "/fork", new { id })).ErrorCode.ShouldBe("id_conflict");
        (await ada.DeleteAsync($"/shares/{share["id"]}")).Ok();
        (await bob.PostAsync(path + "/fork", new { id, title = "Mine" })).Ok();
        (await bob.PostAsync(path + "/fork")).ShouldBeNoShare();
        var messages = (await bob.GetAsync($"/chats/{id}/messages/?parts=all")).Ok().Json.EnumerateArray().ToList();
        messages[1].GetProperty("parts")[0].Text("text").ShouldContain("pretend to think");
        messages[3].GetProperty("parts").EnumerateArray().Single(x => x.Text("type") == "tool").Text("state")
            .ShouldBe("done");
        await ShareTests.AskAsync(bob, id, "on it goes");
    }

    [Fact]
    public async Task A_url_of_a_file_is_never_that_of_another_one()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync();
        foreach (var text in (string[])["one", "two"])
            await SendAsync(
                ada, chat, (await ada.UploadAsync(Encoding.ASCII.GetBytes(text), $"{text}.txt")).Ok()["url"]);
        var path = await ada.ShareAsync(chat);
        var urls = (await nobody.ShownAsync(path)).Where(x => x.Text("sender") == "user")
            .Select(x => x.GetProperty("parts")[0].Text("url")).ToList();
        (await nobody.GetAsync(urls[0])).Ok().Text.ShouldBe("one");
        (await nobody.GetAsync(urls[1])).Ok().Text.ShouldBe("two");

        (await ada.DeleteAsync($"/chats/{chat}/messages/{(await ada.MessagesAsync(chat))[0].Text("id")}")).Ok();

        foreach (var url in urls)
            (await nobody.GetAsync(url)).ErrorCode.ShouldBe("media_not_found");
        (await nobody.GetAsync(path + "/media/1")).Ok().Text.ShouldBe("two");
        var now = (await nobody.ShownAsync(path)).Single(x => x.TryGetProperty("parts", out _));
        (await nobody.GetAsync(now.GetProperty("parts")[0].Text("url"))).Ok().Text.ShouldBe("two");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task A_copy_goes_without_what_the_storage_has_lost_and_says_so()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var bob = await app.RegisterAsync();
        var chat = await ChatWithAsync(ada, (await ada.UploadAsync("lost"u8.ToArray(), "notes.txt")).Ok()["url"]);
        await SendAsync(ada, chat, (await ada.UploadAsync(Photo(), "at home.png")).Ok()["url"]);
        var path = await ada.ShareAsync(chat);
        foreach (var file in Directory.GetFiles(
            Path.Combine(app.Data, "media", "blobs"), "*", SearchOption.AllDirectories))
            File.Delete(file);

        var copy = (await bob.PostAsync(path + "/fork")).Ok()["id"];

        var messages = await bob.MessagesAsync(copy);
        messages[0].Text("content").ShouldBe("look\n\n[notes.txt]");
        messages[2].Text("content").ShouldBe("look\n\n[at home.png]");
        (await bob.PostAsync(path + "/fork")).Ok();
    }

    // A PNG as a phone might write it: a place as text, and as Exif data.
    static byte[] Photo()
    {
        const int afterHeader = 33;
        var plain = Samples.Png(64, 48, extra: 64);
        return
        [
            .. plain[..afterHeader], .. Samples.Chunk("tEXt", Encoding.Latin1.GetBytes("Location\0" + Secret)),
            .. Samples.Chunk("eXIf", [.. "MM\0*\0\0\0\b\0\0\0\0\0\0"u8, .. Encoding.ASCII.GetBytes(Secret)]),
            .. plain[afterHeader..],
        ];
    }

    static async Task<string> ChatWithAsync(CoteClient owner, string url)
    {
        var chat = await owner.CreateChatAsync();
        await SendAsync(owner, chat, url);
        return chat;
    }

    static async Task SendAsync(CoteClient owner, string chat, string url)
    {
        var sent = (await owner.PostAsync(
            $"/chats/{chat}/messages/", new { content = "look", type = "file", media_urls = new[] { url } })).Ok();
        await owner.EndOfAsync(chat, sent["reply_id"]);
    }
}
