using System.Text;

namespace Cote.Tests.Media;

public sealed partial class UploadTests
{
    // The attack is in the name; what comes back must be a plain name, in the answer and in the header of a download.
    [Theory]
    [InlineData("../../x.png", "x.png")]
    [InlineData(@"..\..\x.png", "x.png")]
    [InlineData("a\0b.png", "ab.png")]
    [InlineData("a\r\nX-Evil: 1.png", "aX-Evil_ 1.png")]
    [InlineData("photo\u202Egnp.png", "photognp.png")]
    [InlineData("\"; filename=\"x.html", "_; filename=_x.html", 415)]
    public async Task A_name_that_attacks_is_only_a_name(string name, string clean, int status = 200)
    {
        using var ada = await _app.RegisterAsync();

        var upload = await ada.UploadAsync(Samples.Png(extra: 16), name);

        upload.Status.ShouldBe(status);
        if (status != 200)
            return;
        upload["name"].ShouldBe(clean);
        var download = (await ada.GetAsync(upload["url"])).Ok();
        download.Message.Content.Headers.ContentDisposition!.FileNameStar.ShouldBe(clean);
        download.Header("X-Evil").ShouldBeNull();
    }

    // Browsers escape nothing but the quote, and that as %22; older Windows programs send a path; RFC 9110 escapes
    // both.
    [Theory]
    [InlineData(@"C:\fakepath\photo.txt", "photo.txt")]
    [InlineData(@"C:\\fakepath\\photo.txt", "photo.txt")]
    [InlineData(@"\\server\share\photo.txt", "photo.txt")]
    [InlineData(@"a \""quoted\"" name.txt", "a _quoted_ name.txt")]
    [InlineData("a%22b.txt", "a%22b.txt")]
    [InlineData("plain.txt", "plain.txt")]
    public async Task A_quoted_name_is_read_as_its_sender_meant_it(string quoted, string name)
    {
        using var ada = await _app.RegisterAsync();

        var upload = await ada.SendAsync(HttpMethod.Post, "/upload/", change: x =>
        {
            x.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(
                $"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{quoted}\"\r\n\r\n"
                + "hello\r\n--b--\r\n"));
            x.Content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
        });

        upload.Ok()["name"].ShouldBe(name);
    }

    [Fact]
    public async Task A_name_of_five_thousand_letters_is_cut()
    {
        using var ada = await _app.RegisterAsync();

        var upload = (await ada.UploadAsync(Samples.Png(), new string('x', 5_000) + ".png")).Ok();

        upload["name"].Length.ShouldBe(200);
        upload["name"].ShouldEndWith(".png");
    }
}
