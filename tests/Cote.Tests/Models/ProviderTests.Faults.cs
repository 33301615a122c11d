using System.Net;
using System.Net.Sockets;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models;

public sealed partial class ProviderTests
{
    public static TheoryData<string, string, string, bool, int?> Faults()
    {
        var data = new TheoryData<string, string, string, bool, int?>();
        foreach (var wire in (string[])["openai", "anthropic"])
        {
            data.Add(wire, "wrong key", "unauthorized", false, null);
            data.Add(wire, "forbidden", "unauthorized", false, null);
            data.Add(wire, "too many requests", "rate_limited", true, 7);
            data.Add(wire, "too many requests until a date", "rate_limited", true, 90);
            data.Add(wire, "overloaded", "rate_limited", true, null);
            data.Add(wire, "overloaded in the stream", "rate_limited", true, null);
            data.Add(wire, "internal error", "bad_upstream", true, null);
            data.Add(wire, "internal error in the stream", "bad_upstream", true, null);
            data.Add(wire, "gateway timeout", "timeout", true, null);
            data.Add(wire, "request timeout", "timeout", true, null);
            data.Add(wire, "unknown model", "bad_upstream", false, null);
            data.Add(wire, "bad request", "bad_upstream", false, null);
            data.Add(wire, "redirect", "bad_upstream", false, null);
            data.Add(wire, "context", "context_too_long", false, null);
            data.Add(wire, "context in the stream", "context_too_long", false, null);
            data.Add(wire, "cut before the first token", "bad_upstream", true, null);
            data.Add(wire, "garbage", "bad_upstream", false, null);
            data.Add(wire, "web page", "bad_upstream", false, null);
        }
        data.Add("openai", "quota", "rate_limited", false, null);
        return data;
    }

    [Theory, MemberData(nameof(Faults))]
    public async Task A_fault_is_told_in_the_words_of_the_contract(
        string wire, string name, string code, bool retryable, int? retryAfter)
    {
        Server.Script = Script(wire, name);

        var fault = await FaultOf(wire);

        fault.Code.ShouldBe(code);
        fault.Retryable.ShouldBe(retryable);
        fault.RetryAfter.ShouldBe(retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        fault.Detail.ShouldNotContain("sk-secret");
        Server.Calls.ShouldBe(1, "the client makes no call of its own accord again");
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_refused_connection_is_a_bad_upstream(string wire)
    {
        using var reserved = new TcpListener(IPAddress.Loopback, 0);
        reserved.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)reserved.LocalEndpoint).Port}";
        reserved.Stop();

        var thrown = await Should.ThrowAsync<Exception>(() => Read(Client(wire, url)));

        ModelFault.Of(thrown).ShouldBe(ModelFault.Broken);
    }

    [Fact]
    public async Task Half_a_surrogate_pair_survives_the_OpenAI_wire()
    {
        Server.Script = FakeReply.Text("a\"\\\n\ud83d", "\ude00\0b");
        var filter = new WellFormedText();

        var chunks = await Stream("openai").Select(update => update.Text).ToListAsync();

        string.Concat(chunks).ShouldBe("a\"\\\n😀\0b");
        (string.Concat(chunks.Select(filter.Next)) + filter.Finish()).ShouldBe("a\"\\\n😀\uFFFDb");
    }

    [Theory]
    [InlineData("""{"choices":[{"delta":{"content":"x"},"finish_reason":""}]}""")]
    [InlineData("""{"id":null,"choices":[{"delta":{"content":"x","role":""}}],"usage":null}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{"reasoning_content":"hm","content":null}}]}""")]
    [InlineData("""{"choices":null}""")]
    [InlineData("""{"choices":[],"prompt_filter_results":[]}""")]
    public async Task A_compatibleServer_may_be_sloppy(string chunk)
    {
        Server.Script = FakeReply.Text("a").ThenRaw(chunk).Then("b") with { FinishReason = "eos" };

        var (text, reason) = await Read("openai");

        text.Replace("x", "", StringComparison.Ordinal).ShouldBe("ab");
        reason.ShouldBe(new ChatFinishReason("eos"));
    }

    FakeReply Script(string wire, string name) => name switch
    {
        "wrong key" => FakeReply.Refuse(401),
        "forbidden" => FakeReply.Refuse(403),
        "too many requests" => FakeReply.Refuse(429, null, ("Retry-After", "7")),
        "too many requests until a date" => FakeReply.Refuse(429, null,
            ("Date", "Sun, 22 Nov 2026 07:10:00 GMT"), ("Retry-After", "Sun, 22 Nov 2026 07:11:30 GMT")),
        "overloaded" => FakeReply.Refuse(529),
        "overloaded in the stream" => FakeReply.Text("Hel").ThenError("overloaded_error"),
        "internal error" => FakeReply.Refuse(500),
        "internal error in the stream" => FakeReply.Text("Hel").ThenError("api_error"),
        "gateway timeout" => FakeReply.Refuse(504, "<html>"),
        "request timeout" => FakeReply.Refuse(408),
        "unknown model" => FakeReply.Refuse(404),
        "bad request" => FakeReply.Refuse(400),
        "redirect" => FakeReply.Refuse(307, null, ("Location", Server.AnthropicUrl + "/v1/messages")),
        "context" => FakeReply.Refuse(400, wire == "openai"
            ? """{"error":{"message":"x","type":"invalid_request_error","code":"context_length_exceeded"}}"""
            : """{"error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8"}}"""),
        "context in the stream" => FakeReply.Text().ThenError("invalid_request_error", "prompt is too long: 9 > 8"),
        "cut before the first token" => FakeReply.Text().ThenCut(),
        "garbage" => FakeReply.Text("Hel").ThenRaw("{oops sk-secret"),
        "web page" => FakeReply.Page("<html>sk-secret</html>"),
        "quota" => FakeReply.Refuse(429, """{"error":{"code":"insufficient_quota","message":"sk-secret"}}"""),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    async Task<ModelFault> FaultOf(string wire) =>
        ModelFault.Of(await Should.ThrowAsync<Exception>(() => Read(wire).InTimeAsync()));
}
