using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Dialects;

/// <summary>Requests without a handle go to an OpenAI-compatible provider as they are.</summary>
[Trait("Rows", "none")]
public sealed partial class GatewayTests(LiveApp live) : IClassFixture<LiveApp>
{
    [Fact]
    public async Task The_models_are_those_of_the_catalogue()
    {
        using var ada = await live.RegisterAsync();

        var list = (await ada.GetAsync("/v1/models")).Ok().Json;
        var ids = list.GetProperty("data").EnumerateArray().Select(x => x.Text("id")).ToList();

        list.Text("object").ShouldBe("list");
        ids.ShouldBe((await ada.GetAsync("/models")).Ok().Json.EnumerateArray().Select(x => x.Text("id")));
        ids.ShouldContain("openai/fake");
        var model = (await ada.GetAsync("/v1/models/openai/fake")).Ok();
        model.Text.ShouldBe("""{"id":"openai/fake","object":"model","created":0,"owned_by":"openai"}""");
        (await ada.GetAsync("/v1/models/openai%2Ffake")).Status.ShouldBe(200);
        (await ada.GetAsync("/v1/models/openai/other")).ShouldBeError(404, "model_not_found", "model");
        (await ada.GetAsync("/v1/nothing")).ShouldBeError(404, "not_found");
        (await ada.DeleteAsync("/v1/models")).ShouldBeError(405, "method_not_allowed");
    }

