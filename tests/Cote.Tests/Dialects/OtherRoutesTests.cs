using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Dialects;

/// <summary>Responses that are not stored, embeddings and transcriptions.</summary>
[Trait("Rows", "none")]
public sealed class OtherRoutesTests
{
    const string Responses = "/v1/responses";

    [Fact]
    public async Task Responses_that_are_not_stored_go_to_the_provider()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        app.Model.Enqueue(FakeReply.Page("""
            {"id":"resp_x","object":"response","model":"fake","output":[{"type":"message","content":[{"type":"output_text","text":"hi"}]}],"usage":{"input_tokens":12,"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1}}}
            """, "application/json"));

        var answer = await ada.PostAsync(Responses, """{"model":"openai/fake","input":"a","store":false,"x":[1.0]}""");

        answer.Ok()["model"].ShouldBe("openai/fake");
        answer["id"].ShouldBe("resp_x");
        (await app.Model.NextRequest()).Body.GetRawText()
            .ShouldBe("""{"model":"fake","input":"a","store":false,"x":[1.0]}""");
        var sums = await ada.CallsAsync(1);
        (sums.Number("input_tokens"), sums.Number("output_tokens"), sums.Number("reasoning_tokens"))
            .ShouldBe((12, 3, 1));
    }

    [Fact]
    public async Task Their_stream_ends_with_its_last_event_or_with_an_error()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        const string Created = """
            event: response.created
            data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_x","model":"fake"}}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","sequence_number":1,"delta":"hi"}


            """;
        const string Completed = """
            event: response.completed
            data: {"type":"response.completed","sequence_number":2,"response":{"id":"resp_x","model":"fake","usage":{"input_tokens":12,"output_tokens":3}}}


            """;
        const string Failed = """
            event: response.failed
            data: {"type":"response.failed","response":{"error":{"code":"server_error","message":"sk-secret"}}}


            """;
        const string Body = """{"model":"openai/fake","input":"a","store":false,"stream":true}""";
        foreach (var end in (string[])[Completed, Failed, ""])
            app.Model.Enqueue(FakeReply.Page(Created + end, "text/event-stream"));

        (await ada.PostAsync(Responses, Body)).Ok().Text
            .ShouldBe((Created + Completed).Replace("\"fake\"", "\"openai/fake\"").ReplaceLineEndings("\n"));
        foreach (var code in (string[])["bad_upstream", "truncated"])
        {
            var broken = (await ada.PostAsync(Responses, Body)).Ok().Text;
            broken.ShouldNotContain("sk-secret");
            broken.ShouldNotContain("response.failed");
            broken.TrimEnd().Split("\n\n")[^1]
                .ShouldStartWith($"event: error\ndata: {{\"type\":\"error\",\"code\":\"{code}\"");
        }
        (await ada.CallsAsync(3)).Number("calls").ShouldBe(3);
    }

    [Theory]
    [InlineData("""{"model":"openai/fake","input":"a"}""")]
    [InlineData("""{"model":"openai/fake","input":"a","store":true}""")]
    [InlineData("""{"model":"openai/fake","input":"a","store":false,"previous_response_id":"resp_1"}""")]
    public async Task Responses_that_are_stored_or_follow_one_are_no_calls_of_the_gateway(string body)
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        await ada.PostAsync(Responses, body);

        (await app.RowsAsync())["calls"].ShouldAllBe(x => !x.Contains("\nv1\n"));
    }

    [Fact]
    public async Task Other_kinds_of_providers_serve_chat_completions_alone()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        foreach (var path in (string[])[Responses, "/v1/embeddings"])
            (await ada.PostAsync(path, """{"model":"anthropic/fake","input":"a","store":false}"""))
                .ShouldBeError(400, "unsupported_parameter", "model");
    }

    [Fact]
    public async Task Embeddings_are_handed_on()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        app.Model.Enqueue(FakeReply.Page("""
            {"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPw=="}],"model":"fake","usage":{"prompt_tokens":8,"total_tokens":8}}
            """, "application/json"));

        var answer = (await ada.PostAsync(
            "/v1/embeddings", """{"model":"openai/fake","input":["a","b"],"encoding_format":"base64"}""")).Ok();

        answer["model"].ShouldBe("openai/fake");
        answer.Text.ShouldContain("AACAPw==");
        (await app.Model.NextRequest()).Body.GetRawText()
            .ShouldBe("""{"model":"fake","input":["a","b"],"encoding_format":"base64"}""");
        var sums = await ada.CallsAsync(1);
        (sums.Number("input_tokens"), sums.Number("output_tokens")).ShouldBe((8, 0));
        (await ada.PostAsync("/v1/embeddings", """{"model":"openai/fake"}"""))
            .ShouldBeError(400, "missing_required_parameter", "input");
    }

    [Fact]
    public async Task Transcriptions_are_handed_on_and_a_repeated_form_is_the_same_one()
    {
        await using var app = await CoteApp.StartAsync(
            "Transcription:Provider=openai", "Transcription:Model=whisper-9");
        using var ada = await app.RegisterAsync();
        app.Model.Transcribe = _ => Task.FromResult(
            (200, """{"text":"hello","usage":{"type":"tokens","input_tokens":14,"output_tokens":4}}"""));

        var first = (await TranscribeAsync(ada, "openai/whisper-9", "k", [1, 2, 3])).Ok();
        var again = (await TranscribeAsync(ada, "openai/whisper-9", "k", [1, 2, 3])).Ok();
        var other = await TranscribeAsync(ada, "openai/whisper-9", "k", [1, 2, 4]);

        first["text"].ShouldBe("hello");
        (again.Text, again.Header("Idempotent-Replayed")).ShouldBe((first.Text, "true"));
        other.ShouldBeError(409, "idempotency_conflict", mayRetry: false);
        var asked = app.Model.Transcriptions.ShouldHaveSingleItem();
        (asked.Model, asked.FileName, asked.Authorization).ShouldBe(("whisper-9", "a b.wav", "Bearer sk-test-openai"));
        asked.Bytes.ShouldBe([1, 2, 3]);
        var sums = await ada.CallsAsync(1);
        (sums.Number("input_tokens"), sums.Number("output_tokens")).ShouldBe((14, 4));
        (await TranscribeAsync(ada, "openai/fake", null, [1])).Ok();
        (await TranscribeAsync(ada, "openai/other", null, [1])).ShouldBeError(404, "model_not_found", "model");
        (await TranscribeAsync(ada, "demo", null, [1])).ShouldBeError(400, "unsupported_parameter", "model");
        (await TranscribeAsync(ada, "openai/fake", null, null))
            .ShouldBeError(400, "missing_required_parameter", "file");
        (await ada.PostAsync("/v1/audio/transcriptions", "{}")).ShouldBeError(400, "invalid_value");
        (await TranscribeAsync(ada, "openai/fake", null, new byte[26 * 1_048_576])).ShouldBeError(413, "too_large");
    }

    static Task<Reply> TranscribeAsync(CoteClient client, string model, string? key, byte[]? bytes) => client.SendAsync(
        HttpMethod.Post, "/v1/audio/transcriptions", null, x =>
        {
            var form = new MultipartFormDataContent { { new StringContent(model, Encoding.UTF8), "model" } };
            if (bytes is not null)
                form.Add(new ByteArrayContent(bytes), "file", "a b.wav");
            x.Content = form;
            x.Headers.ExpectContinue = bytes?.Length > 1_000_000; // else the connection may close under what is sent
            if (key is not null)
                x.Headers.Add("Idempotency-Key", key);
        });
}
