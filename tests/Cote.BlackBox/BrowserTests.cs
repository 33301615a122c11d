using System.Collections.Concurrent;
using System.Text.Json;
using Cote.BlackBox.Harness;
using Microsoft.Playwright;

namespace Cote.BlackBox;

/// <summary>What a person does with a browser and nothing else.</summary>
public sealed class BrowserTests(PublishedProgram program)
{
    [Fact]
    public async Task The_docs_log_in_by_their_authorize_button_and_call_the_api_with_nothing_from_elsewhere()
    {
        var chromium = Needs.Find("chromium-browser") ?? Needs.Find("google-chrome") ?? Needs.Program("chromium");
        await using var node = await new Node(program).StartAsync();
        using var ada = await CoteClient.RegisterAsync(node.Url, "ada");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = chromium,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        });
        var page = await browser.NewPageAsync();
        page.SetDefaultTimeout((float)Patience.Deadline.TotalMilliseconds);
        var (asked, complaints) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        page.Request += (_, request) => asked.Enqueue(request.Url);
        page.Console += (_, line) =>
        {
            if (line.Type == "error")
                complaints.Enqueue(line.Text);
        };
        page.PageError += (_, error) => complaints.Enqueue(error);

        await page.GotoAsync(new Uri(node.Url, "/docs").ToString());
        await page.Locator("button.authorize").First.ClickAsync();
        var dialog = page.Locator(".dialog-ux");
        await dialog.Locator("#oauth_username").FillAsync("ada");
        await dialog.Locator("#oauth_password").FillAsync(ada.Password);
        await dialog.Locator("button.authorize").ClickAsync();
        await dialog.GetByText("Logout").WaitForAsync();
        await dialog.Locator("button.btn-done").ClickAsync();

        var me = page.Locator(".opblock-get").Filter(new() { Has = page.Locator("[data-path='/users/me']") });
        await me.Locator(".opblock-summary-control").ClickAsync();
        await me.Locator("button.try-out__btn").ClickAsync();
        await me.Locator("button.execute").ClickAsync();
        var answer = me.Locator(".live-responses-table .response-col_description .highlight-code code, "
            + ".live-responses-table .microlight").First;
        await answer.WaitForAsync();
        var user = JsonElement.Parse(await answer.InnerTextAsync());
        user.GetProperty("id").GetString().ShouldBe(ada.Id);
        user.GetProperty("username").GetString().ShouldBe("ada");

        asked.Count.ShouldBeGreaterThan(4);
        asked.Where(x => !x.StartsWith("data:", StringComparison.Ordinal) && new Uri(x).Authority != node.Url.Authority)
            .ShouldBeEmpty();
        complaints.ShouldBeEmpty();
    }
}
