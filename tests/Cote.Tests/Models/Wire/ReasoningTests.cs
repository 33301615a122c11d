using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models.Wire;

/// <summary>Thoughts are read wherever they stand, and given back to the model that made them alone.</summary>
public sealed class ReasoningTests : WireTests
{
    static readonly ChatMessage Question = new(ChatRole.User, "What time is it?");

    [Theory]
    [InlineData("""{"reasoning_content":"hm"}""")]
    [InlineData("""{"reasoning":"hm"}""")]
    [InlineData("""{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}""")]
    [InlineData("""{"reasoning_details":[{"type":"reasoning.summary","summary":"hm"},{"type":"reasoning.encrypted","data":"x"}]}""")]
    [InlineData("""{"content":[{"type":"thinking","thinking":"hm"}]}""")]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}""")]
    [InlineData("""{"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]}]}""")]
    [InlineData("""{"content":[{"type":"reasoning","text":"hm"}]}""")]
    public async Task A_thought_is_read_wherever_it_stands(string delta)
    {
        var contents = await ContentsAsync("openai", Raw.Choice($"\"delta\":{delta}"), Raw.Said("answer"), Raw.Stop);

        contents[0].ShouldBeOfType<TextReasoningContent>().Text.ShouldBe("hm");
        contents[1].ShouldBeOfType<TextContent>().Text.ShouldBe("answer");
        contents.Count.ShouldBe(2, "an answer without calls has nothing to give back");
    }

    [Fact]
    public async Task A_repeat_of_the_whole_answer_thinks_nothing_twice()
    {
        var contents = await ContentsAsync("openai", Raw.Choice("\"delta\":{\"reasoning_content\":\"hm\"}"),
            Raw.Said("answer"), Raw.Choice(
                "\"message\":{\"reasoning_content\":\"hm\",\"content\":\"answer\"},\"finish_reason\":\"stop\""));

        contents.OfType<TextReasoningContent>().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Anthropics_thoughts_come_back_to_the_letter_in_the_order_of_the_blocks()
    {
        var answer = await ContentsAsync("anthropic",
            """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I must \u201clook\u201d.\n"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\ud83d"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\ude00"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln+/=="}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZGF0YQ=="}}""",
            """{"type":"content_block_stop","index":1}""",
            """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"clock","input":{}}}""",
            """{"type":"content_block_stop","index":2}""",
            """{"type":"message_delta","delta":{"stop_reason":"tool_use"}}""");

        var sent = await SentAsync("anthropic", new() { Reasoning = new() { Effort = ReasoningEffort.Medium } },
            Question, new(ChatRole.Assistant, answer), Result("t1"));

        var blocks = sent.Messages[1].GetProperty("content");
        blocks.GetArrayLength().ShouldBe(3);
        blocks[0].GetProperty("type").GetString().ShouldBe("thinking");
        blocks[0].GetProperty("thinking").GetString().ShouldBe("I must “look”.\n😀");
        blocks[0].GetProperty("signature").GetString().ShouldBe("c2ln+/==");
        blocks[1].GetRawText().ShouldBe("""{"type":"redacted_thinking","data":"ZGF0YQ=="}""");
        blocks[2].GetProperty("type").GetString().ShouldBe("tool_use");
        sent.Body.GetProperty("thinking").GetProperty("budget_tokens").GetInt32().ShouldBe(4_096);
    }

    [Fact]
    public async Task DeepSeek_and_OpenRouter_get_their_thoughts_with_the_results()
    {
        var answer = await ContentsAsync("openai",
            Raw.Choice("\"delta\":{\"reasoning_content\":\"I must \"}"),
            Raw.Choice("\"delta\":{\"reasoning_content\":\"look.\"}"),
            Raw.Choice("""
                "delta":{"reasoning_details":[{"type":"reasoning.text","text":"I ","signature":null,"index":0}]}
                """),
            Raw.Choice("""
                "delta":{"reasoning_details":[{"type":"reasoning.text","text":"look","signature":"s","index":0},{"type":"reasoning.encrypted","data":"x","id":"r1","index":0}]}
                """),
            Raw.Choice("""
                "delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"clock","arguments":"{}"}}]}
                """), Raw.Called);

        var sent = await SentAsync("openai", null, Question, new(ChatRole.Assistant, answer), Result("c1"));

        sent.Messages[1].GetProperty("reasoning_content").GetString().ShouldBe("I must look.");
        sent.Messages[1].GetProperty("reasoning_details").GetRawText().ShouldBe(
            """[{"type":"reasoning.text","text":"I look","signature":"s","index":0},{"type":"reasoning.encrypted","data":"x","id":"r1","index":0}]""");

        var later = await SentAsync("openai", null, Question, new(ChatRole.Assistant, answer), Result("c1"),
            new(ChatRole.Assistant, "Noon."), new(ChatRole.User, "Thanks"));
        later.Messages.GetRawText().ShouldNotContain("I must look.", customMessage: "that question is answered");
    }

    [Fact]
    public async Task Only_the_model_that_thought_gets_its_thoughts()
    {
        var thought = new TextReasoningContent("secret")
        {
            ProtectedData =
            """{"by":"anthropic:anthropic/fake","data":{"type":"thinking","thinking":"secret","signature":"s"}}"""
        };
        ChatMessage[] prompt =
        [
            Question, new(ChatRole.Assistant, [thought, new FunctionCallContent("c1", "clock")]), Result("c1"),
        ];

        (await SentAsync("anthropic", null, prompt)).Messages.GetRawText().ShouldContain("secret");
        (await SentAsync("openai", null, prompt)).Messages.GetRawText().ShouldNotContain("secret");
        var other = new WireChatClient("anthropic", "other", new AnthropicWire((AnthropicOptions)Options("anthropic",
            Server.AnthropicUrl, null)), new ModelHttp(TimeProvider.System),
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await AskAsync(other, prompt, new() { Reasoning = new() { Effort = ReasoningEffort.High } });
        Server.Requests[^1].Messages.GetRawText().ShouldNotContain("secret");
        Server.Requests[^1].Body.TryGetProperty("thinking", out _).ShouldBeFalse("the API wants thoughts before calls");

        foreach (var data in (string[])["", "{", "null", "[]", """{"by":"anthropic:anthropic/fake","data":"x"}"""])
            (await SentAsync("anthropic", null, Question, new(ChatRole.Assistant,
                [new TextReasoningContent("secret") { ProtectedData = data }, new TextContent("x")])))
                .Messages.GetRawText().ShouldNotContain("secret");
    }

    [Fact]
    public async Task A_server_that_refuses_its_thoughts_is_asked_without_them()
    {
        var thought = new TextReasoningContent("")
        {
            ProtectedData =
            """{"by":"openai:openai/fake","data":{"reasoning_content":"hm"}}"""
        };
        Server.Answer = x => x.Body.GetRawText().Contains("reasoning_content", StringComparison.Ordinal)
            ? FakeReply.Refuse(400,
                """{"error":{"message":"'messages.1' : for 'role:assistant' property 'reasoning_content' is unsupported"}}""")
            : FakeReply.Text("Noon.");

        (await AskAsync(Client(), [Question,
            new(ChatRole.Assistant, [thought, new FunctionCallContent("c1", "clock")]), Result("c1")])).Text
            .ShouldBe("Noon.");

        Server.Calls.ShouldBe(2);
    }

    [Theory]
    [InlineData(ReasoningEffort.None, 8_192, null)]
    [InlineData(ReasoningEffort.Low, 8_192, 1_638)]
    [InlineData(ReasoningEffort.Low, 2_048, 1_024)]
    [InlineData(ReasoningEffort.High, 10_000, 8_000)]
    [InlineData(ReasoningEffort.High, 2_047, null)]
    public async Task Anthropic_thinks_within_the_limit_of_the_reply(ReasoningEffort effort, int most, int? budget)
    {
        var body = (await SentAsync("anthropic", new()
        {
            Reasoning = new() { Effort = effort },
            MaxOutputTokens = most,
            Temperature = 0.5f,
            TopP = 0.5f,
        }, Question)).Body;

        (body.TryGetProperty("thinking", out var thinking) ? thinking.GetProperty("budget_tokens").GetInt32()
            : (int?)null).ShouldBe(budget);
        body.TryGetProperty("temperature", out _).ShouldBe(budget is null);
        body.TryGetProperty("top_p", out _).ShouldBe(budget is null);
        body.GetProperty("max_tokens").GetInt32().ShouldBe(most);
    }

    [Fact]
    public async Task A_model_of_Anthropics_that_cannot_think_is_asked_without()
    {
        Server.Answer = x => x.Body.TryGetProperty("thinking", out _)
            ? FakeReply.Refuse(400, """{"error":{"message":"thinking: Extra inputs are not permitted"}}""")
            : FakeReply.Text("Noon.");

        (await AskAsync(Client("anthropic"), [Question], new() { Reasoning = new() { Effort = ReasoningEffort.Low } }))
            .Text.ShouldBe("Noon.");
    }

    [Theory]
    [InlineData("openai", "{\"prompt_tokens\":9,\"completion_tokens\":4,\"prompt_tokens_details\":{\"cached_tokens\":5},\"completion_tokens_details\":{\"reasoning_tokens\":3}}")]
    [InlineData("openai", "{\"input_tokens\":9,\"output_tokens\":4,\"input_tokens_details\":{\"cached_tokens\":5},\"output_tokens_details\":{\"reasoning_tokens\":3}}")]
    [InlineData("openai", "{\"prompt_tokens\":9,\"completion_tokens\":4,\"prompt_cache_hit_tokens\":5,\"reasoning_tokens\":\"3\"}")]
    [InlineData("anthropic", "{\"input_tokens\":3,\"cache_read_input_tokens\":5,\"cache_creation_input_tokens\":1,\"output_tokens\":4}")]
    public async Task Usage_says_what_came_from_a_cache_and_what_was_thought(string wire, string usage)
    {
        var contents = wire == "openai"
            ? await ContentsAsync(wire, Raw.Said("x"), Raw.Stop, $"{{\"choices\":[],\"usage\":{usage}}}", "[DONE]")
            : await ContentsAsync(wire, $"{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\"usage\":{usage}}}");

        var details = contents.OfType<UsageContent>().Last().Details;
        (details.InputTokenCount, details.OutputTokenCount, details.CachedInputTokenCount).ShouldBe((9, 4, 5));
        details.ReasoningTokenCount.ShouldBe(wire == "openai" ? 3 : null);
    }

    static ChatMessage Result(string id) => new(ChatRole.Tool, [new FunctionResultContent(id, "12:00")]);
}
