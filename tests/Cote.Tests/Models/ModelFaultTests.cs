using System.ClientModel;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Anthropic;
using Cote.Models;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Cote.Tests.Models;

/// <summary>What third parties' clients throw; our own is tried in ProviderTests and UpstreamErrorTests.</summary>
public sealed class ModelFaultTests
{
    public static TheoryData<Exception, string, bool> Exceptions => new()
    {
        { new HttpRequestException("x", null, HttpStatusCode.TooManyRequests), "rate_limited", true },
        { new HttpRequestException("x", null, HttpStatusCode.Unauthorized), "unauthorized", false },
        { new HttpRequestException("x", null, HttpStatusCode.UnprocessableEntity), "bad_upstream", false },
        { new HttpRequestException("x", new SocketException()), "bad_upstream", true },
        { new HttpRequestException("x", new TimeoutException()), "timeout", true },
        { new SocketException((int)SocketError.ConnectionReset), "bad_upstream", true },
        { new IOException("x", new SocketException((int)SocketError.ConnectionReset)), "bad_upstream", true },
        { new HttpIOException(HttpRequestError.ResponseEnded), "bad_upstream", true },
        { new JsonException("x"), "bad_upstream", true },
        { new TimeoutException(), "timeout", true },
        { new TaskCanceledException("x", new TimeoutException()), "timeout", true },
        { new OperationCanceledException(), "timeout", true },
        { new AggregateException(new IOException(), new TimeoutException()), "timeout", true },
        { new InvalidOperationException("x", new HttpRequestException("x", null, HttpStatusCode.Forbidden)),
            "unauthorized", false },
        { new InvalidOperationException("sk-secret"), "bad_upstream", true },
        { new NotSupportedException("x"), "bad_upstream", false },
        { new ModelFaultException(ModelFault.Filtered), "filtered", false },
        { new AggregateException(new ModelFaultException(ModelFault.RateLimited)), "rate_limited", true },
        { new InvalidOperationException("x", new SdkException(402)), "rate_limited", false },
        { new SdkException(200), "bad_upstream", true },
    };

    [Theory, MemberData(nameof(Exceptions), DisableDiscoveryEnumeration = true)]
    public void An_exception_is_classified(Exception exception, string code, bool retryable)
    {
        var fault = ModelFault.Of(exception);

        fault.Code.ShouldBe(code);
        fault.Retryable.ShouldBe(retryable);
        fault.Detail.ShouldNotContain("sk-secret");
    }

    [Theory]
    [InlineData(400, """{"error":{"message":"x","code":"context_length_exceeded"}}""")]
    [InlineData(400, """{"message":"This model's maximum context length is 4096 tokens.","code":400}""")]
    [InlineData(400, """{"error":{"code":400,"message":"exceeds the available context size"}}""")]
    [InlineData(400, """{"error":{"message":"x","type":"exceed_context_size_error"}}""")]
    [InlineData(500, """{"error":"the input length exceeds context length"}""")]
    [InlineData(413, """{"error":{"type":"invalid_request_error","message":"prompt is too long: 2 > 1"}}""")]
    [InlineData(422, "input length and max_tokens exceed context limit: 9 + 9 > 8")]
    [InlineData(400, """[{"error":{"code":400,"message":"exceeds the maximum number of tokens allowed"}}]""")]
    public void A_prompt_that_is_too_long_is_known_in_every_dialect(int status, string body)
    {
        ModelFault.OfStatus(status, body).ShouldBe(ModelFault.ContextTooLong);
    }

    [Theory]
    [InlineData("""{"error":{"code":429,"message":"x"}}""", "rate_limited", true)]
    [InlineData("""{"error":{"type":"rate_limit_error","message":"x"}}""", "rate_limited", true)]
    [InlineData("""{"error":{"type":"authentication_error","message":"x"}}""", "unauthorized", false)]
    [InlineData("""{"error":{"type":"server_error","message":"x"}}""", "bad_upstream", true)]
    [InlineData("""{"error":{"code":502,"message":"x"}}""", "bad_upstream", true)]
    [InlineData("""{"error":"\ud83d"}""", "bad_upstream", true)]
    [InlineData("""{"error":null}""", "bad_upstream", true)]
    [InlineData("nonsense", "bad_upstream", true)]
    [InlineData("", "bad_upstream", true)]
    public void An_error_in_the_stream_is_classified_by_what_it_says(string json, string code, bool retryable)
    {
        var fault = ModelFault.OfStreamError(json);

        fault.Code.ShouldBe(code);
        fault.Retryable.ShouldBe(retryable);
    }

    [Fact]
    public void A_wrong_key_that_is_called_a_bad_request_is_still_a_wrong_key()
    {
        ModelFault.OfStatus(400, """[{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}]""")
            .ShouldBe(ModelFault.Unauthorized);
    }

    [Theory]
    [InlineData("2", null, 2_000)]
    [InlineData("0.5", null, 500)]
    [InlineData("2", "1500", 1_500)]
    [InlineData("Sun, 22 Nov 2026 07:00:00 GMT", null, 0)]
    [InlineData("-1", null, null)]
    [InlineData("NaN", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void Retry_After_is_read_in_all_its_forms(string? value, string? ms, int? expected)
    {
        string? Header(string name) => name switch
        {
            "Retry-After" => value,
            "retry-after-ms" => ms,
            "Date" => "Sun, 22 Nov 2026 07:10:00 GMT",
            _ => null,
        };

        ModelHttp.RetryAfter(Header, TimeProvider.System)
            .ShouldBe(expected is { } wait ? TimeSpan.FromMilliseconds(wait) : null);
    }

    [Theory]
    [InlineData(401, "unauthorized")]
    [InlineData(429, "rate_limited")]
    [InlineData(503, "bad_upstream")]
    [InlineData(529, "rate_limited")]
    public async Task The_bare_SDKs_are_understood_too(int status, string code)
    {
        await using var server = await FakeModelServer.Start();
        server.Script = FakeReply.Refuse(status);
        using var anthropic = new AnthropicClient { BaseUrl = server.AnthropicUrl, ApiKey = "k", MaxRetries = 0 };
        var openai = new OpenAI.Chat.ChatClient("fake", new ApiKeyCredential("k"), new OpenAIClientOptions
        {
            Endpoint = new Uri(server.OpenAiUrl),
            RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0),
        });

        var byAnthropic = await Should.ThrowAsync<Exception>(async () =>
            await anthropic.AsIChatClient("fake").GetStreamingResponseAsync("Hi").ToListAsync());
        var byOpenAi = await Should.ThrowAsync<Exception>(() => openai.CompleteChatAsync("Hi"));

        ModelFault.Of(byAnthropic).Code.ShouldBe(code);
        ModelFault.Of(byOpenAi).Code.ShouldBe(code);
    }

    sealed class SdkException(int status) : Exception("sk-secret")
    {
        public int StatusCode => status;
    }
}
