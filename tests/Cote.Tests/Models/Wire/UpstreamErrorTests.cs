using System.IO.Compression;
using System.Text;

namespace Cote.Tests.Models.Wire;

/// <summary>Errors are understood by what they say, wherever they stand.</summary>
public sealed class UpstreamErrorTests : WireTests
{
    const string Context = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.";

    public static TheoryData<string, string, string> InsideASuccess => new()
    {
        { "rate_limited", "sse",
            "data: {\"error\":{\"message\":\"Rate limit "
                + "reached\",\"type\":\"rate_limit_error\",\"code\":\"rate_limit_exceeded\"}}\n\n" },
        { "context_too_long", "sse",
            "data: {\"object\":\"error\",\"message\":\""
                + Context + "\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}\n\n" },
        { "bad_upstream", "sse", "data: {\"error\":\"model runner has unexpectedly stopped\"}\n\n" },
        { "rate_limited", "sse", "event: error\ndata: {\"message\":\"Too many requests\",\"code\":429}\n\n" },
        { "rate_limited", "sse", "event: error\ndata: Too many requests\n\n" },
        { "rate_limited", "sse", "data: {\"detail\":\"Model is overloaded\"}\n\ndata: [DONE]\n\n" },
        { "unauthorized", "sse",
            "{\"error\":{\"message\":\"Incorrect API key provided\",\"code\":\"invalid_api_key\"}}\n" },
        { "rate_limited", "sse",
            "data: {\"success\":false,\"errors\":[{\"code\":3040,\"message\":\"No capacity for this model\"}]}\n\n" },
        { "rate_limited", "sse",
            "data: {\"base_resp\":{\"status_code\":1008,\"status_msg\":\"insufficient "
                + "balance\"},\"choices\":null}\n\n" },
        { "rate_limited", "sse", "data: Rate limit exceeded, try later\n\n" },
        { "rate_limited", "text", "Too many requests, slow down" },
        { "rate_limited", "json", "{\"error\":429}" },
        { "bad_upstream", "json", "{\"error\":true,\"message\":\"it broke\"}" },
        { "unauthorized", "json",
            "{\"error\":{\"message\":\"Incorrect API key provided\",\"code\":\"invalid_api_key\"}}" },
        { "rate_limited", "json",
            "{\"error\":{\"message\":\"Rate limit exceeded: free-models-per-day\",\"code\":429}}" },
        { "context_too_long", "json",
            "{\"error\":{\"message\":\"" + Context + "\",\"code\":\"context_length_exceeded\"}}" },
        { "context_too_long", "json",
            "[{\"error\":{\"code\":400,\"message\":\"exceeds the maximum number of tokens allowed\"}}]" },
        { "rate_limited", "json",
            "{\"code\":30001,\"message\":\"Sorry, your account balance is insufficient\",\"data\":null}" },
        { "filtered", "json", "{\"error\":{\"code\":\"data_inspection_failed\",\"message\":\"x\"}}" },
        { "bad_upstream", "json", "{\"ok\":true}" },
        { "bad_upstream", "json", "{\"message\":\"hello\"}" },
        { "bad_upstream", "json", "\"nothing\"" },
        { "bad_upstream", "json", "{oops" },
        { "bad_upstream", "json", "" },
        { "bad_upstream", "html", "<html><title>Sign in</title></html>" },
        { "bad_upstream", "sse", "data: {\"choices\":[{\"delta\":{\"content\":\"x\n\n" },
    };

    [Theory, MemberData(nameof(InsideASuccess))]
    public async Task An_error_inside_a_success_is_told_by_its_meaning_and_not_asked_for_again(string code, string kind,
        string body)
    {
        var type = kind switch
        {
            "sse" => "text/event-stream",
            "json" => "application/json",
            "html" => "text/html",
            _ => "text/plain"
        };

        var answer = await AskAsync(FakeReply.Bytes(Raw.Sized(body, head: "Content-Type: " + type)));

        answer.Text.ShouldBeEmpty();
        answer.Finish.ShouldBeNull(body);
        answer.Fault!.Code.ShouldBe(code, body);
        if (kind != "sse" || body[0] == '{')
            answer.Fault.Retryable.ShouldBeFalse(body);
    }

