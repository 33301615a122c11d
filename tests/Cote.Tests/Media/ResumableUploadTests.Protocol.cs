using System.Globalization;
using System.Text;
using Cote.Tests.Harness;
using static Cote.Tests.Media.Tus;

namespace Cote.Tests.Media;

// What tus says with MUST, and what its clients do.
public sealed partial class ResumableUploadTests
{
    const string Hello = "hello, world";

    [Theory]
    [InlineData("relativePath bnVsbA==,name 0YTQvtGC0L4=,type aW1hZ2UvcG5n,filename 0YTQvtGC0L4=,is_confidential")]
    [InlineData("is_confidential")]
    [InlineData("filename  YS50eHQ=")]
    [InlineData("filename %%%,x")]
    [InlineData("filename YS50eHQ=, filetype dGV4dC9wbGFpbg==")]
    [InlineData("a YQ==,a Yg==")]
    [InlineData(null)]
    public async Task HEAD_gives_the_metadata_back_byte_for_byte(string? metadata)
    {
        using var ada = await _app.RegisterAsync();
        (string, string)[] given = metadata is null ? [] : [("Upload-Metadata", metadata)];

        var begun = await TusAsync(ada, HttpMethod.Post, "/upload/resumable", [("Upload-Length", "12"), .. given]);

        begun.Status.ShouldBe(201);
        (await HeadAsync(ada, begun.Header("Location")!)).Header("Upload-Metadata").ShouldBe(metadata);
        (await PartAsync(ada, begun.Header("Location")!, 0, Encoding.ASCII.GetBytes(Hello))).Status.ShouldBe(204);
        (await HeadAsync(ada, begun.Header("Location")!)).Header("Upload-Metadata").ShouldBe(metadata);
    }

    [Fact]
    public async Task Metadata_that_no_header_can_carry_is_named()
    {
        using var ada = await _app.RegisterAsync();

        var refused = await ada.SendAsync(HttpMethod.Post, "/upload/resumable", change: x =>
        {
            x.Headers.Add("Tus-Resumable", "1.0.0");
            x.Headers.Add("Upload-Length", "12");
            x.Headers.TryAddWithoutValidation("Upload-Metadata", "filename a\tb");
        });

        refused.Status.ShouldBe(422);
        refused.Json.GetProperty("detail")[0].GetProperty("loc")[1].GetString().ShouldBe("Upload-Metadata");
    }

