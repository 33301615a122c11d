using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>Files by the button, from the clipboard and dropped, and a message that is spoken.</summary>
[Trait("Stage", "slow")]
[Collection(nameof(PageServer))]
public sealed class MediaPageTests(PageServer server)
{
    // One pixel.
    const string Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
        + "DwADhgGAWjR9awAAAABJRU5ErkJggg==";

    const string Give = """
        (field, { event, name, picture }) => {
          const bytes = Uint8Array.from(atob(picture), c => c.charCodeAt(0))
          const data = new DataTransfer()
          data.items.add(new File([bytes], name, { type: 'image/png' }))
          const more = { bubbles: true, cancelable: true }
          if (event === 'paste') field.dispatchEvent(new ClipboardEvent('paste', { ...more, clipboardData: data }))
          else for (const type of ['dragenter', 'dragover', 'drop'])
            field.dispatchEvent(new DragEvent(type, { ...more, dataTransfer: data }))
        }
        """;

    [Fact]
    public async Task Files_are_added_by_the_button_from_the_clipboard_and_by_dropping_them()
    {
        server.Model.Script = FakeReply.Text("Three pictures.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.Button("Add").ClickAsync();
        var chooser = await ada.Page.RunAndWaitForFileChooserAsync(() => ada.Item("Files").ClickAsync());
        await chooser.SetFilesAsync(new FilePayload
        {
            Name = "chosen.png",
            MimeType = "image/png",
            Buffer = Convert.FromBase64String(Picture),
        });
        foreach (var (how, name) in new[] { ("paste", "pasted.png"), ("drop", "dropped.png") })
            await ada.Message.EvaluateAsync(Give, new { @event = how, name, picture = Picture });
        var attached = ada.Page.GetByRole(AriaRole.List, new() { Name = "Attachments" }).GetByRole(AriaRole.Listitem);
        await Visitor.CountsAsync(attached, 3);
        foreach (var name in new[] { "chosen.png", "pasted.png", "dropped.png" })
            await ada.Button($"Take out {name}").WaitForAsync(); // it is uploaded

        await ada.SayAsync("What is this?");
        await ada.EndedAsync(1);
        await Visitor.CountsAsync(attached, 0);
        foreach (var name in new[] { "chosen.png", "pasted.png", "dropped.png" })
        {
            var picture = ada.Questions.GetByRole(AriaRole.Img, new() { Name = name, Exact = true });
            await picture.ScrollIntoViewIfNeededAsync();
            await Patience.UntilAsync(() => picture.EvaluateAsync<bool>("x => x.complete && x.naturalWidth > 0"),
                $"the page shows {name}.");
        }
        await ada.Button("Show pasted.png").ClickAsync();
        var whole = ada.Dialog.GetByRole(AriaRole.Img);
        await Patience.UntilAsync(() => whole.EvaluateAsync<bool>("x => x.complete && x.naturalWidth > 0"),
            "the whole picture is shown.");
        ada.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_is_spoken_and_can_be_heard()
    {
        server.Model.Script = FakeReply.Text("I hear you.");
        await using var ada = await server.RegisterAsync("ada");
        await ada.Button("Record your voice").ClickAsync();
        var timer = ada.Page.GetByRole(AriaRole.Timer, new() { Name = "Recording" });
        // At least a second: one that a busy browser is not asked in is not shown again.
        await Visitor.SaysAsync(timer, new Regex("0:(0[1-9]|[1-5])"));
        await ada.Button("Finish the recording").ClickAsync();
        await ada.EndedAsync(1);
        await Visitor.SaysAsync(ada.Replies, "I hear you.");
        var voice = ada.Questions.Locator("audio");
        await Patience.UntilAsync(
            () => voice.EvaluateAsync<bool>("x => x.readyState >= x.HAVE_METADATA"), "the voice can be heard.");
        ada.Complaints.ShouldBeEmpty();
    }
}
