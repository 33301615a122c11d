using System.ClientModel;
using System.Text.Json;
using Anthropic.Exceptions;

namespace Cote.Models;

/// <summary>
/// What went wrong with a model, in the contract's words. <see cref="Detail"/> is always one of the sentences below:
/// what an upstream says may hold keys, addresses or a person's text, and never leaves this file.
/// </summary>
/// <param name="Retryable">Whether the same call may succeed a little later.</param>
/// <param name="RetryAfter">How long the provider asked to be left alone.</param>
sealed record ModelFault(string Code, string Detail, bool Retryable, TimeSpan? RetryAfter = null)
{
    public static readonly ModelFault RateLimited =
        new("rate_limited", "The model provider asks for fewer requests; try again later.", true);
    public static readonly ModelFault OutOfQuota =
        new("rate_limited", "The quota of this server at the model provider is used up.", false);
    public static readonly ModelFault Overloaded =
        new("rate_limited", "The model provider is overloaded; try again later.", true);
    public static readonly ModelFault Timeout =
        new("timeout", "The model provider took too long to answer.", true);
    public static readonly ModelFault NoFirstToken =
        new("timeout", "The model took too long to begin its reply.", true);
    public static readonly ModelFault Stalled =
        new("timeout", "The model fell silent in the middle of its reply.", true);
    public static readonly ModelFault Truncated =
        new("truncated", "The model's reply broke off before its end.", true);
    public static readonly ModelFault Unauthorized =
        new("unauthorized", "The model provider refused the API key.", false);
    public static readonly ModelFault ContextTooLong =
        new("context_too_long", "The conversation does not fit into the model's context window.", false);
    public static readonly ModelFault Broken =
        new("bad_upstream", "The model provider could not be reached or answered with an error.", true);
    public static readonly ModelFault Refused =
        new("bad_upstream", "The model provider refused the request: check the model's name and settings.", false);

    public static readonly ModelFault Filtered =
        new("filtered", "The model provider's content filter stopped this.", false);
    public static readonly ModelFault Empty =
        new("empty", "The model ended its reply without any text.", false);
    public static readonly ModelFault TooLong =
        new("too_long", "The reply reached the longest length or time that this server allows.", false);
    public static readonly ModelFault UnsupportedMedia =
        new("unsupported_media", "The model does not accept this kind of attachment.", false);

    /// <summary>
    /// Classifies anything a model call threw. The caller has sorted out its own cancellation first: one that arrives
    /// here was a timeout inside a client.
    /// </summary>
    public static ModelFault Of(Exception exception, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        // Outermost first: the wrapper of a refusal knows the status, the wrapper of a network error knows nothing.
        for (var e = exception; e is not null; e = Inner(e))
        {
            var fault = e switch
            {
                ModelFaultException known => known.Fault,
                ClientResultException { Status: > 0 } refused => OfClientResult(refused, time),
                AnthropicApiException refused => OfStatus((int)refused.StatusCode, refused.ResponseBody),
                AnthropicSseException inStream => OfStreamError(JsonIn(inStream.Message)),
                HttpRequestException { StatusCode: { } status } => OfStatus((int)status, ""),
                TimeoutException => Timeout,
                // A connect timeout is a cancellation around the reason; the reason says as much.
                OperationCanceledException => Timeout,
                // The SDKs and the framework throw these for calls that cannot be made, however often they are tried.
                ArgumentException or NotSupportedException => Refused,
                _ => null,
            };
            if (fault is not null)
            {
                return fault;
            }
        }
        // HttpRequestException, IOException, SocketException, JsonException and whatever a third party's client throws.
        return Broken;
    }

    /// <summary>An answer that is not a success.</summary>
    public static ModelFault OfStatus(int status, string body, TimeSpan? retryAfter = null)
    {
        var error = UpstreamError.Read(body);
        return status switch
        {
            401 or 403 => Unauthorized,
            _ when error.IsBadKey => Unauthorized,
            429 when error.IsQuota => OutOfQuota,
            429 => RateLimited with { RetryAfter = retryAfter },
            529 => Overloaded with { RetryAfter = retryAfter },
            // Providers of smaller models say this with 400, 413, 422 or even 500.
            _ when error.IsContext => ContextTooLong,
            408 or 504 or 524 => Timeout with { RetryAfter = retryAfter },
            >= 500 => Broken with { RetryAfter = retryAfter },
            _ => Refused,
        };
    }

    /// <summary>An error that came inside a stream which had begun with 200: the JSON of its event.</summary>
    public static ModelFault OfStreamError(string json)
    {
        var error = UpstreamError.Read(json);
        return error.Status is { } status ? OfStatus(status, json) : OfStatus(500, json);
    }

