using Cote.BlackBox.Harness;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>Writes the pictures of docs/images: <c>make screenshots</c>.</summary>
[Trait("Stage", "figures")]
public sealed class PageScreenshots(PublishedProgram program, Chromium chromium) : IClassFixture<Chromium>
{
    const int MostBytes = 150_000;

    [Fact]
    public async Task Eleven_states_are_painted()
    {
        if (Environment.GetEnvironmentVariable("COTE_SCREENSHOTS") != "1")
            Assert.Skip("COTE_SCREENSHOTS=1 writes the pictures of docs/images.");
        await using var model = await FakeModelServer.Start();
        await using var node = await Node.With(program, model, "Assistants:OpenAI:Model=dove-1").StartAsync();
        model.Script = FakeReply.Text(PageTexts.Short);
        var size = new ViewportSize { Width = 1280, Height = 800 };
        await using var ada = await chromium.VisitAsync(node.Url, new()
        {
            ViewportSize = size,
            ReducedMotion = ReducedMotion.Reduce,
            ColorScheme = ColorScheme.Light,
        });
        await PaintAsync(ada, "login");
        await ada.RegisterAsync("ada");
        foreach (var question in new[] { "Names for a small boat", "Bread without an oven", "A week in Lisbon" })
            await ada.AskAsync(question, "demo/instant");
        await ada.AskAsync("How do doves find home?", "openai/dove-1");
        await ada.Replies.Locator("code span").First.WaitForAsync(); // coloured
        await PaintAsync(ada, "chat");
        await ada.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await PaintAsync(ada, "dark");
        await ada.Button("Settings of this chat").ClickAsync();
        await ada.Dialog.GetByLabel("System prompt").FillAsync("You are a patient teacher of biology.");
        await PaintAsync(ada, "settings");
        await ada.Dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await ada.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });

        await ada.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search" }).FillAsync("magnetic");
        await ada.Chats.Locator("mark").First.WaitForAsync();
        await PaintAsync(ada, "search");
        await ada.Button("Clear the search").ClickAsync();
        var link = await SharePageTests.ShareAsync(ada);
        await using var guest = await chromium.VisitAsync(link, new()
        {
            ViewportSize = new() { Width = 390, Height = 780 },
            ReducedMotion = ReducedMotion.Reduce,
            ColorScheme = ColorScheme.Dark,
        });
        await guest.Replies.WaitForAsync();
        await PaintAsync(guest, "share");
        await ada.Page.SetViewportSizeAsync(390, 780);
        await PaintAsync(ada, "phone");
        await ada.Page.SetViewportSizeAsync(size.Width, size.Height);
        await PaintRepliesAsync(ada, model);
        await using var root = await chromium.VisitAsync(new(node.Url, "admin"), new()
        {
            ViewportSize = size,
            ReducedMotion = ReducedMotion.Reduce,
            ColorScheme = ColorScheme.Light,
        });
        await AdminPageTests.LogInAsync(root, await node.MakeAdminAsync("root"), Visitor.Password);
        await root.Page.GetByRole(AriaRole.Table, new() { Name = "Nodes" }).WaitForAsync();
        await PaintAsync(root, "admin");
    }

    // Another version, a call that waits, and a thought.
    static async Task PaintRepliesAsync(Visitor ada, FakeModelServer model)
    {
        model.Script = FakeReply.Text("They follow the **sun**, and the field of the earth where it is hidden.");
        await ada.Replies.HoverAsync();
        await ada.Replies.GetByRole(AriaRole.Button, new() { Name = "Regenerate" }).ClickAsync();
        await ada.Item("Try again").ClickAsync();
        await Visitor.SaysAsync(ada.Replies, "They follow the sun");
        await ada.EndedAsync(1);
        await ada.Replies.HoverAsync();
        await PaintAsync(ada, "branches");

        await ada.Button("New chat").ClickAsync();
        await ada.ChooseAsync("demo/approval");
        await ada.SayAsync("Remember to feed the doves");
        await ada.Button("Approve").WaitForAsync();
        await PaintAsync(ada, "tools");
        await ada.AskAsync("Why is the sky blue?", "demo/thinks");
        await ada.Replies.GetByText("Thought").First.ClickAsync();
        await PaintAsync(ada, "thinking");
    }

    static async Task PaintAsync(Visitor person, string name)
    {
        await person.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await person.Page.EvaluateAsync("() => document.fonts.ready.then(() => {})");
        var picture = await person.Page.ScreenshotAsync(new() { Animations = ScreenshotAnimations.Disabled });
        picture.Length.ShouldBeLessThan(MostBytes, name);
        var folder = Directory.CreateDirectory(Repository.Path("docs/images"));
        await File.WriteAllBytesAsync(Path.Combine(folder.FullName, $"{name}.png"), picture);
    }
}
