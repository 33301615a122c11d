using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>What the server serves at <c>/</c> is what clients/page builds, and small.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class PageBuildTests(PageServer server)
{
    const long Most = 256_000;
    const string Built = "src/Cote/Http/Page";

    [Fact]
    public async Task The_sources_give_the_files_that_are_committed()
    {
        var npm = Needs.Program("npm");
        var copy = Directory.CreateTempSubdirectory("cote-page-");
        try
        {
            Copy(Repository.Path("clients/page"), Path.Combine(copy.FullName, "clients/page"));
            Copy(Repository.Path("clients/typescript"), Path.Combine(copy.FullName, "clients/typescript"));
            var page = Path.Combine(copy.FullName, "clients/page");
            var (code, said) = await Shell.RunAsync(npm, "ci", "--no-audit", "--no-fund", "--prefix", page);
            if (code != 0)
                throw Needs.Missing($"npm could not install what builds the page: {said}");
            await Shell.MustAsync(npm, "run", "build", "--prefix", page);

            var (made, committed) = (Path.Combine(copy.FullName, Built), Repository.Path(Built));
            Names(made).ShouldBe(Names(committed), "npm run build in clients/page writes other files.");
            foreach (var name in Names(committed))
                File.ReadAllBytes(Path.Combine(made, name)).AsSpan()
                    .SequenceEqual(File.ReadAllBytes(Path.Combine(committed, name)))
                    .ShouldBeTrue($"{name} is another one when clients/page is built.");
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_first_load_is_small_and_asks_nobody_else()
    {
        long bytes = 0;
        var requests = 0;
        var errors = new ConcurrentQueue<string>();
        await using var guest = await server.VisitAsync(before: async page =>
        {
            page.Console += (_, line) =>
            {
                if (line.Type == "error")
                    errors.Enqueue(line.Text);
            };
            var wire = await page.Context.NewCDPSessionAsync(page);
            wire.Event("Network.loadingFinished").OnEvent += (_, data) =>
            {
                Interlocked.Add(ref bytes, (long)data!.Value.GetProperty("encodedDataLength").GetDouble());
                Interlocked.Increment(ref requests);
            };
            await wire.SendAsync("Network.enable");
        });
        await guest.Button("Log in").WaitForAsync();
        await guest.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        requests.ShouldBeGreaterThan(2);
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes:N0} bytes in {requests} answers");
        bytes.ShouldBeInRange(10_000, Most - 1);
        guest.Asked.Where(x => new Uri(x) is { Scheme: "http" or "https" } to
            && to.Authority != server.Node.Url.Authority).ShouldBeEmpty();
        errors.ShouldBeEmpty();
        guest.Complaints.ShouldBeEmpty();

        using var http = new HttpClient { BaseAddress = server.Node.Url };
        http.DefaultRequestHeaders.Accept.ParseAdd("text/html"); // a program is told other things there
        using var answer = await http.GetAsync(new Uri("/", UriKind.Relative));
        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldNotContain("unsafe-inline");
        policy.ShouldNotContain("unsafe-eval");
        foreach (var directive in new[] { "base-uri", "form-action", "frame-ancestors" })
            policy.ShouldContain(directive + " ");
        policy.ShouldNotContain("http");
    }

    static List<string> Names(string folder) =>
        [.. Directory.GetFiles(folder).Select(x => Path.GetFileName(x)).Order(StringComparer.Ordinal)];

    static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.GetDirectories(from))
        {
            if (Path.GetFileName(folder) is not ("node_modules" or "dist" or "out"))
                Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