    [Theory]
    [InlineData(
        "{\"choices\":[{\"delta\":{\"content\":\" "
        + "more\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":\"Provider disconnected\"}}",
        "part more", "bad_upstream")]
    [InlineData(
        "{\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":429,\"message\":\"x\"}}",
        "part", "rate_limited")]
    [InlineData(
        "{\"object\":\"error\",\"message\":\"CUDA out of memory\",\"type\":\"InternalServerError\",\"code\":500}",
        "part", "bad_upstream")]
    [InlineData("{\"message\":\"too slow\",\"type\":\"timeout_error\"}", "part", "timeout")]
    [InlineData("{\"error\":{\"type\":\"content_filter\",\"message\":\"x\"}}", "part", "filtered")]
    [InlineData("{oops", "part", "bad_upstream")]
    public async Task An_error_after_text_leaves_the_text(string data, string text, string code)
    {
        var answer = await AskAsync(FakeReply.Bytes(Raw.Open(Raw.Events(Raw.Said("part"), data, "[DONE]"))));

        answer.Text.ShouldBe(text);
        answer.Finish.ShouldBeNull();
        answer.Fault!.Code.ShouldBe(code);
    }

    public static TheoryData<int, string, string, bool> Refusals => new()
    {
        { 402, """{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}""",
            "rate_limited", false },
        { 402, """{"error":{"message":"Insufficient credits. Add more","code":402}}""", "rate_limited", false },
        { 402, "", "rate_limited", false },
        { 429, """{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}""",
            "rate_limited", false },
        { 429, """{"error":{"message":"suspended, please check your plan","type":"exceeded_current_quota_error"}}""",
            "rate_limited", false },
        { 413,
            """{"error":{"message":"Request too large for model on tokens per minute (TPM): Limit 6000, Requested """
                + """9000","type":"tokens","code":"rate_limit_exceeded"}}""",
            "rate_limited", false },
        { 403, """{"code":30001,"message":"Sorry, your account balance is insufficient","data":null}""", "rate_limited",
            false },
        { 400,
            """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low """
                + """to access the Anthropic API."}}""",
            "rate_limited", false },
        { 400, """{"code":"Arrearage","message":"Access denied, please make sure your account is in good standing."}""",
            "rate_limited", false },
        { 400, """{"error":{"message":"Rate limit exceeded","type":"requests"}}""", "rate_limited", true },
        { 403, """{"error":{"message":"Request limit reached: too many requests"}}""", "rate_limited", true },
        { 503, """{"error":{"message":"The engine is currently overloaded"}}""", "rate_limited", true },
        { 503, """{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""",
            "bad_upstream", true },
        { 403,
            """{"error":{"message":"requires moderation on Provider. Your input was flagged for """
                + """\"violence\"","code":403,"metadata":{"reasons":["violence"]}}}""",
            "filtered", false },
        { 400,
            """{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content """
                + """management policy.","param":"prompt","code":"content_filter","status":400}}""",
            "filtered", false },
        { 400, """{"error":{"message":"Content Exists Risk","type":"invalid_request_error"}}""", "filtered", false },
        { 400,
            """{"error":{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content."}}""",
            "filtered", false },
        { 400, """{"error":{"message":"This model does not support image input"}}""", "unsupported_media", false },
        { 404, """{"error":{"message":"No endpoints found that support image input","code":404}}""",
            "unsupported_media", false },
        { 500,
            """{"error":{"code":500,"message":"image input is not supported - hint: you may need to """
                + """provide the mmproj"}}""",
            "unsupported_media", false },
        { 400, """{"error":{"message":"Could not process image","type":"invalid_request_error"}}""",
            "unsupported_media", false },
        { 400, """{"error":{"message":"input_audio is not supported by this model"}}""", "unsupported_media", false },
        { 400,
            """{"detail":[{"type":"value_error","loc":["body","messages"],"msg":"bad","input":"please rate """
                + """limit the image"}]}""",
            "bad_upstream", false },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task A_refusal_is_told_by_its_meaning(int status, string body, string code, bool retryable)
    {
        foreach (var wire in (string[])["openai", "anthropic"])
        {
            var fault = (await AskAsync(FakeReply.Refuse(status, body), wire)).Fault!;

            (fault.Code, fault.Retryable).ShouldBe((code, retryable), body);
            fault.Detail.ShouldNotContain("violence");
        }
    }

    [Fact]
    public async Task A_model_that_loads_is_told_apart_from_a_broken_provider()
    {
        (await AskAsync(FakeReply.Refuse(503, "Loading model"))).Fault.ShouldBe(ModelFault.Starting);
        (await AskAsync(FakeReply.Refuse(503, "", ("Retry-After", "5")))).Fault!
            .ShouldBe(ModelFault.Starting with { RetryAfter = TimeSpan.FromSeconds(5) });
        (await AskAsync(FakeReply.Refuse(500))).Fault.ShouldBe(ModelFault.Broken);

        for (var i = 0; i < 20; i++)
        {
            Enumerable.Range(0, 3).Sum(x => ModelFault.Starting.WaitBefore(x).TotalSeconds)
                .ShouldBeInRange(19, 29, "of 30 s for retries");
            Enumerable.Range(0, 3).Sum(x => ModelFault.Broken.WaitBefore(x).TotalSeconds).ShouldBeLessThan(6);
            (ModelFault.RateLimited with { RetryAfter = TimeSpan.FromSeconds(7) })
                .WaitBefore(i).ShouldBe(TimeSpan.FromSeconds(7));
        }
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_refusal_whose_body_breaks_off_is_told_by_its_status(string wire)
    {
        var head = Encoding.UTF8.GetBytes("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 999\r\n\r\n{\"err");

        (await AskAsync(FakeReply.Bytes(head), wire)).Fault
            .ShouldBe(ModelFault.RateLimited with { RetryAfter = TimeSpan.FromSeconds(7) });
    }

    public static TheoryData<string, string> Codings
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var wire in (string[])["openai", "anthropic"])
                foreach (var coding in (string[])["gzip", "x-gzip", "deflate", "deflate (raw)", "br",
                    "none, called gzip", "none, called deflate",
                    "gzip, called nothing", "gzip, gzip"])
                    data.Add(wire, coding);
            return data;
        }
    }

    [Theory, MemberData(nameof(Codings))]
    public async Task A_body_is_unpacked_whatever_its_coding(string wire, string coding)
    {
        var body = wire == "openai" ? Raw.Events(Raw.Whole, Raw.Stop, "[DONE]")
            : Raw.Claude("whole answer", "end_turn");

        var answer = await AskAsync(FakeReply.Bytes(Packed(coding, body, "200 OK")), wire);

        (answer.Text, answer.Finish, answer.Fault).ShouldBe(("whole answer", "stop", null));
        (await Server.NextRequest()).Headers["Accept-Encoding"].ShouldBe("identity");
    }

    [Theory, MemberData(nameof(Codings))]
    public async Task The_body_of_a_refusal_is_unpacked_too(string wire, string coding)
    {
        var answer = await AskAsync(
            FakeReply.Bytes(Packed(coding, "{\"error\":{\"code\":\"context_length_exceeded\"}}", "400 Bad")), wire);

        answer.Fault.ShouldBe(ModelFault.ContextTooLong);
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, br, gzip, br")]
    public async Task A_coding_that_is_not_known_is_not_asked_for_again(string coding)
    {
        (await AskAsync(FakeReply.Bytes(Raw.Sized("x", head: "Content-Encoding: " + coding)))).Fault.ShouldBe(
            ModelFault.Unreadable);
    }

    [Fact]
    public async Task A_gzip_that_is_none_inside_is_not_asked_for_again()
    {
        byte[] broken = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

        (await AskAsync(FakeReply.Bytes(Raw.Sized(broken, head: "Content-Encoding: gzip")))).Fault.ShouldBe(
            ModelFault.Unreadable);
    }

    static byte[] Packed(string coding, string text, string status)
    {
        var body = Encoding.UTF8.GetBytes(text);
        var name = coding.Split(" (", 2)[0];
        (name, body) = coding switch
        {
            "none, called gzip" => ("gzip", body),
            "none, called deflate" => ("deflate", body),
            "gzip, called nothing" => ("", Pack(body, x => new GZipStream(x, CompressionLevel.Fastest))),
            "gzip, gzip" =>
                (coding, Pack(Pack(body, x => new GZipStream(x, CompressionLevel.Fastest)),
                x => new GZipStream(x, CompressionLevel.Fastest))),
            "deflate" => (name, Pack(body, x => new ZLibStream(x, CompressionLevel.Fastest))),
            "deflate (raw)" => (name, Pack(body, x => new DeflateStream(x, CompressionLevel.Fastest))),
            "br" => (name, Pack(body, x => new BrotliStream(x, CompressionLevel.Fastest))),
            _ => (name, Pack(body, x => new GZipStream(x, CompressionLevel.Fastest))),
        };
        return Raw.Sized(body, status,
            "Content-Type: text/event-stream" + (name.Length > 0 ? "\r\nContent-Encoding: " + name : ""));
    }

    static byte[] Pack(byte[] body, Func<Stream, Stream> open)
    {
        using var packed = new MemoryStream();
        using (var coder = open(packed))
            coder.Write(body);
        return packed.ToArray();
    }
}
