using Cote.Media;
using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Media;

/// <summary><c>GET /media/{id}?width=</c>, and what becomes of what was made.</summary>
public sealed class ThumbnailTests : IAsyncLifetime
{
    CoteApp _app = null!;
    CoteClient _ada = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await CoteApp.StartAsync("Media:SweepSeconds=86400");
        _ada = await _app.RegisterAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _ada.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_width_is_rounded_up_and_never_above_the_pictures_own()
    {
        using var nobody = _app.Anonymous();
        var url = await UploadAsync();
        foreach (var (asked, width) in new[]
            { (1, 64), (64, 64), (65, 128), (256, 256), (300, 400), (2_048, 400), (1_000_000, 400) })
        {
            var small = (await nobody.GetAsync($"{url}&width={asked}")).Ok();

            small.Header("Content-Type").ShouldBe("image/webp");
            small.Header("Content-Disposition").ShouldNotBeNull().ShouldStartWith("inline");
            small.Header("Content-Security-Policy").ShouldBe("sandbox; default-src 'none'");
            var cache = small.Message.Headers.CacheControl!;
            (cache.Private, cache.ToString().Contains("immutable", StringComparison.Ordinal)).ShouldBe((true, true));
            SizeOf(await Samples.BytesOf(small)).ShouldBe((width, width / 2), $"{asked}");
        }
    }

    [Fact]
    public async Task It_is_made_once_and_goes_with_its_upload()
    {
        var url = await UploadAsync();
        var first = await Samples.BytesOf((await _ada.GetAsync($"{url}&width=100")).Ok());
        var again = (await _ada.GetAsync($"{Samples.PathOf(url)}?width=128")).Ok();

        (await Samples.BytesOf(again)).ShouldBe(first);
        again.Message.Headers.CacheControl!.ToString().ShouldBe("no-cache, private");
        var tag = again.Header("ETag")!;
        var unchanged = await _ada.GetAsync($"{Samples.PathOf(url)}?width=128", x => x.Add("If-None-Match", tag));
        unchanged.Status.ShouldBe(304);
        (await _ada.GetAsync(Samples.PathOf(url))).Header("ETag").ShouldNotBe(tag);
        var part = await _ada.GetAsync($"{url}&width=128", x => x.Add("Range", "bytes=0-3"));
        (part.Status, (await Samples.BytesOf(part)).Length).ShouldBe((206, 4));
        (await _app.RowsAsync())["media_forms"].Count.ShouldBe(1);
        (await _app.RowsAsync())["blobs"].Count.ShouldBe(2);

        await _app.SweepAllMediaAsync();

        (await _ada.GetAsync($"{url}&width=100")).Status.ShouldBe(404);
        foreach (var table in new[] { "media", "media_forms", "blobs", "blob_chunks" })
            (await _app.RowsAsync())[table].ShouldBeEmpty(table);
    }

    [Fact]
    public async Task Anothers_upload_of_the_same_bytes_is_made_anew_and_counts_in_no_quota()
    {
        var bytes = Samples.Png(400, 200, extra: 2_000);
        var hers = (await _ada.UploadAsync(bytes, "a.png")).Ok()["url"];
        (await _ada.GetAsync($"{hers}&width=64")).Ok();
        using var bob = await _app.RegisterAsync();
        var his = (await bob.UploadAsync(bytes, "b.png")).Ok()["url"];

        (await bob.GetAsync($"{his}&width=64")).Ok();

        (await _app.RowsAsync())["media_forms"].Count.ShouldBe(2);
        // The same bytes uploaded share a blob; what was made of them does not, and no upload shares with it.
        (await _app.RowsAsync())["blobs"].Count.ShouldBe(3);
        var small = await Samples.BytesOf((await _ada.GetAsync($"{hers}&width=64")).Ok());
        (await _ada.UploadAsync(small, "small.webp")).Ok();
        (await _app.RowsAsync())["blobs"].Count.ShouldBe(4);

        // An erasure wakes the sweep, which would take what no message names.
        (await bob.PostAsync($"/chats/{await bob.CreateChatAsync()}/messages/",
            new { content = "", type = "image", media_urls = new[] { his } })).Ok();
        (await _ada.DeleteAsync("/users/me")).Ok();
        await Patience.UntilAsync(
            async () => (await _app.RowsAsync())["media_forms"].Count == 1, "her forms go with her account");
        (await bob.GetAsync($"{his}&width=64")).Ok();
    }

    [Fact]
    public async Task What_is_no_image_or_no_width_is_refused()
    {
        var url = await UploadAsync();
        foreach (var width in new[] { "0", "-1", "x", "", "1.5", "99999999999" })
        {
            var refused = await _ada.GetAsync($"{url}&width={width}");
            (refused.Status, refused.ErrorCode).ShouldBe((422, "validation_error"), width);
        }
        var text = (await _ada.UploadAsync("plain"u8.ToArray(), "a.txt")).Ok()["url"];
        (await _ada.GetAsync($"{text}&width=64")).ErrorCode.ShouldBe("unsupported_media_type");
        var broken = (await _ada.UploadAsync(Samples.Jpeg(), "a.jpg")).Ok()["url"];
        for (var i = 0; i < 2; i++)
            (await _ada.GetAsync($"{broken}&width=64")).Status.ShouldBe(415);

        using var eve = await _app.RegisterAsync();
        (await eve.GetAsync($"{Samples.PathOf(url)}?width=64")).ErrorCode.ShouldBe("media_not_found");
        using var nobody = _app.Anonymous();
        (await nobody.GetAsync($"{Samples.PathOf(url)}?width=64")).ErrorCode.ShouldBe("not_authenticated");
    }

    [Fact]
    public async Task A_message_tells_what_is_known_of_its_uploads()
    {
        var chat = await _ada.CreateChatAsync();
        await using var socket = await _ada.ConnectAsync();
        var picture = (await _ada.UploadAsync(Samples.Png(400, 200), "dove\".png")).Ok();
        var text = (await _ada.UploadAsync("words"u8.ToArray(), "a.txt")).Ok();

        var sent = (await _ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "see", type = "file", media_urls = new[] { picture["url"], text["url"] } })).Ok();

        var expected = $$"""
            [{"id":"{{picture["id"]}}","url":"{{picture["url"]}}","name":"dove_.png","content_type":"image/png","size":{{picture["size"]}},"width":400,"height":200},{"id":"{{text["id"]}}","url":"{{text["url"]}}","name":"a.txt","content_type":"text/plain","size":5}]
            """;
        Media(sent.Json).ShouldBe(expected);
        Media(await _ada.MessageAsync(chat, sent["id"])).ShouldBe(expected);
        Media((await _ada.MessagesAsync(chat))[0]).ShouldBe(expected);
        var frame = await socket.NextAsync("message");
        Media(frame.Data).ShouldBe(expected);
        (await _ada.DeleteAsync($"/chats/{chat}/messages/{sent["id"]}")).Ok();

        static string Media(System.Text.Json.JsonElement message) => message.GetProperty("media").ToString();
    }

    // A WebP, lossy or with alpha.
    static (int Width, int Height) SizeOf(byte[] webp)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, webp);
            using var probe = new FileProbe(file);
            var type = Images.Detect(probe)!;
            return ((int)type.Width, (int)type.Height);
        }
        finally
        {
            File.Delete(file);
        }
    }

    async Task<string> UploadAsync() =>
        (await _ada.UploadAsync(Samples.Png(400, 200, extra: 100), "dove.png")).Ok()["url"];
}
