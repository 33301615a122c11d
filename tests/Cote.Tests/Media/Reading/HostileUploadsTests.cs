using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Media.Reading;

/// <summary>
/// Real attacks on a real reader: each ends within the bounds of its process, the reply goes on and says so, and others
/// do not notice.
/// </summary>
[Trait("Stage", "slow")]
public sealed class HostileUploadsTests
{
    static readonly string[] Ends = ["encrypted", "damaged", "too large", "empty"];

    [Fact]
    public async Task An_attack_ends_with_a_word_or_a_text_and_others_are_answered_meanwhile()
    {
        await using var app = await CoteApp.StartAsync("Assistants:ContextTokens=90000000");
        using var eve = await app.RegisterAsync();
        using var ada = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        var taken = 0;
        foreach (var (name, bytes) in Attacks())
        {
            var upload = await eve.UploadAsync(bytes(), "attack");
            if (upload.Status is 413 or 415)
                continue; // Refused at the door.
            taken++;
            var hers = await eve.CreateChatAsync();
            var sent = (await eve.PostAsync($"/chats/{hers}/messages/",
                new { content = "", type = "file", media_urls = new[] { upload.Ok()["url"] } })).Ok();

            // A turn of another user while the file is read.
            var question = await ada.AskAsync(chat, "still there?");
            var answer = await ada.EndOfAsync(chat, question.Text("reply_id"));
            answer.Text("generation", "state").ShouldBe("completed", name);

            var end = await eve.EndOfAsync(hers, sent["reply_id"], TimeSpan.FromMinutes(3));
            end.Text("generation", "state").ShouldBe("completed", name);
            var said = app.Model.Requests.Select(x => x.Messages.EnumerateArray().Last().GetProperty("content"))
                .Last(x => x.ValueKind != JsonValueKind.String || x.GetString() != "still there?");
            if (said.ValueKind == JsonValueKind.String)
                IsEnd(said.GetString()!).ShouldBeTrue($"{name}: {said.GetString()!.Length} units");
        }
        taken.ShouldBeGreaterThan(15);
        app.Logs.ShouldNotContain(x => x.StartsWith("Error", StringComparison.Ordinal));
    }

    static bool IsEnd(string said) => said.StartsWith("[attack]\n", StringComparison.Ordinal)
        || (said.StartsWith("[attack: ", StringComparison.Ordinal)
            && Ends.Any(x => said.EndsWith($", {x}]", StringComparison.Ordinal)));

    static IEnumerable<(string Name, Func<byte[]> Bytes)> Attacks() =>
    [
        .. Bombs.Zips.Select(x => (x.Name, x.Bytes)),
        .. HostilePdfs.All.Select(x => (x.Name, x.Bytes)),
        .. Bombs.Entities.Select(x => ("entities", (Func<byte[]>)(() => x.Bytes))),
        .. Bombs.Deep(100_000).Select(x => ("nested elements", (Func<byte[]>)(() => x.Bytes))),
        ("a picture of 49 megapixels in a few bytes", () => PictureParts.PngOfZeros(7_000, 7_000)),
        ("a picture of 3,600 megapixels", () => PictureParts.PngOfZeros(60_000, 60_000)),
    ];
}
