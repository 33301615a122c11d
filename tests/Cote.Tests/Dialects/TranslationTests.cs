using System.Text.Json;
using Cote.Tests.Harness;

namespace Cote.Tests.Dialects;

/// <summary>Requests for providers that speak another API than OpenAI's.</summary>
[Trait("Rows", "none")]
public sealed class TranslationTests(LiveApp live) : IClassFixture<LiveApp>
{
    const string Claude = "anthropic/fake";

    [Fact]
    public async Task Messages_tools_and_settings_arrive_in_the_providers_words()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("Hel", "lo"));
        var body = $$$$$$"""
            {"model":"anthropic/fake","temperature":0.5,"max_completion_tokens":77,"stop":["END"],"n":1,"logprobs":false,
             "messages":[{"role":"developer","content":"be brief"},
              {"role":"user","content":[{"type":"text","text":"{{{{{{play.Question}}}}}}"},
               {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},
               {"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]},
              {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1}"}}]},
              {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"2"}]}],
             "tools":[{"type":"function","function":{"name":"add","description":"adds","parameters":{"type":"object","properties":{"a":{"type":"number"} } } } }],
             "tool_choice":"auto"}
            """;

        var answer = (await ada.CompleteAsync(body)).Ok().Json;

        var sent = (await play.NextCallAsync()).Body;
        (sent.GetProperty("temperature").GetDouble(), sent.Number("max_tokens"), sent.Text("system"))
            .ShouldBe((0.5, 77, "be brief"));
        sent.GetProperty("stop_sequences").GetRawText().ShouldBe("""["END"]""");
        sent.GetProperty("tools")[0].Text("name").ShouldBe("add");
        var messages = sent.GetProperty("messages").GetRawText();
        messages.ShouldContain("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}""");
        messages.ShouldContain("""{"type":"url","url":"https://example.com/a.png"}""");
        messages.ShouldContain("""{"type":"tool_use","id":"c1","name":"add","input":{"a":1}}""");
        messages.ShouldContain("""{"type":"tool_result","tool_use_id":"c1","content":"2"}""");
        answer.Fields().ShouldBe(["id", "object", "created", "model", "choices", "usage"]);
        (answer.Text("object"), answer.Text("model")).ShouldBe(("chat.completion", Claude));
        var choice = answer.GetProperty("choices")[0];
        choice.GetProperty("message").GetRawText()
            .ShouldBe("""{"role":"assistant","content":"Hello","refusal":null}""");
        choice.Text("finish_reason").ShouldBe("stop");
        answer.GetProperty("usage").GetRawText()
            .ShouldBe("""{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}""");
        (await ada.CallsAsync(1)).Number("output_tokens").ShouldBe(7);
    }

    [Fact]
    public async Task Its_stream_is_one_of_openais()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Thought("hm").Then("yes").ThenCall("add", """{"a":1}""", "t1"));

        var events = (await ada.CompleteAsync(
            play.Body(""","stream":true,"stream_options":{"include_usage":true}""", Claude))).Ok().Events();

        (await play.NextCallAsync()).Body.Number("max_tokens").ShouldBe(8_192, "its own, where nobody says");
        events[^1].ShouldBe("[DONE]");
        events.Said().ShouldBe("yes");
        events.Said("reasoning_content").ShouldBe("hm");
        var chunks = events.SkipLast(1).Select(x => JsonElement.Parse(x)).ToList();
        chunks.Select(x => x.Text("id")).Distinct().ShouldHaveSingleItem().ShouldStartWith("chatcmpl-");
        chunks.ShouldAllBe(x => x.Text("object") == "chat.completion.chunk" && x.Text("model") == Claude);
        chunks[0].GetProperty("choices")[0].GetProperty("delta").GetRawText()
            .ShouldBe("""{"role":"assistant","content":""}""");
        events.ShouldContain(x => x.Contains("\"tool_calls\":[{\"index\":0,\"id\":\"t1\",\"type\":\"function\","
            + "\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\\\":1}\"}}]"));
        chunks[^2].GetProperty("choices")[0].Text("finish_reason").ShouldBe("tool_calls");
        chunks[^1].GetProperty("choices").GetArrayLength().ShouldBe(0);
        chunks[^1].GetProperty("usage").Number("total_tokens").ShouldBe(18);
        chunks.SkipLast(1).ShouldAllBe(x => !x.GetRawText().Contains("usage"));
    }

    [Theory]
    [InlineData(""","logit_bias":{"1":1}""", "logit_bias")]
    [InlineData(""","n":2""", "n")]
    [InlineData(""","logprobs":true""", "logprobs")]
    [InlineData(""","seed":1""", "seed")]
    [InlineData(""","user":"u" """, "user")]
    [InlineData(""","response_format":{"type":"json_object"}""", "response_format")]
    [InlineData(""","frequency_penalty":0.1""", "frequency_penalty")]
    [InlineData(""","invented":1""", "invented")]
    [InlineData(""","parallel_tool_calls":false""", "parallel_tool_calls")]
    [InlineData(""","tools":[{"type":"custom","custom":{"name":"a"}}]""", "tools[0].type")]
    [InlineData(""","tools":[{"type":"function","function":{"name":"a","strict":true}}]""", "tools[0].function.strict")]
    [InlineData(""","stream_options":{"other":1}""", "stream_options.other")]
    [InlineData(""","reasoning_effort":"minimal" """, "reasoning_effort")]
    [InlineData(""","reasoning_effort":"low","temperature":0.5""", "temperature")]
    [InlineData(""","reasoning_effort":"low","top_p":0.5""", "top_p")]
    public async Task What_the_provider_cannot_take_is_named(string rest, string param)
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Text("a"));

        (await ada.CompleteAsync(play.Body(rest, Claude)))
            .ShouldBeError(400, "unsupported_parameter", param, "invalid_request_error");
        play.Calls.ShouldBe(0);
    }

    [Theory]
    [InlineData("""[{"role":"user","content":"a","name":"b"}]""", "unsupported_parameter", "messages[0].name")]
    [InlineData("""[{"role":"user","content":[{"type":"file","file":{}}]}]""",
        "unsupported_parameter", "messages[0].content[0].type")]
    [InlineData("""[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]""",
        "unsupported_parameter", "messages[0].content[0].input_audio")]
    [InlineData("""[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]""",
        "invalid_value", "messages[0].content[0].image_url.url")]
    [InlineData("""[{"role":"user"}]""", "invalid_value", "messages[0].content")]
    [InlineData("""[{"role":"robot","content":"a"}]""", "invalid_value", "messages[0].role")]
    [InlineData("""[7]""", "invalid_value", "messages")]
    [InlineData("""[{"role":"tool","content":"a"}]""", "invalid_value", "messages[0].tool_call_id")]
    [InlineData("""[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"b","arguments":"["}}]}]""",
        "invalid_value", "messages[0].tool_calls[0].function.arguments")]
    public async Task A_message_that_cannot_be_taken_is_named(string messages, string code, string param)
    {
        using var ada = await live.RegisterAsync();

        (await ada.CompleteAsync($$"""{"model":"anthropic/fake","messages":{{messages}}}"""))
            .ShouldBeError(400, code, param, "invalid_request_error");
    }

    [Fact]
    public async Task What_a_model_refuses_is_not_left_out()
    {
        using var ada = await live.RegisterAsync();
        var play = live.Play(FakeReply.Refuse(
            400, """{"error":{"type":"invalid_request_error","message":"temperature is not supported"}}"""));

        for (var tries = 0; tries < 2; tries++)
        {
            (await ada.CompleteAsync(play.Body(""","temperature":0.25""", Claude)))
                .ShouldBeError(400, "refused_by_provider", mayRetry: false);
            (await play.NextCallAsync()).Body.GetProperty("temperature").GetDouble().ShouldBe(0.25);
        }
        play.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Its_faults_are_mapped_too()
    {
        using var ada = await live.RegisterAsync();
        var refused = live.Play(FakeReply.Refuse(400));
        var broken = live.Play(FakeReply.Text("so far").ThenError("overloaded_error"));
        var passing = live.Play(FakeReply.Refuse(529), FakeReply.Text("at last"));

        (await ada.CompleteAsync(refused.Body(model: Claude)))
            .ShouldBeError(400, "refused_by_provider", mayRetry: false);
        var events = (await ada.CompleteAsync(broken.Body(""","stream":true""", Claude))).Ok().Events();
        events.SkipLast(1).Said().ShouldBe("so far");
        JsonElement.Parse(events[^1]).GetProperty("error").Text("code").ShouldBe("rate_limit_exceeded");
        (await ada.CompleteAsync(broken.Body(model: Claude)))
            .ShouldBeError(429, "rate_limit_exceeded", mayRetry: false);
        (await ada.CompleteAsync(passing.Body(model: Claude))).Ok().Text.ShouldContain("at last");
        live.App.Logs.ShouldAllBe(x => !x.Contains("sk-secret") && !x.Contains("sk-test-anthropic"));
    }

    [Fact]
    public async Task The_demo_answers_and_serves_nothing_else()
    {
        using var ada = await live.RegisterAsync();

        var answer = (await ada.CompleteAsync(
            """{"model":"demo","seed":5,"messages":[{"role":"user","content":"ping"}]}""")).Ok().Json;
        var events = (await ada.CompleteAsync(
            """{"model":"demo","stream":true,"messages":[{"role":"user","content":"ping"}]}""")).Ok().Events();

        var said = answer.GetProperty("choices")[0].GetProperty("message").Text("content");
        said.ShouldNotBeEmpty();
        events.Said().ShouldBe(said);
        (await ada.SendAsync(HttpMethod.Post, "/v1/embeddings", """{"model":"demo","input":"a"}"""))
            .ShouldBeError(400, "unsupported_parameter", "model");
    }
}
