using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Media;

/// <summary>What becomes of recordings: sound for models that hear, transcripts for the others.</summary>
public sealed class TranscriptTests : IAsyncLifetime
{
    static readonly string[] Settings =
    [
        "Transcription:Provider=openai", "Transcription:Model=whisper", "Prices:0:Model=whisper", "Prices:0:Input=2",
        "Prices:0:Output=4",
    ];

    CoteApp _app = null!;
    CoteClient _ada = null!;

    public ValueTask InitializeAsync() => StartAsync(Settings);

    public async ValueTask DisposeAsync()
    {
        _ada.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task A_recording_reaches_a_model_as_a_transcript_that_is_made_once_and_counted()
    {
        Says("""{"text":" Hello from the dove. ","usage":{"type":"tokens","input_tokens":50,"output_tokens":7}}""");
        var upload = (await _ada.UploadAsync(Wav(seconds: 3), "memo.wav")).Ok();
        upload.Json.GetProperty("duration").GetDouble().ShouldBe(3, 0.01);
        (await _ada.GetAsync($"/media/{upload["id"]}/text")).Status.ShouldBe(404);

        for (var i = 0; i < 2; i++)
        {
            var text = await AskAsync(upload["url"]);
            text.ShouldBe("Listen.\n\n[memo.wav: transcript]\nHello from the dove.\n[end of file]");
        }

        var asked = _app.Model.Transcriptions.ShouldHaveSingleItem();
        (asked.Model, asked.FileName, asked.Authorization).ShouldBe(("whisper", "audio.wav", "Bearer sk-test-openai"));
        asked.Bytes.ShouldBe(Wav(seconds: 3));
        var kept = (await _ada.GetAsync($"/media/{upload["id"]}/text")).Ok();
        (kept.Text, kept.Message.Content.Headers.ContentType!.ToString())
            .ShouldBe(("Hello from the dove.", "text/plain; charset=utf-8"));
        using var stranger = await _app.RegisterAsync();
        (await stranger.GetAsync($"/media/{upload["id"]}/text")).Status.ShouldBe(404);
        using var anyone = _app.Anonymous();
        (await anyone.GetAsync($"/media/{upload["id"]}/text")).Status.ShouldBe(401);
        var row = (await _ada.GetAsync("/usage?by=model")).Ok().Json.EnumerateArray()
            .Single(x => x.Text("model") == "openai/whisper");
        (row.GetProperty("calls").GetInt32(), row.GetProperty("input_tokens").GetInt32(),
            row.GetProperty("output_tokens").GetInt32(), row.GetProperty("cost_usd").GetDecimal())
            .ShouldBe((1, 50, 7, 0.000128m));
    }

    [Fact, Trait("Rows", "none")]
    public async Task A_model_that_hears_gets_the_sound()
    {
        await RestartAsync([.. Settings, "Assistants:OpenAI:Audio=true"]);
        var wav = Wav(seconds: 2);
        var url = (await _ada.UploadAsync(wav, "memo.wav")).Ok()["url"];

        var content = await ContentAsync(url);

        var part = content.EnumerateArray().Last();
        part.Text("type").ShouldBe("input_audio");
        part.Text("input_audio", "format").ShouldBe("wav");
        Convert.FromBase64String(part.Text("input_audio", "data")).ShouldBe(wav);
        _app.Model.Transcriptions.ShouldBeEmpty();
    }

    [Fact, Trait("Rows", "none")]
    public async Task A_model_that_refuses_sound_gets_transcripts_at_once_and_from_then_on()
    {
        await RestartAsync([.. Settings, "Assistants:OpenAI:Audio=true"]);
        Says("""{"text":"coo"}""");
        var url = (await _ada.UploadAsync(Wav(seconds: 2), "memo.wav")).Ok()["url"];
        _app.Model.Enqueue(FakeReply.Refuse(
            400, """{"error":{"message":"input_audio is not supported by this model"}}"""));
        var sounds = await ContentAsync(url);
        sounds.EnumerateArray().Last().Text("type").ShouldBe("input_audio");
        var again = await _app.Model.NextRequest();
        again.Messages.EnumerateArray().Last().GetProperty("content").GetString()!
            .ShouldContain("[memo.wav: transcript]\ncoo");

        (await AskAsync(url)).ShouldContain("[memo.wav: transcript]\ncoo");
    }

    [Fact, Trait("Rows", "none")]
    public async Task A_long_recording_is_transcribed_in_pieces_of_25_MB_in_order()
    {
        await RestartAsync([.. Settings, "Media:MaxUploadBytes=80000000"]);
        var n = 0;
        _app.Model.Transcribe = x => Task.FromResult(
            (200, $$"""{"text":"piece {{++n}} of {{x.Bytes.Length > 44}}"}"""));
        var url = (await _ada.UploadAsync(Wav(seconds: 300, rate: 44_100), "meeting.wav")).Ok()["url"];

        var text = await AskAsync(url);

        text.ShouldContain("]\npiece 1 of True piece 2 of True\n[");
        _app.Model.Transcriptions.Count.ShouldBe(2);
        _app.Model.Transcriptions.ShouldAllBe(x => x.Bytes.Length <= 25 * 1_048_576);
        _app.Model.Transcriptions.Sum(x => x.Bytes.LongLength - 44).ShouldBe(300 * 44_100 * 2);
        (await UsageAsync()).ShouldBe(2);
    }

    [Theory, Trait("Rows", "none")]
    [InlineData(500, """{"error":{"message":"boom"}}""", 3)]
    [InlineData(429, """{"error":{"message":"slow down"}}""", 3)]
    [InlineData(401, """{"error":{"message":"key"}}""", 1)]
    [InlineData(200, "no json", 3)]
    [InlineData(200, """{"words":[]}""", 1)]
    public async Task A_service_that_fails_leaves_the_name_and_the_reply_goes_on(int status, string answer, int calls)
    {
        _app.Model.Transcribe = _ => Task.FromResult((status, answer));
        var url = (await _ada.UploadAsync(Wav(seconds: 1), "memo.wav")).Ok()["url"];
        (await AskAsync(url)).ShouldContain("[memo.wav: audio/wav, 16044 bytes, not shown]");
        _app.Model.Transcriptions.Count.ShouldBe(calls);

        // The next reply asks again.
        Says("""{"text":"Now it works."}""");
        (await AskAsync(url)).ShouldContain("Now it works.");
    }

    [Fact, Trait("Rows", "none")]
    public async Task What_the_service_refuses_is_damaged_and_not_sent_again()
    {
        _app.Model.Transcribe = _ => Task.FromResult(
            (400, """{"error":{"message":"The audio file could not be decoded","type":"invalid_request_error"}}"""));
        var url = (await _ada.UploadAsync(Wav(seconds: 1), "memo.wav")).Ok()["url"];
        for (var i = 0; i < 2; i++)
            (await AskAsync(url)).ShouldContain("[memo.wav: audio/wav, 16044 bytes, damaged]");
        _app.Model.Transcriptions.Count.ShouldBe(1);
    }

    [Fact, Trait("Rows", "none")]
    public async Task Silence_is_said_to_be_empty()
    {
        Says("""{"text":"  "}""");
        var url = (await _ada.UploadAsync(Wav(seconds: 1), "memo.wav")).Ok()["url"];
        (await AskAsync(url)).ShouldContain("[memo.wav: audio/wav, 16044 bytes, empty]");
    }

    [Fact, Trait("Rows", "none")]
    public async Task Without_a_service_a_model_gets_the_name()
    {
        await RestartAsync([]);
        var url = (await _ada.UploadAsync(Wav(seconds: 1), "memo.wav")).Ok()["url"];
        (await AskAsync(url)).ShouldContain("[memo.wav: audio/wav, 16044 bytes, not shown]");
    }

    [Fact]
    public async Task A_transcript_without_room_in_the_budget_is_left_out()
    {
        await RestartAsync([.. Settings, "Budgets:DayTokens=2000"]);
        Says("""{"text":"never"}""");
        var url = (await _ada.UploadAsync(Wav(seconds: 300), "memo.wav")).Ok()["url"];
        (await AskAsync(url)).ShouldContain("not shown]");
        _app.Model.Transcriptions.ShouldBeEmpty();
    }

    [Fact, Trait("Rows", "none")]
    public async Task Words_of_another_provider_stop_the_start()
    {
        var error = await Should.ThrowAsync<StartupException>(
            async () => await CoteApp.StartAsync("Transcription:Provider=anthropic"));
        error.Message.ShouldContain("Cote__Transcription__Provider names `anthropic`");
    }

    void Says(string json) => _app.Model.Transcribe = _ => Task.FromResult((200, json));

    async Task<long> UsageAsync() => (await _ada.GetAsync("/usage?by=model")).Ok().Json.EnumerateArray()
        .Single(x => x.Text("model") == "openai/whisper").GetProperty("calls").GetInt64();

    async Task<string> AskAsync(string url) => (await ContentAsync(url)).GetString()!;

    async Task<JsonElement> ContentAsync(string url)
    {
        var chat = await _ada.CreateChatAsync();
        (await _ada.PostAsync($"/chats/{chat}/messages/",
            new { content = "Listen.", type = "audio", media_urls = new[] { url } })).Ok();
        return (await _app.Model.NextRequest()).Messages.EnumerateArray().Last().GetProperty("content");
    }

    async ValueTask StartAsync(string[] settings)
    {
        _app = await CoteApp.StartAsync(settings);
        _ada = await _app.RegisterAsync();
    }

    async Task RestartAsync(string[] settings)
    {
        await DisposeAsync();
        await StartAsync(settings);
    }

    /// <summary>16-bit mono.</summary>
    static byte[] Wav(int seconds, int rate = 8_000)
    {
        using var file = new MemoryStream();
        using var to = new BinaryWriter(file);
        var length = seconds * rate * 2;
        to.Write("RIFF"u8);
        to.Write(36 + length);
        to.Write("WAVEfmt "u8);
        to.Write(16);
        to.Write((short)1);
        to.Write((short)1);
        to.Write(rate);
        to.Write(rate * 2);
        to.Write((short)2);
        to.Write((short)16);
        to.Write("data"u8);
        to.Write(length);
        to.Write(new byte[length]);
        return file.ToArray();
    }
}
