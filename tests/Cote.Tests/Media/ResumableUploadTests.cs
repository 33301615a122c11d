using System.Globalization;
using System.Text;
using Cote.Tests.Harness;
using static Cote.Tests.Media.Tus;

namespace Cote.Tests.Media;

/// <summary>tus 1.0, as its clients speak it.</summary>
public sealed partial class ResumableUploadTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task It_says_what_it_can_do()
    {
        using var nobody = _app.Anonymous();

        var options = await nobody.SendAsync(HttpMethod.Options, "/upload/resumable");

        options.Status.ShouldBe(204);
        options.Header("Tus-Resumable").ShouldBe("1.0.0");
        options.Header("Tus-Version").ShouldBe("1.0.0");
        options.Header("Tus-Extension").ShouldBe("creation,creation-with-upload,expiration,termination");
        options.Header("Tus-Max-Size").ShouldBe("104857600");
    }

    [Fact]
    public async Task A_resumable_upload_ends_as_an_upload_like_any_other()
    {
        using var ada = await _app.RegisterAsync();
        var picture = Samples.Png(640, 480, extra: 5_000);

        var upload = await BeginAsync(ada, picture.Length, "Grüße.png");
        (await PartAsync(ada, upload, 0, picture[..2_000])).Header("Upload-Offset").ShouldBe("2000");
        (await HeadAsync(ada, upload)).Header("Upload-Offset").ShouldBe("2000");
        var last = await PartAsync(ada, upload, 2_000, picture[2_000..]);

        last.Status.ShouldBe(204);
        var url = last.Header("Upload-Media-Url").ShouldNotBeNull();
        var download = (await ada.GetAsync(url)).Ok();
        (await Samples.BytesOf(download)).ShouldBe(picture);
        download.Message.Content.Headers.ContentDisposition!.FileNameStar.ShouldBe("Grüße.png");
        var head = await HeadAsync(ada, upload);
        (head.Status, head.Header("Upload-Offset"), head.Header("Upload-Length"))
            .ShouldBe((200, picture.Length.ToString(CultureInfo.InvariantCulture),
            picture.Length.ToString(CultureInfo.InvariantCulture)));
        Samples.PathOf(head.Header("Upload-Media-Url")!).ShouldBe(Samples.PathOf(url));
        var chat = await ada.CreateChatAsync();
        (await ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "", type = "image", media_urls = new[] { url } })).Ok();
    }

    [Fact]
    public async Task A_part_at_another_offset_is_a_conflict_and_changes_nothing()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");
        (await PartAsync(ada, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(204);

        (await PartAsync(ada, upload, 0, "abc"u8.ToArray())).ErrorCode.ShouldBe("wrong_offset");
        (await PartAsync(ada, upload, 5, "abc"u8.ToArray())).Status.ShouldBe(409);
        (await PartAsync(ada, upload, 3, "too much of it"u8.ToArray())).Status.ShouldBe(413);

        (await HeadAsync(ada, upload)).Header("Upload-Offset").ShouldBe("3");
        (await ada.GetAsync((await PartAsync(ada, upload, 3, "defghij"u8.ToArray())).Header("Upload-Media-Url")!)).Text
            .ShouldBe("abcdefghij");
    }

    [Fact]
    public async Task A_wrong_request_is_named()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");

        (await ada.SendAsync(HttpMethod.Post, "/upload/resumable")).Status.ShouldBe(412);
        (await ada.SendAsync(HttpMethod.Head, upload, change: x => x.Headers.Add("Tus-Resumable", "0.2.2"))).Status
            .ShouldBe(412);
        (await TusAsync(ada, HttpMethod.Post, "/upload/resumable")).Status.ShouldBe(422);
        foreach (var length in new[] { "-1", "0", "abc", "1e3", "99999999999999999999" })
            (await TusAsync(ada, HttpMethod.Post, "/upload/resumable", ("Upload-Length", length))).Status
                .ShouldBe(422, length);
        (await TusAsync(ada, HttpMethod.Post, "/upload/resumable", ("Upload-Length", "104857601"))).ErrorCode
            .ShouldBe("too_large");
        (await ada.SendAsync(HttpMethod.Patch, upload, new { }, x =>
            { x.Headers.Add("Tus-Resumable", "1.0.0"); x.Headers.Add("Upload-Offset", "0"); })).Status.ShouldBe(415);
        (await TusAsync(ada, HttpMethod.Post, "/upload/resumable", ("Upload-Length", "5"),
            ("Upload-Metadata", "filename %%%,x"))).Status.ShouldBe(201);
    }

    [Fact]
    public async Task The_finished_file_is_checked_as_any_upload()
    {
        using var ada = await _app.RegisterAsync();
        var page = "<html><script>alert(1)</script></html>"u8.ToArray();
        var upload = await BeginAsync(ada, page.Length, "photo.jpg");

        var refused = await PartAsync(ada, upload, 0, page);

        (refused.Status, refused.ErrorCode).ShouldBe((415, "unsupported_media_type"));
        (await HeadAsync(ada, upload)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Anothers_upload_does_not_exist_on_any_route()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var upload = await BeginAsync(ada, 3, "a.txt");

        (await HeadAsync(eve, upload)).Status.ShouldBe(404);
        (await PartAsync(eve, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(404);
        (await TusAsync(eve, HttpMethod.Delete, upload)).Status.ShouldBe(404);
        (await HeadAsync(nobody, upload)).Status.ShouldBe(401);
        (await PartAsync(nobody, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(401);

        (await PartAsync(ada, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(204);
    }

    [Fact]
    public async Task An_upload_can_be_given_up()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 10, "a.txt");
        (await PartAsync(ada, upload, 0, "abc"u8.ToArray())).Status.ShouldBe(204);

        (await TusAsync(ada, HttpMethod.Delete, upload)).Status.ShouldBe(204);

        (await HeadAsync(ada, upload)).Status.ShouldBe(404);
        (await TusAsync(ada, HttpMethod.Delete, upload)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Uploads_under_way_count_against_the_quota()
    {
        await using var app = await CoteApp.StartAsync("Media:QuotaBytes=1000");
        using var ada = await app.RegisterAsync();

        var first = await BeginAsync(ada, 800, "a.txt");
        var second = await TusAsync(ada, HttpMethod.Post, "/upload/resumable", ("Upload-Length", "300"));

        (second.Status, second.ErrorCode).ShouldBe((403, "quota_exceeded"));
        (await ada.UploadAsync(Encoding.ASCII.GetBytes(new string('a', 300)), "b.txt")).Status.ShouldBe(403);
        (await TusAsync(ada, HttpMethod.Delete, first)).Status.ShouldBe(204);
        (await ada.UploadAsync(Encoding.ASCII.GetBytes(new string('a', 300)), "b.txt")).Ok();
    }

    [Fact]
    public async Task Parts_at_the_same_time_exclude_each_other()
    {
        using var ada = await _app.RegisterAsync();
        var text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 50_000).Select(x => $"{x} ")));
        var upload = await BeginAsync(ada, text.Length, "a.txt");

        var parts = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PartAsync(ada, upload, 0, text)));

        parts.ShouldAllBe(x => x.Status == 204 || x.Status == 409 || x.Status == 423);
        var offset = int.Parse((await HeadAsync(ada, upload)).Header("Upload-Offset")!, CultureInfo.InvariantCulture);
        if (offset < text.Length)
            (await PartAsync(ada, upload, offset, text[offset..])).Status.ShouldBe(204);
        var url = (await HeadAsync(ada, upload)).Header("Upload-Media-Url").ShouldNotBeNull();
        (await Samples.BytesOf((await ada.GetAsync(url)).Ok())).ShouldBe(text);
    }
}