    [Fact]
    public async Task A_body_goes_to_the_provider_as_it_is_but_for_the_name_of_the_model()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole("hi", ""","x_extra" : {"a":[1, 2.50]}"""));
        var body = $$$$"""
            { "model" : "openai/fake",  "messages":[{"role":"system","content":"é \u00e9"},
              {"role":"user","content":[{"type":"text","text":"{{{{play.Question}}}}"},{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"high"}},
              {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]},
              {"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{ \"a\":1}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"42"}],
              "tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object"}}}],
              "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}, "n": 1, "logprobs":true, "temperature":1e0,
              "unknown_field":{"deep":[null, 1.10, "\ud83d\ude00"]} }
            """;

        var reply = (await ada.CompleteAsync(body)).Ok();

        var call = await play.NextCallAsync();
        call.Body.GetRawText().ShouldBe(body.Trim().Replace("\"openai/fake\"", "\"fake\""));
        call.Headers["Authorization"].ShouldBe("Bearer sk-test-openai");
        reply.Text.Trim().ShouldBe(OpenAIClientText("hi").Replace("\"fake-2026\"", "\"openai/fake\""));
        var sums = await ada.CallsAsync(1);
        (sums.Number("input_tokens"), sums.Number("output_tokens"), sums.Number("cached_input_tokens"))
            .ShouldBe((21, 9, 4));
        (await live.App.RowsAsync())["calls"].Where(x => x.Contains(ada.Id, StringComparison.Ordinal)).ToList()
            .ShouldHaveSingleItem().ShouldContain("\nv1\n");

        static string OpenAIClientText(string content) => $$$$"""
            {"id":"chatcmpl-9","object":"chat.completion","created":5,"model":"fake-2026","choices":[{"index":0,"message":{"role":"assistant","content":"{{{{content}}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":21,"completion_tokens":9,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":4}},"x_extra" : {"a":[1, 2.50]}}
            """;
    }

    [Fact]
    public async Task A_stream_is_handed_on_frame_by_frame_and_its_usage_is_counted_and_hidden()
    {
        using var ada = await live.RegisterAsync();
        var gate = new Gate();
        var play = live.Play(FakeReply.Thought("so").Then("Hel").ThenWaitFor(gate).Then("lo")
            .ThenRaw("""{"id":"chatcmpl-1","model":"fake","x_new":1.0,"choices":[]}"""));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(live.App.Url, OpenAIClient.Chat))
        {
            Content = new StringContent(play.Body(""","stream":true"""), null, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", ada.Token);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var before = "";
        while (!before.Contains("Hel", StringComparison.Ordinal))
            before += await reader.ReadLineAsync() + "\n";
        gate.Open();
        var text = before + await reader.ReadToEndAsync();

        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(x => x[6..]).ToList();
        response.Headers.CacheControl!.NoCache.ShouldBeTrue();
        events[^1].ShouldBe("[DONE]");
        events.Said().ShouldBe("Hello");
        events.Said("reasoning_content").ShouldBe("so");
        events.ShouldContain("""{"id":"chatcmpl-1","model":"openai/fake","x_new":1.0,"choices":[]}""");
        events.ShouldAllBe(x => x == "[DONE]" || x.Contains("\"openai/fake\"") && x.Contains("chatcmpl-1"));
        events.ShouldAllBe(x => !x.Contains("prompt_tokens"));
        (await play.NextCallAsync()).Body.GetProperty("stream_options").GetRawText()
            .ShouldBe("""{"include_usage":true}""");
        var sums = await ada.CallsAsync(1);
        (sums.Number("input_tokens"), sums.Number("output_tokens")).ShouldBe((11, 7));
    }

    [Fact]
    public async Task Usage_that_was_asked_for_is_shown_and_other_wishes_stay()
    {
        using var ada = await live.RegisterAsync();
        var (shown, hidden) = (live.Play(FakeReply.Text("a")), live.Play(FakeReply.Text("a")));

        var events = (await ada.CompleteAsync(
            shown.Body(""","stream":true,"stream_options":{"include_usage":true}"""))).Ok().Events();
        await ada.CompleteAsync(hidden.Body(
            ""","stream":true,"stream_options":{"include_obfuscation":false}"""));

        JsonElement.Parse(events[^2]).GetProperty("usage").Number("prompt_tokens").ShouldBe(11);
        (await hidden.NextCallAsync()).Body.GetProperty("stream_options").GetRawText()
            .ShouldBe("""{"include_obfuscation":false,"include_usage":true}""");
    }

    [Fact]
    public async Task A_model_that_refuses_to_count_is_asked_without_and_its_usage_is_estimated()
    {
        await using var live = await LiveApp.StartAsync(); // What is learnt of a model holds until the server ends.
        using var ada = await live.RegisterAsync();
        var refusal = FakeReply.Refuse(400, """
            {"error":{"message":"Unrecognized request argument supplied: stream_options","type":"invalid_request_error"}}
            """);
        var play = live.Play(refusal, FakeReply.Text("four five six"));

        var events = (await ada.CompleteAsync(play.Body(""","stream":true"""))).Ok().Events();

        events.Said().ShouldBe("four five six");
        await play.NextCallAsync();
        (await play.NextCallAsync()).Body.TryGetProperty("stream_options", out _).ShouldBeFalse();
        var row = await ada.CallsAsync(1);
        row.Number("output_tokens").ShouldBeInRange(3, 8);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", "missing_required_parameter", "model")]
    [InlineData("""{"model":7,"messages":[{"role":"user","content":"a"}]}""", "invalid_value", "model")]
    [InlineData("""{"model":"openai/fake"}""", "missing_required_parameter", "messages")]
    [InlineData("""{"model":"openai/fake","messages":[]}""", "invalid_value", "messages")]
    [InlineData("""{"model":"openai/fake","messages":"a"}""", "invalid_value", "messages")]
    [InlineData("""{"model":"openai/fake","messages":[{}],"n":0}""", "invalid_value", "n")]
    [InlineData("""{"model":"openai/fake","messages":[{}],"n":"2"}""", "invalid_value", "n")]
    [InlineData("""{"model":"openai/fake","messages":[{}],"stream":"yes"}""", "invalid_value", "stream")]
    [InlineData("""{"model":"openai/fake","messages":[{}],"max_tokens":0}""", "invalid_value", "max_tokens")]
    [InlineData("{", "invalid_value", null)]
    [InlineData("[]", "invalid_value", null)]
    [InlineData("", "missing_required_parameter", null)]
    [InlineData("""{"model":"a","model":"b"}""", "invalid_value", null)]
    public async Task A_wrong_body_is_a_400(string body, string code, string? param)
    {
        using var ada = await live.RegisterAsync();

        (await ada.CompleteAsync(body)).ShouldBeError(400, code, param, "invalid_request_error");
    }

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("openai/other")]
    [InlineData("nobody/fake")]
    public async Task An_unknown_model_is_not_found(string model)
    {
        using var ada = await live.RegisterAsync();

        (await ada.CompleteAsync($$"""{"model":"{{model}}","messages":[{"role":"user","content":"a"}]}"""))
            .ShouldBeError(404, "model_not_found", "model", "invalid_request_error");
    }

    [Fact]
    public async Task A_provider_alone_is_its_default_model_and_keeps_its_name_in_the_answer()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());

        (await ada.CompleteAsync(play.Body(model: "openai"))).Ok()["model"].ShouldBe("openai");

        (await play.NextCallAsync()).Model.ShouldBe("fake");
    }

    [Fact]
    public async Task Without_a_token_or_with_a_bad_one_the_error_has_openais_shape()
    {
        using var nobody = live.App.Anonymous();
        using var liar = live.App.Anonymous();
        liar.Token = "sk-wrong";

        foreach (var client in (CoteClient[])[nobody, liar])
        {
            var refused = await client.CompleteAsync("{}");
            refused.ShouldBeError(401, "invalid_api_key", type: "invalid_request_error");
            refused.Header("WWW-Authenticate").ShouldBe("Bearer");
            (await client.GetAsync("/v1/models")).ShouldBeError(401, "invalid_api_key");
        }
    }

    [Theory]
    [InlineData(""","metadata":{"chat_id":"019a"}""", "metadata.chat_id")]
    [InlineData(""","conversation":{"id":"conv_1"}""", "conversation")]
    [InlineData(""","previous_response_id":"resp_1"}""", null)]
    public async Task A_handle_is_never_the_gateways(string rest, string? param)
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(OpenAIClient.Whole());

        var reply = await ada.CompleteAsync(play.Body(rest));

        reply.Status.ShouldBeGreaterThanOrEqualTo(400);
        if (param is not null)
            reply.Json.GetProperty("error").Text("param").ShouldBe(param);
        play.Calls.ShouldBe(0);
    }
}
