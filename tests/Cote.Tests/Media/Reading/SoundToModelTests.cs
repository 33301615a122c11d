using Cote.Media;
using Cote.Tests.Harness;

namespace Cote.Tests.Media.Reading;

/// <summary>
/// The whole way of every recording of the corpus: uploaded, told how long it lasts, transcribed from its own bytes,
/// and in the model's request.
/// </summary>
public sealed class SoundToModelTests
{
    [Fact]
    public async Task A_model_is_given_what_is_said_in_every_recording()
    {
        await using var app = await CoteApp.StartAsync("Transcription:Provider=openai");
        using var ada = await app.RegisterAsync();
        app.Model.Transcribe = x => Task.FromResult(
            (200, $$"""{"text":"{{SoundCorpus.Sentence}} ({{x.FileName}})"}"""));

        foreach (var specimen in SoundCorpus.All)
        {
            var bytes = specimen.Bytes();
            var upload = (await ada.UploadAsync(bytes, "memo")).Ok();
            upload["content_type"].ShouldBe(specimen.ContentType, specimen.Name);
            upload.Json.GetProperty("duration").GetDouble().ShouldBe(specimen.Seconds, 0.2, specimen.Name);

            var text = await AskAsync(app, ada, upload["url"]);

            var line = $"[memo: {specimen.ContentType}, {bytes.Length} bytes, not shown]";
            if (specimen.ContentType is "video/quicktime" or "video/x-matroska")
            {
                text.ShouldBe(line, specimen.Name);
                continue;
            }
            app.Model.Transcriptions.TryDequeue(out var asked).ShouldBeTrue(specimen.Name);
            asked!.Bytes.ShouldBe(bytes, specimen.Name);
            text.ShouldBe($"[memo: transcript]\n{SoundCorpus.Sentence} ({asked.FileName})\n[end of file]");
            asked.FileName.ShouldStartWith("audio.");
        }
        app.Model.Transcriptions.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_film_is_named_and_not_transcribed()
    {
        await using var app = await CoteApp.StartAsync("Transcription:Provider=openai");
        using var ada = await app.RegisterAsync();
        foreach (var specimen in SoundCorpus.All)
        {
            if (!specimen.ContentType.StartsWith("video/", StringComparison.Ordinal))
                continue;
            var upload = (await ada.UploadAsync(specimen.Bytes(), "film")).Ok();
            (await AskAsync(app, ada, upload["url"], "video")).ShouldEndWith(" bytes, not shown]", Case.Sensitive);
        }
        app.Model.Transcriptions.ShouldBeEmpty();
    }

    static async Task<string> AskAsync(CoteApp app, CoteClient client, string url, string type = "audio")
    {
        var sent = await client.PostAsync($"/chats/{await client.CreateChatAsync()}/messages/",
            new { content = "", type, media_urls = new[] { url } });
        if (sent.Status == 422) // of what is sure to be a film
            sent = await client.PostAsync($"/chats/{await client.CreateChatAsync()}/messages/",
                new { content = "", type = "file", media_urls = new[] { url } });
        sent.Ok();
        return (await app.Model.NextRequest()).Messages.EnumerateArray().Last().GetProperty("content").GetString()!;
    }
}