    [Theory]
    [InlineData("PATCH")]
    [InlineData("patch")]
    public async Task A_POST_that_says_it_is_a_PATCH_is_one(string method)
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, Hello.Length, "a.txt");

        var part = await PartAsync(ada, upload, 0, Encoding.ASCII.GetBytes(Hello), HttpMethod.Post,
            ("X-HTTP-Method-Override", method));

        (part.Status, part.Header("Upload-Offset")).ShouldBe((204, "12"));
        (await ada.GetAsync(part.Header("Upload-Media-Url")!)).Text.ShouldBe(Hello);
    }

    [Fact]
    public async Task Any_other_method_of_tus_may_come_as_a_POST_and_none_beside_them()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 12, "a.txt");
        Task<Reply> AsAsync(CoteClient client, string method, string path) =>
            TusAsync(client, HttpMethod.Post, path, ("X-HTTP-Method-Override", method), ("Upload-Length", "12"));

        var head = await AsAsync(ada, "HEAD", upload);
        (head.Status, head.Header("Upload-Offset"), head.Header("Upload-Length")).ShouldBe((200, "0", "12"));
        (await AsAsync(ada, "OPTIONS", "/upload/resumable")).Header("Tus-Extension").ShouldNotBeNull();
        (await AsAsync(ada, "POST", "/upload/resumable")).Status.ShouldBe(201);
        (await AsAsync(ada, "PUT", upload)).Status.ShouldBe(405);
        (await AsAsync(ada, "GET / HTTP/1.1", upload)).Status.ShouldBe(405);
        (await AsAsync(ada, "", upload)).Status.ShouldBe(405);
        (await AsAsync(eve, "DELETE", upload)).Status.ShouldBe(404);
        (await AsAsync(ada, "DELETE", upload)).Status.ShouldBe(204);
        (await HeadAsync(ada, upload)).Status.ShouldBe(404);

        // Only for tus: a form elsewhere must not become a deletion.
        var chat = await ada.CreateChatAsync();
        (await TusAsync(ada, HttpMethod.Post, $"/chats/{chat}", ("X-HTTP-Method-Override", "DELETE"))).Status
            .ShouldBe(405);
        (await ada.GetAsync($"/chats/{chat}")).Ok();
    }

    [Theory]
    [InlineData("application/offset+octet-stream; charset=utf-8", 204)]
    [InlineData("application/offset+octet-stream;charset=UTF-8;x=\"y\"", 204)]
    [InlineData("Application/Offset+Octet-Stream", 204)]
    [InlineData("application/offset+octet-streams", 415)]
    [InlineData("application/octet-stream", 415)]
    [InlineData("text/plain; x=application/offset+octet-stream", 415)]
    [InlineData("", 415)]
    public async Task The_type_of_a_part_counts_without_its_parameters(string type, int status)
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, Hello.Length, "a.txt");

        var part = await PartAsync(ada, upload, 0, Encoding.ASCII.GetBytes(Hello), type);

        part.Status.ShouldBe(status);
        (await HeadAsync(ada, upload)).Header("Upload-Offset").ShouldBe(status == 204 ? "12" : "0");
        if (status == 415)
            part["detail"].ShouldContain("application/offset+octet-stream");
    }

    [Fact]
    public async Task A_wrong_offset_is_answered_with_the_right_one()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, Hello.Length, "a.txt");
        (await PartAsync(ada, upload, 0, "hello"u8.ToArray())).Status.ShouldBe(204);

        foreach (var offset in new[] { 0, 3, 6, 12, 13 })
        {
            var refused = await PartAsync(ada, upload, offset, "hello"u8.ToArray());
            (refused.Status, refused.ErrorCode, refused.Header("Upload-Offset"))
                .ShouldBe((409, "wrong_offset", "5"), offset.ToString(CultureInfo.InvariantCulture));
        }
    }

    // A client that lost the last answer asks once more with nothing to send.
    [Fact]
    public async Task A_finished_upload_answers_an_empty_part_and_refuses_any_other()
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, Hello.Length, "a.txt");
        var last = await PartAsync(ada, upload, 0, Encoding.ASCII.GetBytes(Hello));

        var empty = await PartAsync(ada, upload, Hello.Length, []);
        var more = await PartAsync(ada, upload, Hello.Length, "x"u8.ToArray());

        (empty.Status, Samples.PathOf(empty.Header("Upload-Media-Url")!))
            .ShouldBe((204, Samples.PathOf(last.Header("Upload-Media-Url")!)));
        (more.Status, more.ErrorCode).ShouldBe((413, "too_large"));
    }

    [Theory]
    [InlineData("Upload-Length", "0", "the file is empty")]
    [InlineData("Upload-Defer-Length", "1", "send the size of the file in bytes as Upload-Length")]
    [InlineData("Upload-Concat", "partial", "send the file as one upload")]
    [InlineData("Upload-Concat", "final;/upload/resumable/a /upload/resumable/b", "send the file as one upload")]
    public async Task What_is_not_offered_is_answered_with_what_to_do(string header, string value, string advice)
    {
        using var ada = await _app.RegisterAsync();
        (string, string)[] length = header == "Upload-Concat" ? [("Upload-Length", "12")] : [];

        var refused = await TusAsync(ada, HttpMethod.Post, "/upload/resumable", [(header, value), .. length]);

        (refused.Status, refused.ErrorCode, refused.Header("Location")).ShouldBe((422, "validation_error", null));
        var error = refused.Json.GetProperty("detail")[0];
        error.GetProperty("loc")[1].GetString().ShouldBe(header);
        error.GetProperty("msg").GetString().ShouldNotBeNull().ShouldContain(advice);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(5)]
    [InlineData(0)]
    public async Task An_upload_may_begin_with_its_first_bytes(int sent)
    {
        using var ada = await _app.RegisterAsync();

        var begun = await CreateWithAsync(ada, Hello.Length, "a.txt", Encoding.ASCII.GetBytes(Hello[..sent]));

        (begun.Status, begun.Header("Upload-Offset")).ShouldBe((201, sent.ToString(CultureInfo.InvariantCulture)));
        begun.Header("Upload-Expires").ShouldNotBeNull();
        var upload = begun.Header("Location").ShouldNotBeNull();
        (begun.Header("Upload-Media-Url") is null).ShouldBe(sent < Hello.Length);
        (await HeadAsync(ada, upload)).Header("Upload-Offset").ShouldBe(sent.ToString(CultureInfo.InvariantCulture));
        var url = begun.Header("Upload-Media-Url") ?? (await PartAsync(ada, upload, sent,
            Encoding.ASCII.GetBytes(Hello[sent..]))).Header("Upload-Media-Url");
        (await ada.GetAsync(url!)).Text.ShouldBe(Hello);
    }

    [Fact]
    public async Task A_beginning_that_is_refused_leaves_nothing()
    {
        await using var app = await CoteApp.StartAsync("Media:QuotaBytes=1000");
        using var ada = await app.RegisterAsync();

        (await CreateWithAsync(ada, 5, "a.txt", Encoding.ASCII.GetBytes(Hello))).ErrorCode.ShouldBe("too_large");
        (await CreateWithAsync(ada, 5, "a.txt", Encoding.ASCII.GetBytes(Hello), isChunked: true)).ErrorCode
            .ShouldBe("too_large");
        (await CreateWithAsync(ada, 600, "a.txt", [0x7F, .. "ELF"u8, .. new byte[596]])).ErrorCode
            .ShouldBe("unsupported_media_type");
        (await CreateWithAsync(ada, 20, "a.html", "plain words, as said"u8.ToArray())).ErrorCode
            .ShouldBe("unsupported_media_type");
        (await CreateWithAsync(ada, 12, "a.txt", Encoding.ASCII.GetBytes(Hello), type: "text/plain")).ErrorCode
            .ShouldBe("unsupported_media_type");
        (await CreateWithAsync(ada, 1_001, "a.txt", Encoding.ASCII.GetBytes(Hello))).ErrorCode
            .ShouldBe("quota_exceeded");

        var rows = await app.RowsAsync();
        (rows["uploads"].Count, rows["upload_pieces"].Count, rows["media"].Count).ShouldBe((0, 0, 0));
        Directory.GetFiles(Path.Combine(app.Data, "media", "resumable")).ShouldBeEmpty();
        // So it could have.
        (await CreateWithAsync(ada, 12, "a.txt", Encoding.ASCII.GetBytes(Hello))).Status.ShouldBe(201);
    }

    // Its client never heard of an address, and begins again: what was left would count in its quota for a day.
    [Fact]
    public async Task A_beginning_whose_connection_breaks_leaves_nothing()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using (var phone = await OpenPartAsync(app, ada, "/upload/resumable", 100_000, "POST",
            "Upload-Length: 100000\r\n"))
        {
            await phone.GetStream().WriteAsync(Encoding.ASCII.GetBytes(new string('a', 50_000)));
            await Patience.UntilAsync(async () => (await app.RowsAsync())["uploads"].Count == 1,
                "the upload has begun");
            phone.Client.LingerState = new(true, 0);
        }

        await Patience.UntilAsync(async () => (await app.RowsAsync())["uploads"].Count == 0, "it is deleted");
        await Patience.UntilAsync(async () => (await app.RowsAsync())["upload_pieces"].Count == 0,
            "its parts are deleted");
        await Patience.UntilAsync(() =>
            Task.FromResult(Directory.GetFiles(Path.Combine(app.Data, "media", "resumable")).Length == 0),
            "its file is deleted");
    }

    [Theory]
    [InlineData("page.jpg", "<!DOCTYPE html><html>")]
    [InlineData("setup.png", "MZ\u0001\0\u0003\0\0\0")]
    [InlineData("letter.txt", "\u007FELF\0\0")]
    public async Task A_type_that_is_refused_is_refused_at_its_first_bytes(string name, string beginning)
    {
        using var ada = await _app.RegisterAsync();
        var upload = await BeginAsync(ada, 30_000_000, name);

        var refused = await PartAsync(ada, upload, 0, Encoding.ASCII.GetBytes(beginning.PadRight(2_000)));

        (refused.Status, refused.ErrorCode).ShouldBe((415, "unsupported_media_type"));
        (await HeadAsync(ada, upload)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_name_that_is_refused_is_refused_before_a_byte_is_sent()
    {
        using var ada = await _app.RegisterAsync();

        foreach (var name in new[] { "setup.exe", "page.html", "drawing.SVG", "letter.docm" })
            (await TusAsync(ada, HttpMethod.Post, "/upload/resumable", ("Upload-Length", "12"),
                ("Upload-Metadata", "filename " + Convert.ToBase64String(Encoding.UTF8.GetBytes(name))))).Status
                    .ShouldBe(415, name);
    }
}
