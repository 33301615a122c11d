using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>
/// One browser for the tests of a class; each test has a context of its own, and knows no other host.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    IPlaywright? _playwright;
    IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask; // A class may be skipped for want of a browser.

    /// <summary>A person's browser with nothing in it yet.</summary>
    public async Task<Visitor> VisitAsync(
        Uri server, BrowserNewContextOptions? options = null, Func<IPage, Task>? before = null)
    {
        _playwright ??= await Playwright.CreateAsync();
        _browser ??= await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Needs.Find("chromium-browser") ?? Needs.Find("google-chrome") ?? Needs.Program("chromium"),
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                // A microphone that hears a tone, and a person who lets the page use it.
                "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            ],
        });
        return await Visitor.ComeAsync(await _browser.NewContextAsync(options), server, before);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
