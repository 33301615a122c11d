using System.Text.Json;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Tests.Harness;

namespace Cote.Tests.Media.Reading;

/// <summary>The whole way of every picture of the corpus: uploaded, read by a process, and in the model's request.
/// </summary>
public sealed class PicturesToModelTests
{
    const int InMessage = 8;

    [Fact]
    public async Task A_model_is_given_every_picture_as_viewers_show_it()
    {
        await using var app = await CoteApp.StartAsync($"Assistants:MaxImages={InMessage}");
        using var ada = await app.RegisterAsync();
        // What is no upload of its type is refused at the door: UploadTests.
        var specimens = PictureCorpus.All.Where(x => x.ContentType != "image/jp2" && IsTaken(x)).ToList();
        specimens.Count.ShouldBeGreaterThan(50);

        foreach (var group in specimens.Chunk(InMessage))
        {
            var parts = await AskAsync(app, ada, group);

            for (var i = 0; i < group.Length; i++)
                Check(group[i], parts[i]);
        }
    }

    static bool IsTaken(PictureSpecimen specimen)
    {
        using var probe = new FileProbe(new MemoryStream(specimen.Bytes()));
        return FileTypes.Detect(probe, specimen.Name)?.ContentType == specimen.ContentType;
    }

    static void Check(PictureSpecimen specimen, JsonElement part)
    {
        if (specimen.Word is { } word)
        {
            part.Text("type").ShouldBe("text", specimen.Name);
            part.Text("text").ShouldEndWith($", {word}]", Case.Sensitive, specimen.Name);
            return;
        }
        part.Text("type").ShouldBe("image_url", specimen.Name);
        var url = part.Text("image_url", "url").Split(',');
        var (head, bytes) = (url[0], Convert.FromBase64String(url[1]));
        var original = specimen.Bytes();
        var type = head["data:".Length..^";base64".Length];
        if (ImageMetadata.IsPlain(original, specimen.ContentType) && specimen.Height <= ReaderCommand.MostSide
            && original.Length <= new AssistantsOptions().MaxImageBytes)
            bytes.ShouldBe(original, specimen.Name);
        else
            type.ShouldBeOneOf("image/png", "image/jpeg");
        var size = Pictures.ForModel(bytes, type, int.MaxValue, int.MaxValue);
        var factor = Math.Min(1, 8_000.0 / Math.Max(specimen.Width, specimen.Height));
        ((double)size.Width).ShouldBe(Math.Max(1, specimen.Width * factor), 1, specimen.Name);
        ((double)size.Height).ShouldBe(specimen.Height * factor, 1, specimen.Name);
        if (specimen.Corners is { } corners)
            PicturesTests.CornersOf(size).ShouldBe(corners, specimen.Name);
    }

    // One part for each upload: neighbours of text are joined, and are cut apart again.
    static async Task<List<JsonElement>> AskAsync(CoteApp app, CoteClient client, PictureSpecimen[] group)
    {
        var urls = new List<string>();
        foreach (var specimen in group)
        {
            var upload = (await client.UploadAsync(specimen.Bytes(), specimen.Name)).Ok();
            upload["content_type"].ShouldBe(specimen.ContentType, specimen.Name);
            if (specimen.Width > 0)
                (upload.Json.GetProperty("width").GetInt32(), upload.Json.GetProperty("height").GetInt32())
                    .ShouldBe((specimen.Width, specimen.Height), specimen.Name);
            urls.Add(upload["url"]);
        }
        (await client.PostAsync($"/chats/{await client.CreateChatAsync()}/messages/",
            new { content = "", type = "image", media_urls = urls })).Ok();
        var content = (await app.Model.NextRequest(TimeSpan.FromMinutes(3))).Messages.EnumerateArray().Last()
            .GetProperty("content");
        if (content.ValueKind == JsonValueKind.String)
            content = JsonSerializer.SerializeToElement(new[] { new { type = "text", text = content.GetString() } });
        var parts = new List<JsonElement>();
        foreach (var part in content.EnumerateArray())
            if (part.Text("type") == "text")
                parts.AddRange(part.Text("text").Split("\n\n")
                    .Select(x => JsonSerializer.SerializeToElement(new { type = "text", text = x })));
            else
                parts.Add(part);
        parts.Count.ShouldBe(group.Length);
        return parts;
    }
}
