using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

public sealed partial class UploadTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task An_upload_is_answered_with_what_it_is_and_comes_back_byte_for_byte()
    {
        using var ada = await _app.RegisterAsync();
        var picture = Samples.Png(640, 480, extra: 100_000);

        var upload = (await ada.UploadAsync(picture, "Grüße 世界.png")).Ok();

        upload["content_type"].ShouldBe("image/png");
        upload["size"].ShouldBe(picture.Length.ToString());
        upload["sha256"].ShouldBe(Convert.ToHexStringLower(SHA256.HashData(picture)));
        upload["name"].ShouldBe("Grüße 世界.png");
        (upload["width"], upload["height"]).ShouldBe(("640", "480"));
        upload["url"].ShouldStartWith($"/media/{upload["id"]}?expires=");
        (await Samples.BytesOf((await ada.GetAsync(upload["url"])).Ok())).ShouldBe(picture);
    }

    [Fact]
    public async Task What_is_no_image_has_no_width()
    {
        using var ada = await _app.RegisterAsync();

        var upload = (await ada.UploadAsync("hello"u8.ToArray(), "hello.txt")).Ok();

        upload.Json.TryGetProperty("width", out _).ShouldBeFalse();
        upload["content_type"].ShouldBe("text/plain");
    }

    [Fact]
    public async Task Without_a_token_nothing_is_taken()
    {
        using var nobody = _app.Anonymous();

        var refused = await nobody.UploadAsync(Samples.Png(), "a.png");

        (refused.Status, refused.ErrorCode).ShouldBe((401, "not_authenticated"));
    }

    public static TheoryData<string, byte[]> Attacks => new()
    {
        { "photo.jpg", "<!DOCTYPE html><script>alert(1)</script>"u8.ToArray() },
        { "drawing.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"u8.ToArray() },
        { "drawing.txt", "<svg onload=alert(1)>"u8.ToArray() },
        { "picture.gif", "GIF89a/*\0\0\0\0\0\0*/=1;alert(1)//"u8.ToArray() },
        { "setup.png", [.. "MZ"u8, 0x90, 0, 3, 0, 0, 0] },
        { "archive.zip", Samples.Zip(("a.txt", "x")) },
        { "letter.docx", Samples.Docx(("word/vbaProject.bin", "x")) },
        { "letter.docx", Samples.Docx(("word/zeros.bin", new string('0', 110 * 1_048_576))) },
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    [Trait("Rows", "none")]
    public async Task What_is_not_of_an_allowed_type_is_refused_and_leaves_nothing(string name, byte[] bytes)
    {
        using var ada = await _app.RegisterAsync();

        var refused = await ada.UploadAsync(bytes, name);

        (refused.Status, refused.ErrorCode).ShouldBe((415, "unsupported_media_type"));
    }

    // A true GIF that is a true script as well: it may come in, for whatever asks for it is told that it is a picture.
    [Fact]
    public async Task A_picture_that_is_a_script_too_is_served_as_a_picture_only()
    {
        using var ada = await _app.RegisterAsync();
        byte[] polyglot = [.. "GIF89a"u8, 0x2F, 0x2A, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 0,
            .. "*/=1;alert(1);//"u8, 0x3B];

        var upload = (await ada.UploadAsync(polyglot, "a.gif")).Ok();
        var download = (await ada.GetAsync(upload["url"])).Ok();

        download.Header("Content-Type").ShouldBe("image/gif");
        download.Header("X-Content-Type-Options").ShouldBe("nosniff");
        download.Header("Content-Security-Policy").ShouldBe("sandbox; default-src 'none'");
    }

    [Theory]
    [InlineData(7_072, 7_072, 413)] // 50.01 megapixels
    [InlineData(7_071, 7_071, 200)]
    [InlineData(2_000_000_000, 2_000_000_000, 413)]
    [InlineData(-1, 1, 413)] // 2^32 - 1 pixels wide
    [InlineData(-1, -1, 413)] // so many that their product overflows
    [Trait("Rows", "none")]
    public async Task An_image_of_too_many_pixels_is_refused(int width, int height, int status)
    {
        using var ada = await _app.RegisterAsync();

        var upload = await ada.UploadAsync(Samples.Png(width, height), "bomb.png");

        upload.Status.ShouldBe(status);
        if (status == 413)
            upload.ErrorCode.ShouldBe("too_many_pixels");
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task An_empty_file_and_a_form_without_one_are_named_in_a_422()
    {
        using var ada = await _app.RegisterAsync();

        var empty = await ada.UploadAsync([], "empty.txt");
        var other = await ada.UploadAsync(Samples.Png(), "a.png", field: "picture");
        var json = await ada.PostAsync("/upload/", new { file = "x" });

        foreach (var refused in new[] { empty, other, json })
        {
            (refused.Status, refused.ErrorCode).ShouldBe((422, "validation_error"));
            refused.Json.GetProperty("detail")[0].GetProperty("loc").ToString().ShouldBe("""["body","file"]""");
        }
    }

    [Fact]
    public async Task The_same_bytes_are_kept_once_and_nobody_learns_of_it()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var bob = await app.RegisterAsync();
        var picture = Samples.Png(extra: 1_000);

        var hers = (await ada.UploadAsync(picture, "hers.png")).Ok();
        var his = (await bob.UploadAsync(picture, "his.png")).Ok();
        var again = (await bob.UploadAsync(picture, "again.png")).Ok();

        (await BlobsOf(app)).Count.ShouldBe(1);
        new[] { hers["id"], his["id"], again["id"] }.Distinct().Count().ShouldBe(3);
        his["name"].ShouldBe("his.png");
        (await Samples.BytesOf((await bob.GetAsync(his["url"])).Ok())).ShouldBe(picture);
        (await bob.GetAsync(Samples.PathOf(hers["url"]))).Status.ShouldBe(404);
    }

    [Fact]
    public async Task The_same_bytes_at_the_same_time_are_kept_once_too()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var picture = Samples.Png(extra: 50_000);

        var uploads = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => ada.UploadAsync(picture, $"{i}.png")));

        foreach (var upload in uploads)
            (await Samples.BytesOf((await ada.GetAsync(upload.Ok()["url"])).Ok())).ShouldBe(picture);
        (await BlobsOf(app)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_quota_counts_each_upload_in_full_and_is_a_users_own()
    {
        await using var app = await CoteApp.StartAsync("Media:QuotaBytes=10000");
        using var ada = await app.RegisterAsync();
        using var bob = await app.RegisterAsync();
        var text = Encoding.ASCII.GetBytes(new string('a', 4_000));

        (await ada.UploadAsync(text, "1.txt")).Ok();
        (await ada.UploadAsync(text, "2.txt")).Ok();
        var third = await ada.UploadAsync(text, "3.txt");

        (third.Status, third.ErrorCode).ShouldBe((403, "quota_exceeded"));
        (await ada.UploadAsync(text[..2_000], "4.txt")).Ok();
        (await bob.UploadAsync(text, "1.txt")).Ok();
        Leftovers(app).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_uploads_at_once_do_not_pass_the_quota_together()
    {
        await using var app = await CoteApp.StartAsync("Media:QuotaBytes=100000");
        using var ada = await app.RegisterAsync();

        var uploads = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            ada.UploadAsync(Samples.Png(extra: 30_000), $"{i}.png")));

        uploads.Count(x => x.Status == 200).ShouldBeInRange(1, 3);
        uploads.Where(x => x.Status != 200).ShouldAllBe(x => x.Status == 403);
        (await BlobsOf(app)).Count.ShouldBe(uploads.Count(x => x.Status == 200));
        Leftovers(app).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_too_large_is_refused_whether_it_says_so_or_not()
    {
        await using var app = await CoteApp.StartAsync("Media:MaxUploadBytes=5000000");
        using var ada = await app.RegisterAsync();

        var said = await ada.UploadAsync(Samples.Noise(8_000_000), "a.bin");
        var silent = await ada.UploadAsync(new Streamed(8_000_000, _ => { }), "a.wav");

        (said.Status, said.ErrorCode).ShouldBe((413, "too_large"));
        (silent.Status, silent.ErrorCode).ShouldBe((413, "too_large"));
        Leftovers(app).ShouldBeEmpty();
        (await ada.GetAsync("/limits")).Ok()["max_upload_bytes"].ShouldBe("5000000");
        // Above the server's limit for JSON.
        (await ada.UploadAsync([.. Samples.Wav(), .. new byte[4_999_900]], "fits.wav")).Ok();
    }

    [Fact]
    public async Task A_body_that_stops_half_way_leaves_nothing_behind()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var head = $"POST /upload/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.Token}\r\n"
            + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n";

        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(IPAddress.Loopback, app.Url.Port);
            await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + new string('a', 500_000)));
            await Patience.UntilAsync(() => Task.FromResult(Leftovers(app).Length == 1), "the upload has begun");
            socket.Client.LingerState = new(true, 0); // a reset, as when a phone goes into a tunnel
        }

        await Patience.UntilAsync(() => Task.FromResult(Leftovers(app).Length == 0), "the half of it is removed");
        (await BlobsOf(app)).ShouldBeEmpty();
    }

    // The client thinks it has sent all: the length is right, the last boundary is missing.
    [Fact]
    public async Task A_form_without_its_last_boundary_is_no_upload()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        foreach (var body in new[] { "aaaa", "aaaa\r\n--b",
            "aaaa\r\n--b\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\nx" })
        {
            var refused = await ada.SendAsync(HttpMethod.Post, "/upload/", change: x =>
            {
                x.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(
                    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n" + body));
                x.Content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
            });
            refused.Status.ShouldBe(422, body);
        }
        (await BlobsOf(app)).ShouldBeEmpty();
        Leftovers(app).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_crash_left_half_way_in_is_cleared_at_the_start()
    {
        await using var app = await CoteApp.StartAsync();
        var left = Path.Combine(app.Data, "media", "incoming", "left");
        await File.WriteAllTextAsync(left, "half");
        var orphan = Path.Combine(app.Data, "media", "blobs", "00", "01900000-0000-7000-8000-000000000000");
        Directory.CreateDirectory(Path.GetDirectoryName(orphan)!);
        await File.WriteAllTextAsync(orphan, "of a crash between the commit and the unlink, long ago");

        await app.RestartAsync();

        File.Exists(left).ShouldBeFalse();
        if (!Engine.IsPostgres) // there blobs lie in the database, see DatabaseStorageTests
            await Patience.UntilAsync(() => Task.FromResult(!File.Exists(orphan)), "the orphan is removed");
    }

    /// <summary>What is kept, wherever it is: files, and chunks in the database (what is small has one).</summary>
    internal static async Task<List<string>> BlobsOf(CoteApp app) =>
        [.. FilesOf(app), .. (await app.RowsAsync())["blob_chunks"]];

    internal static string[] FilesOf(CoteApp app) =>
        Directory.GetFiles(Path.Combine(app.Data, "media", "blobs"), "*", SearchOption.AllDirectories);

    internal static string[] Leftovers(CoteApp app) => Directory.GetFiles(Path.Combine(app.Data, "media", "incoming"));
}
