using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Cote.Models;
using Cote.Primitives;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Assistants;

/// <summary>What holds on both wires alike: streaming, cancellation, connections, keys, faults.</summary>
public sealed class ProviderTests : WireTests
{
    static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(300);

    [Theory, MemberData(nameof(Wires))]
    public async Task A_reply_streams_chunk_by_chunk_with_its_finish_reason_and_usage(string wire)
    {
        var gate = new Gate();
        Server.Script = FakeReply.Text("Hello").ThenWaitFor(gate).Then(", wörld 🕊️");

        await using var reply = Stream(wire).GetAsyncEnumerator();
        var text = "";
        while (text == "")
        {
            (await reply.MoveNextAsync()).ShouldBeTrue();
            text += reply.Current.Text;
        }
        text.ShouldBe("Hello", "the first chunk is here while the server still waits");
        gate.Open();
        List<ChatResponseUpdate> rest = [];
        while (await reply.MoveNextAsync())
        {
            rest.Add(reply.Current);
        }

        string.Concat(rest.Select(update => update.Text)).ShouldBe(", wörld 🕊️");
        rest.Last(update => update.FinishReason is not null).FinishReason.ShouldBe(ChatFinishReason.Stop);
        var usage = rest.SelectMany(update => update.Contents).OfType<UsageContent>().ShouldHaveSingleItem().Details;
        usage.InputTokenCount.ShouldBe(11);
        usage.OutputTokenCount.ShouldBe(7);
        Server.Calls.ShouldBe(1);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task The_finish_reason_tells_a_reply_that_hit_its_limit(string wire)
    {
        Server.Script = FakeReply.Text("Hel") with { FinishReason = "length" };

        (await Read(wire)).FinishReason.ShouldBe(ChatFinishReason.Length);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_stream_that_just_ends_has_no_finish_reason(string wire)
    {
        Server.Script = FakeReply.Text("Hel").ThenNothing();

        var (text, reason) = await Read(wire);

        text.ShouldBe("Hel");
        reason.ShouldBeNull();
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_prompt_keeps_its_roles_limits_and_images(string wire)
    {
        var png = new byte[] { 0x89, 0x50, 0x4E, 0x47 };
        List<ChatMessage> prompt =
        [
            new(ChatRole.System, "Be brief."),
            new(ChatRole.User, "Hi"),
            new(ChatRole.Assistant, "Hello."),
            new(ChatRole.User, [new TextContent("What is this?"), new DataContent(png, "image/png")]),
        ];

        await foreach (var _ in Client(wire).GetStreamingResponseAsync(
            prompt, new ChatOptions { MaxOutputTokens = 77, Temperature = 0.5f }))
        {
        }

        var request = await Server.NextRequest();
        request.Model.ShouldBe("fake");
        request.Body.GetProperty("stream").GetBoolean().ShouldBeTrue();
        request.Body.GetProperty("max_tokens").GetInt32().ShouldBe(77);

        var sent = request.Body.ToString();
        sent.ShouldContain("Be brief.");
        sent.ShouldContain(Convert.ToBase64String(png));
        request.Messages.EnumerateArray().Select(message => message.GetProperty("role").GetString())
            .ShouldBe(wire == "openai" ? ["system", "user", "assistant", "user"] : ["user", "assistant", "user"]);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Cancelling_closes_the_upstream_connection_within_300_ms(string wire)
    {
        Server.Script = FakeReply.Text("Hello").ThenStall();

        await Patience.ShouldTakeAtMostAsync(AtOnce, async () =>
        {
            using var stop = new CancellationTokenSource();
            await using var reply = Stream(wire, stop.Token).GetAsyncEnumerator();
            while ((await reply.MoveNextAsync()) && reply.Current.Text == "")
            {
            }
            var request = await Server.NextRequest();
            request.Closed.IsCompleted.ShouldBeFalse();
            var next = reply.MoveNextAsync().AsTask();

            var took = await ClosedAfterAsync(request, stop.CancelAsync);

            await Should.ThrowAsync<OperationCanceledException>(() => next.InTimeAsync());
            return took;
        });
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Cancelling_before_the_first_token_closes_the_upstream_connection_too(string wire)
    {
        Server.Script = FakeReply.After(new Gate());

        await Patience.ShouldTakeAtMostAsync(AtOnce, async () =>
        {
            using var stop = new CancellationTokenSource();
            await using var reply = Stream(wire, stop.Token).GetAsyncEnumerator();
            var next = reply.MoveNextAsync().AsTask();
            var request = await Server.NextRequest();

            var took = await ClosedAfterAsync(request, stop.CancelAsync);

            await Should.ThrowAsync<OperationCanceledException>(() => next.InTimeAsync());
            return took;
        });
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_reader_that_walks_away_closes_the_upstream_connection_within_300_ms(string wire)
    {
        Server.Script = FakeReply.Text("Hello").ThenStall();

        await Patience.ShouldTakeAtMostAsync(AtOnce, async () =>
        {
            var reply = Stream(wire).GetAsyncEnumerator();
            while ((await reply.MoveNextAsync()) && reply.Current.Text == "")
            {
            }
            var request = await Server.NextRequest();
            request.Closed.IsCompleted.ShouldBeFalse();

            return await ClosedAfterAsync(request, () => reply.DisposeAsync().AsTask());
        });
    }

    static async Task<TimeSpan> ClosedAfterAsync(FakeRequest request, Func<Task> leaveAsync)
    {
        var began = Stopwatch.GetTimestamp();
        var leaving = leaveAsync();
        await request.Closed.InTimeAsync();
        var took = Stopwatch.GetElapsedTime(began);
        await leaving;
        return took;
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_reply_that_was_read_to_its_end_gives_its_connection_back(string wire)
    {
        var client = Client(wire);

        await Read(client);
        await Read(client);

        Server.Requests.Select(request => request.Connection).Distinct().ShouldHaveSingleItem();
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Two_hundred_streams_run_side_by_side(string wire)
    {
        var gate = new Gate();
        Server.Script = FakeReply.Text("a").ThenWaitFor(gate).Then("b");
        var client = Client(wire);

        var replies = Enumerable.Range(0, 200).Select(_ => Read(client)).ToList();
        for (var i = 0; i < 200; i++)
        {
            await Server.NextRequest();
        }
        gate.Open();

        foreach (var reply in replies)
        {
            (await reply.InTimeAsync()).Text.ShouldBe("ab");
        }
    }

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

    [Fact]
    public async Task An_endpoint_that_refuses_stream_options_is_asked_without_them_and_remembered()
    {
        const string Refusal = """{"error":{"message":"Extra inputs are not permitted: stream_options"}}""";
        Server.Enqueue(FakeReply.Refuse(422, Refusal));
        var client = Client("openai");

        (await Read(client)).Text.ShouldBe("Hello world");
        (await Read(client)).Text.ShouldBe("Hello world");

        Server.Requests.Select(request => request.Body.TryGetProperty("stream_options", out _))
            .ShouldBe([true, false, false]);
    }

    [Fact]
    public async Task An_endpoint_that_wants_the_newer_limit_gets_it()
    {
        const string Refusal = """
            {"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}
            """;
        Server.Enqueue(FakeReply.Refuse(400, Refusal));

        await foreach (var _ in Client("openai").GetStreamingResponseAsync("Hi", new() { MaxOutputTokens = 5 }))
        {
        }

        Server.Requests[^1].Body.GetProperty("max_completion_tokens").GetInt32().ShouldBe(5);
        Server.Requests[^1].Body.TryGetProperty("max_tokens", out _).ShouldBeFalse();
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_key_goes_into_its_headers_and_no_key_into_none(string wire)
    {
        await Read(wire);
        var keyed = (await Server.NextRequest()).Headers;
        keyed["Authorization"].ShouldBe("Bearer sk-secret");
        keyed.GetValueOrDefault("x-api-key").ShouldBe(wire == "anthropic" ? "sk-secret" : null, "gateways look at either");

        await Read(Client(wire, key: null));

        var keyless = (await Server.NextRequest()).Headers;
        keyless.ShouldNotContainKey("Authorization");
        keyless.ShouldNotContainKey("x-api-key");
    }

    [Theory]
    [InlineData("openai", 1.5f, "1.5")]
    [InlineData("anthropic", 0.5f, "0.5")]
    [InlineData("anthropic", 1.5f, "1")]
    public async Task The_temperature_is_sent_within_the_scale_of_the_wire(string wire, float temperature, string sent)
    {
        await AskAsync(Client(wire), [new(ChatRole.User, "Hi")], new() { Temperature = temperature });

        (await Server.NextRequest()).Body.GetProperty("temperature").GetRawText().ShouldBe(sent);
    }

    [Theory]
    [InlineData(null, null, 8_192)]
    [InlineData(null, 100, 100)]
    [InlineData(7, 100, 7)]
    public async Task Anthropic_always_gets_a_limit(int? ofCall, int? ofProvider, int sent)
    {
        await AskAsync(Client("anthropic", maxTokens: ofProvider), [new(ChatRole.User, "Hi")], new() { MaxOutputTokens = ofCall });

        (await Server.NextRequest()).Body.GetProperty("max_tokens").GetInt32().ShouldBe(sent);
    }

    [Theory]
    [InlineData("openai", "http://h/v1/", "http://h/v1/chat/completions")]
    [InlineData("openai", " http://h/openai/v1/?api-version=preview\r\n",
        "http://h/openai/v1/chat/completions?api-version=preview")]
    [InlineData("openai", null, "https://api.openai.com/v1/chat/completions")]
    [InlineData("anthropic", "http://h/v1/", "http://h/v1/messages")]
    [InlineData("anthropic", "http://h/anthropic", "http://h/anthropic/v1/messages")]
    [InlineData("anthropic", null, "https://api.anthropic.com/v1/messages")]
    public void The_endpoint_is_the_base_URL_with_its_query_kept(string wire, string? url, string expected)
    {
        var client = Open(wire, Options(wire, url!, "k"));

        ((ChatClientMetadata)client.GetService(typeof(ChatClientMetadata))!).ProviderUri!.AbsoluteUri.ShouldBe(expected);
    }

    [Fact]
    public async Task An_answer_in_one_piece_is_the_sum_of_the_stream()
    {
        var answer = await Client("openai").GetResponseAsync("Hi");

        answer.Text.ShouldBe("Hello world");
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.Usage!.OutputTokenCount.ShouldBe(7);
        Server.Requests[0].Body.GetProperty("stream").GetBoolean().ShouldBeTrue();
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

    Task<(string Text, ChatFinishReason? FinishReason)> Read(string wire) => Read(Client(wire));

    static async Task<(string Text, ChatFinishReason? FinishReason)> Read(IChatClient client)
    {
        var text = "";
        ChatFinishReason? reason = null;
        await foreach (var update in client.GetStreamingResponseAsync("Hi"))
        {
            text += update.Text;
            reason = update.FinishReason ?? reason;
        }
        return (text, reason);
    }

    IAsyncEnumerable<ChatResponseUpdate> Stream(string wire, CancellationToken cancellation = default) =>
        Client(wire).GetStreamingResponseAsync("Hi", null, cancellation);
}