    /// <summary>Reads <c>Retry-After</c> in both its forms, and the finer <c>retry-after-ms</c>.</summary>
    public static TimeSpan? RetryAfterOf(Func<string, string?> header, TimeProvider time)
    {
        if (double.TryParse(header("retry-after-ms"), out var ms) && ms is >= 0 and < int.MaxValue)
        {
            return TimeSpan.FromMilliseconds(ms);
        }
        var text = header("Retry-After");
        if (double.TryParse(text, out var seconds) && seconds is >= 0 and < int.MaxValue)
        {
            return TimeSpan.FromSeconds(seconds);
        }
        if (!DateTimeOffset.TryParse(text, out var until))
        {
            return null;
        }
        // Against the provider's own clock where it tells it: ours may be minutes away from it.
        var now = DateTimeOffset.TryParse(header("Date"), out var theirs) ? theirs : time.GetUtcNow();
        return until > now ? until - now : TimeSpan.Zero;
    }

    static ModelFault OfClientResult(ClientResultException refused, TimeProvider time)
    {
        var answer = refused.GetRawResponse();
        return OfStatus(refused.Status, BodyOf(refused),
            RetryAfterOf(name => answer?.Headers.TryGetValue(name, out var value) == true ? value : null, time));
    }

    internal static string BodyOf(ClientResultException refused)
    {
        try
        {
            return refused.GetRawResponse()?.Content.ToString() ?? refused.Message;
        }
        catch (InvalidOperationException)
        {
            // Whoever made the exception did not buffer the answer.
            return refused.Message;
        }
    }

    // The SDK keeps the event only inside the sentence of its exception.
    static string JsonIn(string message)
    {
        var (start, end) = (message.IndexOf('{', StringComparison.Ordinal), message.LastIndexOf('}'));
        return start >= 0 && end > start ? message[start..(end + 1)] : message;
    }

    static Exception? Inner(Exception e) =>
        e is AggregateException many ? many.InnerExceptions.LastOrDefault() : e.InnerException;

    /// <summary>What the error objects of the field have in common, wherever they put it.</summary>
    sealed record UpstreamError(string Kind, string Message, int? NumericCode)
    {
        static readonly string[] ContextWords =
        [
            "context_length_exceeded",                  // OpenAI, Azure, Groq, DeepSeek
            "prompt is too long",                       // Anthropic
            "exceed context limit",                     // Anthropic, prompt and max_tokens together
            "maximum context length",                   // OpenAI, vLLM, Mistral, OpenRouter
            "maximum model length", "max_model_len",    // vLLM
            "exceed_context_size",                      // llama.cpp
            "available context size",                   // llama.cpp
            "exceeds context length",                   // Ollama
            "exceeds the context", "context window",    // LM Studio, Ollama, Together
            "maximum number of tokens allowed",         // Gemini's compatible endpoint
        ];

        public bool IsContext => ContextWords.Any(Says);

        public bool IsQuota => Says("insufficient_quota");

        // Gemini's compatible endpoint answers 400 to a wrong key.
        public bool IsBadKey => Says("API_KEY_INVALID") || Says("authentication_error");

        public int? Status =>
            NumericCode ?? Kind switch
            {
                _ when Says("overloaded_error") => 529,
                _ when Says("rate_limit") => 429,
                _ when Says("authentication_error") || Says("permission_error") || Says("invalid_api_key") => 401,
                _ when Says("timeout") => 504,
                _ when Says("invalid_request") || Says("not_found_error") => 400,
                _ => null,
            };

        bool Says(string word) =>
            Kind.Contains(word, StringComparison.OrdinalIgnoreCase)
            || Message.Contains(word, StringComparison.OrdinalIgnoreCase);

        public static UpstreamError Read(string body)
        {
            try
            {
                using var json = JsonDocument.Parse(body);
                var root = json.RootElement;
                // Gemini puts its error into an array of one.
                if (root is { ValueKind: JsonValueKind.Array } && root.GetArrayLength() > 0)
                {
                    root = root[0];
                }
                var error = Member(root, "error") ?? root;
                var code = Member(error, "code") ?? Member(error, "status");
                var numeric = code is { ValueKind: JsonValueKind.Number } n && n.TryGetInt32(out var status)
                    && status is >= 400 and < 600 ? status : (int?)null;
                // The message may quote the user's own words, so only a known place is searched where there is one.
                var message = Member(error, "message") ?? Member(error, "detail") ?? error;
                return new($"{Member(error, "type")} {code} {Member(error, "details")}", message.ToString(), numeric);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // No JSON, or JSON with half a surrogate pair in it.
                return new("", body.Length > 4_096 ? body[..4_096] : body, null);
            }
        }

        static JsonElement? Member(JsonElement json, string name) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;
    }
}

/// <summary>A fault that is already classified, on its way out of a provider of ours.</summary>
sealed class ModelFaultException(ModelFault fault) : Exception(fault.Detail)
{
    public ModelFault Fault => fault;
}
