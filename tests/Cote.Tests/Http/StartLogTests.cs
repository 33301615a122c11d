using Cote.Http;
using Cote.Tests.Harness;

namespace Cote.Tests.Http;

public sealed class StartLogTests
{
    [Fact]
    public async Task The_log_of_a_start_ends_with_what_to_open()
    {
        await using var app = await CoteApp.StartAsync("--Logging:LogLevel:Default=Information");

        var lines = app.Logs.Where(x => x.StartsWith("Information", StringComparison.Ordinal)).Select(x => x.Trim())
            .ToList();
        lines[^1].ShouldBe($"Information Open {app.Url}");
        lines.ShouldContain($"Information Now listening on: {app.Url.ToString().TrimEnd('/')}");
        app.Logs.ShouldNotContain(x => x.Contains("unix:"));
    }

    [Theory]
    [InlineData("http://[::]:8000", "http://localhost:8000")]
    [InlineData("http://0.0.0.0:80", "http://localhost:80")]
    [InlineData("https://*:8443/", "https://localhost:8443")]
    [InlineData("http://127.0.0.1:8000", "http://127.0.0.1:8000")]
    public void Any_address_is_written_as_one_that_a_browser_opens(string address, string open) =>
        StartLog.Browsable(address).ShouldBe(open);
}
