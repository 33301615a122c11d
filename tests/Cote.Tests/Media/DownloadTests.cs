using System.Globalization;
using System.Net.Http.Headers;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

public sealed class DownloadTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task A_signed_url_needs_no_token_and_works_for_a_day_at_least()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var url = await ada.PictureAsync();

        var picture = (await nobody.GetAsync(url)).Ok();

        picture.Header("Content-Type").ShouldBe("image/png");
        picture.Header("Content-Disposition").ShouldNotBeNull().ShouldStartWith("inline");
        picture.Header("Cross-Origin-Resource-Policy").ShouldBe("cross-origin");
        var expires = DateTimeOffset.FromUnixTimeSeconds(
            long.Parse(QueryOf(url)["expires"], CultureInfo.InvariantCulture));
        expires.TimeOfDay.ShouldBe(TimeSpan.Zero);
        (expires - TimeProvider.System.GetUtcNow()).ShouldBeInRange(TimeSpan.FromHours(23.9), TimeSpan.FromHours(48));
        var cache = picture.Message.Headers.CacheControl!;
        (cache.Private, cache.ToString().Contains("immutable", StringComparison.Ordinal)).ShouldBe((true, true));
        cache.MaxAge!.Value
            .ShouldBeLessThanOrEqualTo(expires - TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Its_owner_gets_it_by_token_and_a_stranger_does_not_learn_that_it_exists()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var path = Samples.PathOf(await ada.PictureAsync());

        (await ada.GetAsync(path)).Ok();
        var hers = await eve.GetAsync(path);
        var none = await eve.GetAsync("/media/" + Guid.CreateVersion7());

        (hers.Status, hers.Text).ShouldBe((404, none.Text));
        (await nobody.GetAsync(path)).ErrorCode.ShouldBe("not_authenticated");
        nobody.Token = "nonsense";
        (await nobody.GetAsync(path)).ErrorCode.ShouldBe("invalid_token");
    }

    [Fact]
    public async Task A_signature_is_for_one_id_and_one_time()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var (url, other) = (await ada.PictureAsync(), await ada.PictureAsync());
        var (path, expires, signature) = (Samples.PathOf(url), QueryOf(url)["expires"], QueryOf(url)["signature"]);
        var (later, past) = (long.Parse(expires, CultureInfo.InvariantCulture) + 86_400, 86_400);
        (await nobody.GetAsync(url)).Ok();

        foreach (var bad in new[]
        {
            $"{Samples.PathOf(other)}?expires={expires}&signature={signature}",
            $"{path}?expires={later}&signature={signature}",
            $"{path}?expires={past}&signature={signature}",
            $"{path}?expires={expires}&signature={(signature[0] == 'A' ? 'B' : 'A')}{signature[1..]}",
            $"{path}?expires={expires}&signature=",
            $"{path}?expires={expires}&signature={new string('A', 43)}",
            $"{path}?expires={expires}&signature=%00",
            $"{path}?signature={signature}",
            $"{path}?expires=-1&signature={signature}",
            $"{path}?expires={expires}0&signature={signature}",
        })
            (await nobody.GetAsync(bad)).Status.ShouldBe(404, bad);
    }

    [Theory]
    [InlineData("bytes=0-9", 206, 0, 10)]
    [InlineData("bytes=100-", 206, 100, null)]
    [InlineData("bytes=-5", 206, -5, null)]
    [InlineData("bytes=999999-", 416, 0, 0)]
    public async Task Ranges_are_served(string range, int status, int from, int? count)
    {
        using var ada = await _app.RegisterAsync();
        var text = string.Concat(Enumerable.Range(0, 2_000).Select(x => $"{x} "));
        var url = (await ada.UploadAsync(System.Text.Encoding.ASCII.GetBytes(text), "a.txt")).Ok()["url"];

        var part = await ada.GetAsync(url, x => x.Range = RangeHeaderValue.Parse(range));

        part.Status.ShouldBe(status);
        if (status == 206)
        {
            var start = from < 0 ? text.Length + from : from;
            part.Text.ShouldBe(text.Substring(start, count ?? text.Length - start));
        }
        part.Header("Content-Range").ShouldNotBeNull().ShouldEndWith("/" + text.Length);
    }

    [Fact]
    public async Task What_a_cache_has_is_not_sent_again()
    {
        using var ada = await _app.RegisterAsync();
        var url = await ada.PictureAsync();
        var first = (await ada.GetAsync(url)).Ok();

        var again = await ada.GetAsync(url, x => x.IfNoneMatch.Add(EntityTagHeaderValue.Parse(first.Header("ETag")!)));
        var since = await ada.GetAsync(url, x => x.IfModifiedSince = first.Message.Content.Headers.LastModified);
        var other = await ada.GetAsync(url, x => x.IfNoneMatch.Add(new("\"other\"")));
        var head = await ada.SendAsync(HttpMethod.Head, url);

        (again.Status, again.Text).ShouldBe((304, ""));
        since.Status.ShouldBe(304);
        other.Status.ShouldBe(200);
        (head.Status, head.Text).ShouldBe((200, ""));
        head.Message.Content.Headers.ContentLength.ShouldBe(first.Message.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task What_is_not_picture_sound_or_film_comes_as_an_attachment_that_cannot_run()
    {
        using var ada = await _app.RegisterAsync();
        var url = (await ada.UploadAsync(Samples.Pdf(), "Bericht Größe.pdf")).Ok()["url"];

        var file = (await ada.GetAsync(url)).Ok();

        var disposition = file.Message.Content.Headers.ContentDisposition!;
        disposition.DispositionType.ShouldBe("attachment");
        disposition.FileNameStar.ShouldBe("Bericht Größe.pdf");
        file.Header("X-Content-Type-Options").ShouldBe("nosniff");
        file.Header("Content-Security-Policy").ShouldBe("sandbox; default-src 'none'");
    }

    [Fact]
    public async Task No_url_of_an_upload_is_logged_with_its_signature()
    {
        using var ada = await _app.RegisterAsync();
        var url = await ada.PictureAsync();
        (await ada.GetAsync(url)).Ok();

        _app.Logs.ShouldNotBeEmpty();
        _app.Logs.ShouldNotContain(x => x.Contains(QueryOf(url)["signature"], StringComparison.Ordinal));
    }

    static Dictionary<string, string> QueryOf(string url) =>
        url[(url.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&').Select(x => x.Split('='))
            .ToDictionary(x => x[0], x => x[1]);
}
