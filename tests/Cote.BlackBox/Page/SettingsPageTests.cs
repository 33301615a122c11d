using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>What a person sets and sees beside the chats.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class SettingsPageTests(PageServer server)
{
    [Fact]
    public async Task A_chat_has_a_model_and_settings_of_its_own_and_its_usage_is_summed()
    {
        server.Model.Script = FakeReply.Text("Yes.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Shall we?");
        await ada.Button("Settings of this chat").ClickAsync();
        await ada.Dialog.GetByLabel("System prompt").FillAsync("You answer in one word.");
        await ada.Dialog.GetByLabel("Most tokens of a reply").FillAsync("77");
        await ada.Dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Visitor.CountsAsync(ada.Dialog, 0);
        var calls = server.Model.Calls;
        await ada.SayAsync("And now?");
        await ada.EndedAsync(2);
        server.Model.Calls.ShouldBe(calls + 1);
        var asked = server.Model.Requests[^1];
        asked.Messages[0].GetProperty("content").ToString().ShouldContain("You answer in one word.");
        asked.Body.GetRawText().ShouldContain("77");

        await ada.ChooseAsync("demo/instant");
        await ada.SayAsync("And you?");
        await ada.EndedAsync(3);
        await Visitor.SaysAsync(ada.Replies.Last, "demo assistant");
        await ada.Button("Settings of this chat").ClickAsync();
        await Assertions.Expect(ada.Dialog.GetByLabel("Model of this chat")).ToHaveValueAsync("demo/instant");
        await Assertions.Expect(ada.Dialog.GetByLabel("System prompt")).ToHaveValueAsync("You answer in one word.");
        await ada.Dialog.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await ada.GoAsync("settings/usage");
        await ada.Button("By model").ClickAsync();
        var sums = ada.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "openai/fake" });
        await Visitor.SaysAsync(sums.GetByRole(AriaRole.Cell).First, "2");
        ada.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_session_that_is_ended_here_is_logged_out_there()
    {
        await using var here = await server.VisitAsync();
        var name = server.NameOf("ada");
        await here.RegisterAsync(name);
        await using var there = await server.VisitAsync();
        await there.LogInAsync(name);
        await here.GoAsync("settings/sessions");
        var sessions = here.Page.GetByRole(AriaRole.Region, new() { Name = "Sessions" })
            .GetByRole(AriaRole.Listitem);
        await Visitor.CountsAsync(sessions, 2);
        await here.Page.GetByRole(AriaRole.Button, new() { Name = "End the session of Chrome on Linux" }).ClickAsync();
        await there.Button("Log in").WaitForAsync();
        await Visitor.CountsAsync(sessions, 1);
        await here.GoAsync("");
        await Assertions.Expect(here.Message).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_chat_is_saved_as_a_file_and_another_account_takes_everything_over()
    {
        server.Model.Script = FakeReply.Text("It is kept.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.AskAsync("Keep this");
        var text = await SavedAsync(ada, () => ada.ChooseAsync("Keep this", "Export as Markdown"), "Keep this.md");
        text.ShouldContain("It is kept.");
        (await SavedAsync(ada, () => ada.ChooseAsync("Keep this", "Export as JSON"), "Keep this.json"))
            .ShouldContain("It is kept.");
        await ada.GoAsync("settings/data");
        var all = await SavedAsync(ada, () => ada.Button("Export everything").ClickAsync(), "cote-export.json");
        all.ShouldContain("It is kept.");

        await using var bob = await server.RegisterAsync("bob");
        await bob.GoAsync("settings/data");
        await bob.Page.GetByLabel("Choose a file to import").SetInputFilesAsync(new FilePayload
        {
            Name = "cote-export.json",
            MimeType = "application/json",
            Buffer = System.Text.Encoding.UTF8.GetBytes(all),
        });
        await Visitor.SaysAsync(bob.Page.GetByRole(AriaRole.Region, new() { Name = "Export and import" }), "imported");
        await bob.Chats.GetByRole(AriaRole.Link).Filter(new() { HasText = "Keep this" }).ClickAsync();
        await Visitor.SaysAsync(bob.Questions, "Keep this");
        await Visitor.SaysAsync(bob.Replies, "It is kept.");
        ada.Complaints.ShouldBeEmpty();
        bob.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_page_is_dark_where_the_device_is_or_where_one_wants_it()
    {
        await using var ada = await server.RegisterAsync("ada", new() { ColorScheme = ColorScheme.Light });
        await Patience.UntilAsync(async () => await LightAsync(ada) > 200, "a light device has a light page.");
        await ada.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await Patience.UntilAsync(async () => await LightAsync(ada) < 60, "a dark device has a dark page.");
        await ada.GoAsync("settings/appearance");
        var light = ada.Page.GetByRole(AriaRole.Radio, new() { NameRegex = new("^Light") });
        await light.CheckAsync();
        await Patience.UntilAsync(async () => await LightAsync(ada) > 200, "one chooses a light page.");
        await ada.Page.ReloadAsync();
        await Assertions.Expect(light).ToBeCheckedAsync();
        (await LightAsync(ada)).ShouldBeGreaterThan(200);
        ada.Complaints.ShouldBeEmpty();
    }

    // How light the ground of the page is, of 255.
    static Task<double> LightAsync(Visitor person) => person.Page.EvaluateAsync<double>("""
        () => {
          const ground = [document.querySelector('main'), document.body, document.documentElement]
            .map(x => getComputedStyle(x).backgroundColor).find(x => x !== 'rgba(0, 0, 0, 0)')
          const [red, green, blue] = ground.match(/[\d.]+/g).map(Number)
          return (red + green + blue) / 3
        }
        """);

    static async Task<string> SavedAsync(Visitor person, Func<Task> press, string name)
    {
        var file = await person.Page.RunAndWaitForDownloadAsync(press);
        file.SuggestedFilename.ShouldBe(name);
        return await File.ReadAllTextAsync(await file.PathAsync());
    }
}
