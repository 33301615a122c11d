using Cote.Models;

namespace Cote.Tests.Models.Wire;

/// <summary>Text is found where compatible servers put it, and what carries none does no harm.</summary>
public sealed class ReplyTextTests : WireTests
{
    const string Done = "data: [DONE]\n\n";

    [Theory]
    [InlineData("[{\"type\":\"text\",\"text\":\"whole answer\"}]")]
    [InlineData(
        "[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"secret\"}]},{\"type\":\"text\",\"text\":\"whole answer\"}]")]
    [InlineData(
        "[{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"secret\"}]},{\"type\":\"text\",\"text\":\"whole answer\"}]")]
    [InlineData("[\"whole \",\"answer\"]")]
    [InlineData("{\"type\":\"text\",\"text\":\"whole answer\"}")]
    [InlineData("[{\"text\":\"whole answer\"}]")]
    [InlineData(
        "[{\"type\":\"output_text\",\"text\":\"whole answer\"},{\"type\":\"image_url\",\"image_url\":{}},null,7]")]
    public async Task Content_may_be_a_list_of_parts_and_thoughts_are_no_text(string content)
    {
        var body = Raw.Events(Raw.Choice($"\"delta\":{{\"content\":{content}}}"), Raw.Stop);

        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(body + Done)));

        answer.Text.ShouldBe("whole answer");
        answer.Finish.ShouldBe("stop");
    }

    public static TheoryData<string, string> WholeBodies => new()
    {
        { "application/json",
            """{"choices":[{"message":{"role":"assistant","content":"whole answer"},"finish_reason":"stop"}]}""" },
        { "text/event-stream",
            """{"choices":[{"message":{"role":"assistant","content":"whole answer"},"finish_reason":"stop"}]}""" },
        { "text/event-stream",
            "{\"choices\":[{\"message\":{\"content\":\"whole answer\"},\"finish_reason\":\"stop\"}]}\n\n" + Done },
        { "text/event-stream",
            "{\"choices\":[{\"message\":{\"content\":\"whole answer\"},\"finish_reason\":\"stop\"}]}\n" + Done },
        { "application/json",
            "{\n  \"choices\": [\n    {\n      \"message\": {\"content\": \"whole answer\"},\n      "
                + "\"finish_reason\": \"stop\"\n    }\n  ]\n}\n" },
        { "application/json", """{"choices":[{"message":{"content":"whole answer"}}]}""" },
        { "application/json",
            """{"choices":[{"message":{"content":[{"type":"text","text":"whole answer"}]},"finish_reason":null}]}""" },
        { "application/json",
            """[{"choices":[{"delta":{"content":"whole "}}]},{"choices":[{"delta":{"content":"answer"},"finish_reason":"stop"}]}]""" },
        { "application/json", "\uFEFF" + """  {"choices":[{"text":"whole answer","finish_reason":"stop"}]}""" },
        { "application/x-ndjson", Raw.Whole + "\n" + Raw.Stop + "\n" },
        { "text/plain",
            "data: {\"object\":\"chat.completion\",\"choices\":[{\"message\":{\"content\":\"whole answer\"}}]}\n\n" },
        { "text/event-stream",
            Raw.Events(Raw.Choice("\"text\":\"whole answer\",\"finish_reason\":null"),
                Raw.Choice("\"text\":\"\",\"finish_reason\":\"stop\"")) },
        { "text/event-stream",
            Raw.Events(Raw.Choice("\"message\":{\"content\":\"whole \"}"),
                Raw.Choice("\"message\":{\"content\":\"answer\"}"), Raw.Stop) },
        { "text/event-stream",
            Raw.Events(Raw.Said("whole answer"),
                Raw.Choice("\"message\":{\"content\":\"whole answer\"},\"finish_reason\":\"stop\"")) },
    };

    [Theory, MemberData(nameof(WholeBodies))]
    public async Task A_whole_answer_is_taken_though_a_stream_was_asked_for(string type, string body)
    {
        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(body, "Content-Type: " + type)));

        answer.ShouldBe(new("whole answer", "stop", null, null, ""));
        Server.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task A_whole_message_of_Anthropic_is_taken_though_a_stream_was_asked_for()
    {
        const string Body =
            """{"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"whole answer"}],"stop_reason":"max_tokens","usage":{"input_tokens":5,"output_tokens":2}}""";

        var answer = await AskAsync(FakeReply.Bytes(Raw.Sized(Body)), "anthropic");

        (answer.Text, answer.Thoughts, answer.Finish).ShouldBe(("whole answer", "hm", "length"));
        (answer.Usage!.InputTokenCount, answer.Usage.OutputTokenCount).ShouldBe((5, 2));
    }

    [Theory]
    [InlineData("data: \n\n")]
    [InlineData("data:\n\n")]
    [InlineData("data:    \n\n")]
    [InlineData("data: : OPENROUTER PROCESSING\n\n")]
    [InlineData(": OPENROUTER PROCESSING\n\n")]
    [InlineData("event: ping\ndata: ping\n\n")]
    [InlineData("event: keepalive\ndata:\n\n")]
    [InlineData("event: ping\ndata: {\"type\":\"ping\"}\n\n")]
    [InlineData("data: null\n\n")]
    [InlineData("data: \"ping\"\n\n")]
    [InlineData("data: [heartbeat]\n\n")]
    [InlineData("data: {}\n\n")]
    [InlineData("data: {\"message\":\"queued\",\"status\":\"processing\"}\n\n")]
    [InlineData("data: {\"choices\":null,\"usage\":null}\n\n")]
    [InlineData("data: {\"choices\":[{}]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":null}]}\n\n")]
    [InlineData("data: {\"choices\":[null]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":null,\"tool_calls\":[]}}]}\n\n")]
    [InlineData("foo: bar\n\n")]
    [InlineData("id: 7\nretry: 3000\n\n")]
    public async Task What_carries_nothing_is_passed_over(string nothing)
    {
        foreach (var nl in (string[])["\n", "\r\n", "\r"])
        {
            var body = nothing + Raw.Events(Raw.Said("whole "))
                + nothing + Raw.Events(Raw.Said("answer"), Raw.Stop) + nothing + Done;

            var answer = await AskAsync(FakeReply.Bytes(Raw.Open(body.Replace("\n", nl, StringComparison.Ordinal))));

            answer.ShouldBe(new("whole answer", "stop", null, null, ""));
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("\"\"")]
    [InlineData("\" \"")]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("[]")]
    public async Task An_error_that_says_nothing_is_none(string error)
    {
        var chunk = Raw.Said("whole answer")[..^1] + $",\"error\":{error}}}";

        (await AskAsync(FakeReply.Bytes(Raw.Open(Raw.Events(chunk, Raw.Stop)))))
            .ShouldBe(new("whole answer", "stop", null, null, ""));
    }

    [Theory]
    [InlineData("{\"prompt_tokens\":5.0,\"completion_tokens\":2.0}", "null")]
    [InlineData("{\"prompt_tokens\":\"5\",\"completion_tokens\":\"2\"}", "{}")]
    [InlineData("{\"prompt_tokens\":5,\"completion_tokens\":2}", "{}")]
    [InlineData("{\"prompt_tokens\":5,\"completion_tokens\":2}", "{\"prompt_tokens\":0,\"completion_tokens\":0}")]
    [InlineData("{\"input_tokens\":5,\"output_tokens\":2}", "[]")]
    [InlineData("{\"prompt_tokens\":5}", "{\"completion_tokens\":2}")]
    [InlineData("\"none\"", "{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":null}")]
    public async Task Usage_is_read_wherever_it_is_once_there(string first, string last)
    {
        var body = Raw.Events(Raw.Said("x"), Raw.Stop[..^1] + $",\"usage\":{first}}}",
            $"{{\"choices\":[],\"usage\":{last}}}", "[DONE]");

        var usage = (await AskAsync(FakeReply.Bytes(Raw.Open(body)))).Usage!;

        (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount).ShouldBe((5, 2, 7));
    }

    [Theory]
    [InlineData("\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}")]
    [InlineData("\"finish_reason\":\"stop\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}")]
    public async Task Usage_may_stand_in_the_choice(string members)
    {
        var usage = (
            await AskAsync(FakeReply.Bytes(Raw.Open(Raw.Events(Raw.Said("x"), Raw.Choice(members), "[DONE]"))))).Usage!;

        (usage.InputTokenCount, usage.OutputTokenCount).ShouldBe((5, 2));
    }

    [Theory]
    [InlineData("openai", "reasoning_content")]
    [InlineData("openai", "reasoning")]
    public async Task Thoughts_are_told_apart_from_text(string wire, string field)
    {
        var body = Raw.Events(Raw.Choice($"\"delta\":{{\"content\":null,\"{field}\":\"hm \"}}"),
            Raw.Said("answer"), Raw.Stop);

        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(body)), wire);

        (answer.Text, answer.Thoughts).ShouldBe(("answer", "hm "));
    }

    [Theory]
    [InlineData("A\\ud83d", "\\udd4aB", "A\U0001f54aB")]
    [InlineData("A\\uD83D\\n", "B", "A\uFFFD\nB")]
    [InlineData("\\ud83d", "\\ud83d\\ude00", "\uFFFD\U0001f600")]
    public async Task Half_a_surrogate_pair_in_a_chunk_fails_neither_wire(string first, string second, string expected)
    {
        string Delta(string text) =>
            $"data: {{\"type\":\"content_block_delta\",\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n";
        var filter = new WellFormedText();

        var openai = await AskAsync(FakeReply.Bytes(Raw.Open(Raw.Events(Raw.Said(first), Raw.Said(second), Raw.Stop))));
        var anthropic = await AskAsync(FakeReply.Bytes(Raw.Open(Delta(first) + Raw.Claude(second, "end_turn"))),
            "anthropic");

        (filter.Next(openai.Text) + filter.Finish()).ShouldBe(expected);
        (filter.Next(anthropic.Text) + filter.Finish()).ShouldBe(expected);
        anthropic.Fault.ShouldBeNull();
    }

    [Fact]
    public async Task Text_that_is_no_UTF_8_is_shown_with_a_stand_in()
    {
        var body = Raw.Open(Raw.Events(Raw.Said("a?b"), Raw.Stop));
        body[Array.IndexOf(body, (byte)'?', body.AsSpan().IndexOf("content\":"u8))] = 0xFF;

        (await AskAsync(FakeReply.Bytes(body))).ShouldBe(new("a\uFFFDb", "stop", null, null, ""));
    }
}
