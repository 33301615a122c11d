using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models.Wire;

/// <summary>Tool calls are put together from whatever pieces servers send, and broken ones harm no answer.</summary>
public sealed class ToolCallTests : WireTests
{
    public static TheoryData<string, string[]> OneCall => new()
    {
        { "as OpenAI sends it",
        [
            Call("""{"index":0,"id":"c1","type":"function","function":{"name":"clock","arguments":""}}"""),
            Call("""{"index":0,"function":{"arguments":"{\"zone\":"}}"""),
            Call("""{"index":0,"function":{"arguments":"\"UTC\"}"}}"""), Raw.Called,
        ] },
        { "without an index",
        [
            Call("""{"id":"c1","function":{"name":"clock","arguments":"{\"zone\""}}"""),
            Call("""{"function":{"arguments":":\"UTC\"}"}}"""), Raw.Called,
        ] },
        { "with id and name in each piece",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":"{\"zone\""}}"""),
            Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":":\"UTC\"}"}}"""),
            Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":""}}"""), Raw.Called,
        ] },
        { "with empty id and name in later pieces",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":null}}"""),
            Call("""{"index":0,"id":"","function":{"name":"","arguments":"{\"zone\":\"UTC\"}"}}"""), Raw.Called,
        ] },
        { "with another id in each piece",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":"{\"zone\""}}"""),
            Call("""{"index":0,"id":"c2","function":{"arguments":":\"UTC\"}"}}"""), Raw.Called,
        ] },
        { "with its name in pieces",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"clo"}}"""),
            Call("""{"index":0,"function":{"name":"ck"}}"""),
            Call("""{"index":0,"function":{"arguments":"{\"zone\":\"UTC\"}"}}"""), Raw.Called,
        ] },
        { "with arguments as an object",
            [Call("""{"id":"c1","function":{"name":"clock","arguments":{"zone":"UTC"}}}"""), Raw.Called] },
        { "with arguments in a string twice",
        [
            Call("""{"id":"c1","function":{"name":"clock","arguments":"\"{\\\"zone\\\":\\\"UTC\\\"}\""}}"""),
            Raw.Called,
        ] },
        { "without a function around it",
            [Call("""{"id":"c1","name":"clock","arguments":{"zone":"UTC"}}"""), Raw.Called] },
        { "in the chunk of the finish reason",
            ["""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}]},"finish_reason":"tool_calls"}]}"""] },
        { "whole, though a stream was asked for",
            ["""{"object":"chat.completion","choices":[{"message":{"content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}]},"finish_reason":"tool_calls"}]}"""] },
        { "streamed, and repeated whole at the end",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}"""),
            """{"choices":[{"message":{"tool_calls":[{"id":"c1","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}]},"finish_reason":"tool_calls"}]}""",
        ] },
        { "with `stop` as its finish reason",
            [Call("""{"id":"c1","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}"""), Raw.Stop] },
        { "with [DONE] alone at the end",
            [Call("""{"id":"c1","function":{"name":"clock","arguments":"{\"zone\":\"UTC\"}"}}"""), "[DONE]"] },
    };

    [Theory, MemberData(nameof(OneCall))]
    public async Task A_tool_call_is_put_together_from_its_pieces(string kind, string[] events)
    {
        var call = (await ContentsAsync("openai", events)).ShouldHaveSingleItem(kind)
            .ShouldBeOfType<FunctionCallContent>();

        (call.CallId, call.Name).ShouldBe(("c1", "clock"));
        call.Arguments!["zone"]!.ToString().ShouldBe("UTC");
        ((string)call.RawRepresentation!).ShouldBe("""{"zone":"UTC"}""");
    }

    [Fact]
    public async Task A_call_changes_the_finish_reason_to_tool_calls()
    {
        Server.Script = FakeReply.Bytes(Raw.Open(Raw.Events(
            Call("""{"id":"c1","function":{"name":"clock","arguments":"{}"}}"""), Raw.Stop)));

        (await AskAsync(Client(), [new(ChatRole.User, "Hi")])).Finish.ShouldBe("tool_calls");
    }

    public static TheoryData<string, string[]> SeveralCalls => new()
    {
        { "in turns",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"a","arguments":""}}"""),
            Call("""{"index":1,"id":"c2","function":{"name":"b","arguments":"{\"n\""}}"""),
            Call("""{"index":0,"function":{"arguments":"{\"n\":1}"}}"""),
            Call("""{"index":1,"function":{"arguments":":2}"}}"""), Raw.Called,
        ] },
        { "all with index 0",
        [
            Call("""{"index":0,"id":"c1","function":{"name":"a","arguments":"{\"n\":1}"}}"""),
            Call("""{"index":0,"id":"c2","function":{"name":"b","arguments":"{\"n\":2}"}}"""), Raw.Called,
        ] },
        { "all with index 0 and no id",
        [
            Call("""{"index":0,"id":"","function":{"name":"a","arguments":"{\"n\":1}"}}"""),
            Call("""{"index":0,"id":"","function":{"name":"b","arguments":"{\"n\":2}"}}"""), Raw.Called,
        ] },
        { "one after the other, without index and id",
        [
            Call("""{"function":{"name":"a","arguments":"{\"n\":"}}"""),
            Call("""{"function":{"name":"a","arguments":"1}"}}"""),
            Call("""{"function":{"name":"b","arguments":"{\"n\":2}"}}"""), Raw.Called,
        ] },
        { "in one list, without index and id",
            ["""{"choices":[{"delta":{"tool_calls":[{"function":{"name":"a","arguments":"{\"n\":1}"}},{"function":{"name":"b","arguments":"{\"n\":2}"}}]},"finish_reason":"tool_calls"}]}"""] },
        { "whole, with one id for both",
            ["""{"object":"chat.completion","choices":[{"message":{"tool_calls":[{"index":0,"id":"c","function":{"name":"a","arguments":"{\"n\":1}"}},{"index":1,"id":"c","function":{"name":"b","arguments":"{\"n\":2}"}}]}}]}"""] },
    };

    [Theory, MemberData(nameof(SeveralCalls))]
    public async Task Several_calls_are_told_apart(string kind, string[] events)
    {
        var calls = (await ContentsAsync("openai", events)).Cast<FunctionCallContent>().ToList();

        calls.Select(x => (x.Name, Raw: (string)x.RawRepresentation!))
            .ShouldBe([("a", """{"n":1}"""), ("b", """{"n":2}""")], kind);
        calls.Select(x => x.CallId).Distinct().Count().ShouldBe(2);
        calls.ShouldAllBe(x => x.CallId.Length > 0);
    }

    [Theory]
    [InlineData("{\"legacy\":", "function_call")]
    [InlineData("{\"legacy\":", "tool_calls")]
    [InlineData("not json", "tool_calls")]
    [InlineData("[1]", "tool_calls")]
    [InlineData("\"text\"", "tool_calls")]
    [InlineData("{\"a\":1} {\"b\":2}", "tool_calls")]
    public async Task Broken_arguments_are_kept_as_they_are_and_fail_no_answer(string arguments, string field)
    {
        var function = $$"""{"name":"clock","arguments":{{JsonSerializer.Serialize(arguments)}}}""";
        var contents = await ContentsAsync("openai", Raw.Said("Let me look."), Raw.Choice(field == "tool_calls"
            ? $$$"""
              "delta":{"tool_calls":[{"index":0,"id":"c1","function":{{{function}}}}]}
              """ : $$$"""
              "delta":{"function_call":{{{function}}}}
              """), Raw.Called);

        contents[0].ShouldBeOfType<TextContent>().Text.ShouldBe("Let me look.");
        var call = contents[1].ShouldBeOfType<FunctionCallContent>();
        (call.Name, call.Arguments, call.RawRepresentation).ShouldBe(("clock", null, arguments));
    }

    [Theory]
    [InlineData("tool_calls", "{}")]
    [InlineData("length", "")]
    public async Task Arguments_that_never_came_are_none_unless_a_limit_cut_them(string finish, string raw)
    {
        var call = (await ContentsAsync("openai", Call("""{"index":0,"id":"c1","function":{"name":"clock"}}"""),
            Raw.Choice($"\"delta\":{{}},\"finish_reason\":\"{finish}\""))).ShouldHaveSingleItem()
            .ShouldBeOfType<FunctionCallContent>();

        call.RawRepresentation.ShouldBe(raw);
        (call.Arguments is null).ShouldBe(finish == "length");
    }

    [Theory]
    [InlineData("""{"tool_calls":[null,7,"x",{}]}""")]
    [InlineData("""{"tool_calls":[{"index":3,"function":{"arguments":"{\"orphan\":1}"}}]}""")]
    [InlineData("""{"tool_calls":{"name":"x"},"function_call":null}""")]
    [InlineData("""{"tool_calls":null,"function_call":"none"}""")]
    public async Task What_names_no_call_is_none(string delta)
    {
        (await ContentsAsync("openai", Raw.Choice($"\"delta\":{delta}"), Raw.Said("answer"), Raw.Stop))
            .ShouldHaveSingleItem().ShouldBeOfType<TextContent>().Text.ShouldBe("answer");
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Calls_of_an_answer_that_broke_off_are_not_given(string wire)
    {
        string[] events = wire == "openai"
            ? [Call("""{"index":0,"id":"c1","function":{"name":"clock","arguments":"{}"}}""")]
            : [.. Claude.Events.TakeWhile(x => !x.Contains("message_delta", StringComparison.Ordinal))];
        Server.Script = FakeReply.Bytes(Raw.Open(Raw.Events(events)));
        List<AIContent> contents = [];

        await foreach (var update in Client(wire).GetStreamingResponseAsync("Hi"))
            contents.AddRange(update.Contents);

        contents.ShouldNotContain(x => x is FunctionCallContent);
        contents.ShouldContain(x => x is ToolCallProgress, "arguments that stream are a sign of life");
    }

    [Fact]
    public async Task Anthropics_blocks_are_text_a_thought_and_two_calls()
    {
        var contents = await ContentsAsync("anthropic", Claude.Events);

        contents[0].ShouldBeOfType<TextReasoningContent>().Text.ShouldBe("I should look.");
        contents[1].ShouldBeOfType<TextReasoningContent>().ProtectedData.ShouldNotBeNull();
        contents.OfType<TextContent>().Single().Text.ShouldBe("Let me see.");
        contents.OfType<FunctionCallContent>().Select(x => (x.CallId, x.Name, x.RawRepresentation))
            .ShouldBe([("toolu_1", "clock", """{"zone":"UTC"}"""), ("toolu_2", "note", "{}")]);
    }

    [Fact]
    public async Task What_a_providers_own_tool_is_asked_belongs_to_no_call()
    {
        var contents = await ContentsAsync("anthropic",
            """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"clock","input":{}}}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}}""",
            """{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}}""",
            """{"type":"message_delta","delta":{"stop_reason":"tool_use"}}""");

        contents.ShouldHaveSingleItem().ShouldBeOfType<FunctionCallContent>().RawRepresentation.ShouldBe("{}");
    }

    [Fact]
    public async Task A_whole_message_of_Anthropic_has_its_calls()
    {
        const string Body =
            """{"type":"message","content":[{"type":"text","text":"Hm."},{"type":"tool_use","id":"t1","name":"clock","input":{"zone":"UTC"}}],"stop_reason":"tool_use"}""";
        Server.Script = FakeReply.Bytes(Raw.Sized(Body));

        var answer = await Client("anthropic").GetResponseAsync("Hi");

        answer.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        answer.Messages.SelectMany(x => x.Contents).Select(x => x.GetType())
            .ShouldBe([typeof(TextContent), typeof(FunctionCallContent)]);
    }

    [Fact]
    public async Task Calls_and_arguments_without_end_are_bounded()
    {
        var many = string.Join(',', Enumerable.Range(0, 1_000).Select(x =>
            $$$"""{"index":{{{x}}},"id":"c{{{x}}}","function":{"name":"a","arguments":"{}"}}"""));
        var piece = Call($$$"""{"index":0,"function":{"arguments":"{{{new string('x', 300_000)}}}"}}""");

        var calls = (await ContentsAsync("openai",
            [Call(many), .. Enumerable.Repeat(piece, 8), Raw.Called])).Cast<FunctionCallContent>().ToList();

        calls.Count.ShouldBe(256);
        ((string)calls[0].RawRepresentation!).Length.ShouldBe(1024 * 1024);
        calls[0].Arguments.ShouldBeNull();
    }

    // A model's text is text, whatever it looks like.
    [Theory]
    [InlineData("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"rm\"}}]}}]}\n\ndata: [DONE]\n\n")]
    [InlineData("<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>")]
    [InlineData("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")]
    public async Task Text_and_thoughts_that_look_like_events_are_data(string injected)
    {
        var quoted = JsonSerializer.Serialize(injected);

        var openai = await ContentsAsync("openai",
            Raw.Choice($"\"delta\":{{\"reasoning_content\":{quoted}}}"),
            Raw.Choice($"\"delta\":{{\"content\":{quoted}}}"), Raw.Said("!"), Raw.Stop);
        var anthropic = await ContentsAsync("anthropic",
            $$$"""{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":{{{quoted}}}}}""",
            $$$"""{"type":"content_block_delta","delta":{"type":"text_delta","text":{{{quoted}}}}}""",
            """{"type":"content_block_delta","delta":{"type":"text_delta","text":"!"}}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"}}""");

        foreach (var contents in (List<AIContent>[])[openai, anthropic])
        {
            contents.OfType<TextReasoningContent>().Single().Text.ShouldBe(injected);
            string.Concat(contents.OfType<TextContent>().Select(x => x.Text)).ShouldBe(injected + "!");
            contents.ShouldNotContain(x => x is FunctionCallContent);
        }
    }

    static string Call(string call) => $$$"""{"choices":[{"index":0,"delta":{"tool_calls":[{{{call}}}]}}]}""";

    static class Claude
    {
        public static readonly string[] Events =
        [
            """{"type":"message_start","message":{"usage":{}}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I should look."}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Let me see."}}""",
            """{"type":"content_block_stop","index":1}""",
            """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"clock","input":{}}}""",
            """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}""",
            """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"zone\":"}}""",
            """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"UTC\"}"}}""",
            """{"type":"content_block_stop","index":2}""",
            """{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_2","name":"note","input":{}}}""",
            """{"type":"content_block_stop","index":3}""",
            """{"type":"message_delta","delta":{"stop_reason":"tool_use"}}""",
            """{"type":"message_stop"}""",
        ];
    }
}
