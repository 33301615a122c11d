using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Cote.Tests.Harness;

namespace Cote.Tests.Http;

[Trait("Rows", "none")]
public sealed partial class PageTests(SharedApp shared)
{
    [Fact]
    public async Task A_browser_gets_the_chat_under_a_strict_policy()
    {
        using var nobody = shared.App.Anonymous();

        var page = (await BrowseAsync(nobody, "/")).Ok();

        page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        page.Header("Cache-Control").ShouldBe("no-cache");
        page.Header("Vary")!.ShouldContain("Accept");
        page.Text.ShouldContain("/docs");
        var policy = page.Header("Content-Security-Policy")!.Split("; ");
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain("script-src 'self'");
        policy.ShouldContain("style-src 'self'");
        policy.ShouldContain("img-src 'self' blob: data:");
        foreach (var directive in new[] { "base-uri", "form-action", "frame-ancestors" })
            policy.ShouldContain(x => x.StartsWith(directive, StringComparison.Ordinal));
        policy.ShouldNotContain(x => x.Contains("unsafe") || x.Contains('*') || x.Contains("http"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/admin")]
    [InlineData("/s/anything")]
    public async Task A_page_names_files_of_this_server_alone_and_each_is_there_for_ever(string path)
    {
        using var nobody = shared.App.Anonymous();
        var page = (await BrowseAsync(nobody, path)).Ok();

        var files = FileName().Matches(page.Text).Select(x => x.Groups[1].Value)
            .Where(x => !x.StartsWith("data:", StringComparison.Ordinal) && !x.StartsWith('#')).ToList();

        files.Where(x => x.EndsWith(".js", StringComparison.Ordinal)).ShouldNotBeEmpty();
        foreach (var file in files.Where(x => x.StartsWith("/app/", StringComparison.Ordinal)))
        {
            var answer = (await nobody.GetAsync(file)).Ok();
            answer.Text.Length.ShouldBeGreaterThan(10);
            if (file.EndsWith(".js", StringComparison.Ordinal) || file.EndsWith(".css", StringComparison.Ordinal))
                answer.Header("Cache-Control").ShouldBe("public, max-age=31536000, immutable", file);
        }
        files.ShouldAllBe(x => x.StartsWith('/') && !x.StartsWith("//"));
        page.Text.ShouldNotContain("<style");
        page.Text.ShouldNotContain(" style=");
        InlineScript().IsMatch(page.Text).ShouldBeFalse();
    }

    [Theory]
    [InlineData("br", "br")]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("deflate", null)]
    [InlineData("", null)]
    public async Task A_file_comes_in_an_encoding_that_the_browser_takes(string accepted, string? encoding)
    {
        using var nobody = shared.App.Anonymous();
        var plain = (await BrowseAsync(nobody, "/")).Ok().Text;

        var answer = await BrowseAsync(nobody, "/", accepted);

        var content = answer.Message.Content;
        content.Headers.ContentEncoding.ShouldBe(encoding is null ? [] : [encoding]);
        await using var raw = await content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using Stream read = encoding switch
        {
            "br" => new BrotliStream(raw, CompressionMode.Decompress),
            "gzip" => new GZipStream(raw, CompressionMode.Decompress),
            _ => raw,
        };
        raw.Position = 0;
        (await new StreamReader(read).ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe(plain);
    }

    [Fact]
    public async Task What_the_browser_has_is_not_sent_again()
    {
        using var nobody = shared.App.Anonymous();
        var first = (await BrowseAsync(nobody, "/")).Ok();

        var again = await nobody.SendAsync(HttpMethod.Get, "/", change: x =>
        {
            x.Headers.Add("Accept", "text/html");
            x.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(first.Header("ETag")!));
        });

        again.Status.ShouldBe(304);
        again.Text.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/app/nothing.js")]
    [InlineData("/app/..%2fdocs.html")]
    [InlineData("/app/Page%2findex.html")]
    public async Task Other_names_are_not_found(string path)
    {
        using var nobody = shared.App.Anonymous();
        (await nobody.GetAsync(path)).ShouldBeProblem(404, "not_found", "Not Found");
    }

    [Fact]
    public async Task The_viewer_of_a_share_has_no_origin_and_tells_nobody_its_address()
    {
        using var nobody = shared.App.Anonymous();

        var page = (await nobody.GetAsync("/s/0123456789abcdefghijkl")).Ok();

        page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        page.Header("Referrer-Policy").ShouldBe("no-referrer");
        page.Header("X-Robots-Tag").ShouldBe("noindex");
        var policy = page.Header("Content-Security-Policy")!.Split("; ");
        policy[0].ShouldBe("sandbox allow-scripts allow-popups");
        policy.ShouldContain("default-src 'none'");
        policy.ShouldNotContain(x => x.Contains("unsafe"));
    }

    [Fact]
    public async Task The_page_can_be_switched_off()
    {
        await using var app = await CoteApp.StartAsync("--Cote:Http:Page=false");
        using var nobody = app.Anonymous();

        var page = (await BrowseAsync(nobody, "/")).Ok();

        page.Text.ShouldContain("/docs");
        page.Text.ShouldNotContain("/app/");
        (await nobody.GetAsync("/")).Ok().Json.Fields().ShouldBe(["message", "docs"]);
        (await BrowseAsync(nobody, "/admin")).ShouldBeProblem(404, "not_found", "Not Found");
    }

    [Theory]
    [InlineData("/admin")]
    [InlineData("/admin/")]
    public async Task A_browser_gets_the_page_of_admins_and_a_program_does_not(string path)
    {
        using var nobody = shared.App.Anonymous();

        var page = (await BrowseAsync(nobody, path)).Ok();

        page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        page.Header("Cache-Control").ShouldBe("no-cache");
        page.Header("Vary")!.ShouldContain("Accept");
        page.Header("Cross-Origin-Opener-Policy").ShouldBe("same-origin");
        var policy = page.Header("Content-Security-Policy")!.Split("; ");
        policy.ShouldBe(["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
            "connect-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'self'",
            "frame-ancestors 'none'"]);
        (await nobody.GetAsync(path)).ShouldBeProblem(404, "not_found", "Not Found");
        (await BrowseAsync(nobody, "/admin/users")).Status.ShouldBe(401);
    }

    static Task<Reply> BrowseAsync(CoteClient client, string path, string encodings = "") =>
        client.SendAsync(HttpMethod.Get, path, change: x =>
        {
            x.Headers.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
            if (encodings.Length > 0)
                x.Headers.Add("Accept-Encoding", encodings);
        });

    [GeneratedRegex("(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex FileName();

    [GeneratedRegex(@"<script(?![^>]*\ssrc=)|\son[a-z]+=")]
    private static partial Regex InlineScript();
}
