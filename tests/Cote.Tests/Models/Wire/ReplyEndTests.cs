using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models.Wire;

/// <summary>What has come decides how a reply ends.</summary>
public sealed class ReplyEndTests : WireTests
{
    static readonly string Finished = Raw.Events(Raw.Whole, Raw.Stop);

    [Theory]
    [InlineData("")]
    [InlineData("data: [DONE] \n\n")]
    [InlineData("data:  [DONE]\n\n")]
    [InlineData("data: [done]\n\n")]
    [InlineData("data: \"[DONE]\"\n\n")]
    [InlineData("data: '[DONE]'\n\n")]
    [InlineData("data:[ Done ]")]
    [InlineData("data: upstream error: read ECONNRESET\n\n")]
    [InlineData("data: {\"error\":{\"message\":\"usage accounting failed\",\"type\":\"server_error\"}}\n\n")]
    [InlineData("event: error\ndata: {\"message\":\"late\",\"code\":429}\n\n")]
    [InlineData("data: {\"choices\":[{\"del\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n")]
    [InlineData("<html>502 Bad Gateway</html>")]
    public async Task After_a_finish_reason_nothing_can_fail_the_answer(string tail)
    {
        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(Finished + tail)));

        answer.ShouldBe(new("whole answer", "stop", null, null, ""));
    }

    [Theory]
    [InlineData("chunked")]
    [InlineData("in a chunk")]
    [InlineData("length")]
    [InlineData("reset")]
    [InlineData("a line without end")]
    public async Task After_a_finish_reason_no_kind_of_broken_connection_fails_the_answer(string kind)
    {
        var gate = new Gate();
        var asked = AskAsync(Broken(kind, Finished, gate));
        gate.Open();

        var answer = await asked;

        answer.Text.ShouldBe("whole answer");
        answer.Finish.ShouldBe("stop");
    }

    [Theory]
    [InlineData("close-delimited")]
    [InlineData("chunked")]
    [InlineData("in a chunk")]
    [InlineData("length")]
    [InlineData("half a JSON")]
    [InlineData("half a line")]
    [InlineData("half a gzip")]
    [InlineData("an empty error event")]
    public async Task A_connection_that_breaks_after_text_leaves_a_truncated_reply(string kind)
    {
        var answer = await AskAsync(Broken(kind, Raw.Events(Raw.Said("part")), new Gate()));

        answer.Text.ShouldBe("part");
        answer.Finish.ShouldBeNull();
        answer.Fault!.Code.ShouldBe("truncated");
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_connection_that_is_reset_after_text_leaves_a_truncated_reply(string wire)
    {
        var gate = new Gate();
        var body = wire == "openai" ? Raw.Events(Raw.Said("part")) : Raw.Claude("part");
        Server.Script = FakeReply.Bytes(Raw.Chunked(body)).ThenWaitFor(gate).ThenReset();
        var text = "";
        Exception? thrown = null;

        try
        {
            await foreach (var update in Client(wire).GetStreamingResponseAsync([new(ChatRole.User, "Hi")]))
            {
                text += update.Text;
                if (text == "part")
                    gate.Open(); // A reset takes what was not read with it.
            }
        }
        catch (Exception error)
        {
            thrown = error;
        }

        text.ShouldBe("part");
        ModelFault.Of(thrown!).Code.ShouldBe("truncated");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("\"  \"")]
    [InlineData("0")]
    public async Task DONE_without_a_finish_reason_is_a_clean_end(string reason)
    {
        var chunk = Raw.Choice($"\"delta\":{{\"content\":\"hi\"}},\"finish_reason\":{reason}");

        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(Raw.Events(chunk, "[DONE]"))));

        answer.ShouldBe(new("hi", "stop", null, null, ""));
    }

    [Theory]
    [InlineData("data: {0}")]
    [InlineData("data: {0}\n")]
    [InlineData("data: {0}\r")]
    [InlineData("event: message\ndata: {0}\n")]
    public async Task The_last_event_of_a_body_counts_without_its_blank_line(string end)
    {
        var body = Raw.Events(Raw.Whole) + end.Replace("{0}", Raw.Stop, StringComparison.Ordinal);

        (await AskAsync(FakeReply.Bytes(Raw.Open(body)))).ShouldBe(new("whole answer", "stop", null, null, ""));
        (await AskAsync(FakeReply.Bytes(Raw.Chunked(body)))).ShouldBe(new("whole answer", "stop", null, null, ""));
    }

    [Theory]
    [InlineData("")]
    [InlineData(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n")]
    [InlineData("data: {\"type\":\"message_st")]
    [InlineData("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")]
    public async Task After_a_stop_reason_of_Anthropic_nothing_can_fail_the_answer(string tail)
    {
        var answer = await AskAsync(FakeReply.Bytes(Raw.Chunked(Raw.Claude("whole answer", "end_turn", tail))),
            "anthropic");

        answer.Text.ShouldBe("whole answer");
        answer.Finish.ShouldBe("stop");
        answer.Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData("openai", "stop", "stop")]
    [InlineData("openai", "STOP", "stop")]
    [InlineData("openai", "length", "length")]
    [InlineData("openai", "model_length", "length")]
    [InlineData("openai", "MAX_TOKENS", "length")]
    [InlineData("openai", "content_filter", "content_filter")]
    [InlineData("openai", "sensitive", "content_filter")]
    [InlineData("openai", "SAFETY", "content_filter")]
    [InlineData("openai", "tool_calls", "tool_calls")]
    [InlineData("openai", "function_call", "tool_calls")]
    [InlineData("openai", "eos", "eos")]
    [InlineData("openai", "some new word", "some new word")]
    [InlineData("anthropic", "end_turn", "stop")]
    [InlineData("anthropic", "stop_sequence", "stop")]
    [InlineData("anthropic", "max_tokens", "length")]
    [InlineData("anthropic", "model_context_window_exceeded", "length")]
    [InlineData("anthropic", "refusal", "content_filter")]
    [InlineData("anthropic", "tool_use", "tool_calls")]
    [InlineData("anthropic", "pause_turn", "pause_turn")]
    public async Task A_finish_reason_is_told_in_one_vocabulary(string wire, string word, string expected)
    {
        var body = wire == "openai"
            ? Raw.Events(Raw.Said("cut"), Raw.Choice($"\"delta\":{{}},\"finish_reason\":\"{word}\""), "[DONE]")
            : Raw.Claude("cut", word);

        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(body)), wire);

        answer.Text.ShouldBe("cut");
        answer.Finish.ShouldBe(expected);
        answer.Fault.ShouldBeNull();
    }

    [Theory]
    [InlineData("insufficient_system_resource", "rate_limited")]
    [InlineData("network_error", "bad_upstream")]
    [InlineData("error", "bad_upstream")]
    [InlineData("Error", "bad_upstream")]
    [InlineData("abort", "truncated")]
    [InlineData("cancelled", "truncated")]
    [InlineData("timeout", "timeout")]
    public async Task A_finish_reason_that_means_a_broken_run_is_a_fault(string word, string code)
    {
        var end = Raw.Choice($"\"delta\":{{}},\"finish_reason\":\"{word}\"");

        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(Raw.Events(Raw.Said("part"), end, "[DONE]"))));

        answer.Text.ShouldBe("part");
        answer.Finish.ShouldBeNull();
        answer.Fault!.Code.ShouldBe(code);
        answer.Fault.Retryable.ShouldBeFalse("the model has run and is paid");
    }

    static FakeReply Broken(string kind, string body, Gate gate) => kind switch
    {
        "close-delimited" => FakeReply.Bytes(Raw.Open(body)),
        "chunked" => FakeReply.Bytes(Raw.Chunked(body)),
        "in a chunk" => FakeReply.Bytes(Raw.Chunked(body, missing: 500)),
        "length" => FakeReply.Bytes(Raw.Open(body, "Content-Type: text/event-stream\r\nContent-Length: 9999")),
        "reset" => FakeReply.Bytes(Raw.Chunked(body)).ThenWaitFor(gate).ThenReset(),
        "half a JSON" => FakeReply.Bytes(Raw.Open(body + "data: {\"choices\":[{\"delta\":{\"con")),
        "half a line" => FakeReply.Bytes(Raw.Chunked(body + "da")),
        "an empty error event" => FakeReply.Bytes(Raw.Open(body + "event: error\n\n")),
        "a line without end" => FakeReply.Bytes(Raw.Open(body + new string('x', 3_000_000))),
        "half a gzip" => FakeReply.Bytes([.. Raw.Open("", "Content-Encoding: gzip"), .. HalfGzip(body)]),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    static byte[] HalfGzip(string body)
    {
        var packed = new MemoryStream();
        var gzip = new GZipStream(packed, CompressionLevel.Fastest);
        gzip.Write(Encoding.UTF8.GetBytes(body));
        gzip.Flush(); // Without the trailer.
        return packed.ToArray();
    }
}
