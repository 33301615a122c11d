using System.Net;
using Cote.Models;

namespace Cote;

/// <summary>
/// What went wrong with a model call, in the words of <c>generation.error</c> (docs/api.md lists the codes). A provider
/// of a host's own throws one in a <see cref="ModelFaultException"/>, for example
/// <c>ModelFault.RateLimited with { RetryAfter = TimeSpan.FromSeconds(7) }</c>.
/// </summary>
/// <param name="Code">A code of docs/api.md, such as <c>rate_limited</c>.</param>
/// <param name="Detail">
/// One sentence for the user, never a provider's own: that may hold keys, addresses or a person's text.
/// </param>
/// <param name="Retryable">Whether the same call may succeed a little later; false for one that was paid.</param>
/// <param name="RetryAfter">How long the provider asks to wait, or null where it does not say.</param>
public sealed record ModelFault(string Code, string Detail, bool Retryable, TimeSpan? RetryAfter = null)
{
    /// <summary>The provider asks for fewer requests (429).</summary>
    public static ModelFault RateLimited { get; } =
        new("rate_limited", "The model provider asks for fewer requests; try again later.", true);

    /// <summary>The account at the provider has no credit or quota left (402).</summary>
    public static ModelFault OutOfQuota { get; } =
        new("rate_limited", "The quota of this server at the model provider is used up.", false);

    /// <summary>The provider has no capacity for the model (529).</summary>
    public static ModelFault Overloaded { get; } =
        new("rate_limited", "The model provider is overloaded; try again later.", true);

    /// <summary>The provider gave up waiting for the model (408, 504).</summary>
    public static ModelFault Timeout { get; } =
        new("timeout", "The model provider took too long to answer.", true);

    /// <summary>No text came within <c>FirstTokenSeconds</c>.</summary>
    public static ModelFault NoFirstToken { get; } =
        new("timeout", "The model took too long to begin its reply.", true);

    /// <summary>Nothing came for <c>StallSeconds</c> in the middle of the reply.</summary>
    public static ModelFault Stalled { get; } =
        new("timeout", "The model fell silent in the middle of its reply.", true);

    /// <summary>The stream ended without a finish reason.</summary>
    public static ModelFault Truncated { get; } =
        new("truncated", "The model's reply broke off before its end.", true);

    /// <summary>The provider refuses the key (401, 403).</summary>
    public static ModelFault Unauthorized { get; } =
        new("unauthorized", "The model provider refused the API key.", false);

    /// <summary>The prompt is longer than the model's context window.</summary>
    public static ModelFault ContextTooLong { get; } =
        new("context_too_long", "The conversation does not fit into the model's context window.", false);

    /// <summary>A content filter refused the prompt or cut the reply.</summary>
    public static ModelFault Filtered { get; } =
        new("filtered", "The model provider's content filter refused the message or cut the reply.", false);

    /// <summary>The reply ended without any text.</summary>
    public static ModelFault Empty { get; } =
        new("empty", "The model ended its reply without any text.", false);

    /// <summary>The reply is longer, or takes longer, than the server allows.</summary>
    public static ModelFault TooLong { get; } =
        new("too_long", "The reply reached the longest length or time that this server allows.", false);

    /// <summary>A budget has no room for the call.</summary>
    internal static ModelFault BudgetExceeded { get; } =
        new("budget_exceeded", "The budget for models has no room for this reply.", false);

    /// <summary>The model takes no images, audio or files, or cannot read the one it was given.</summary>
    public static ModelFault UnsupportedMedia { get; } =
        new("unsupported_media", "The model cannot read the attached image or file.", false);

    /// <summary>The provider could not be reached, or answered with an error (5xx).</summary>
    public static ModelFault Broken { get; } =
        new("bad_upstream", "The model provider could not be reached or answered with an error.", true);

    /// <summary>The provider is up, the model is not loaded yet (503).</summary>
    public static ModelFault Starting { get; } =
        new("bad_upstream", "The model is not ready yet; try again in a minute.", true);

    /// <summary>The provider answered with 200 and something that is no reply.</summary>
    public static ModelFault Unreadable { get; } =
        new("bad_upstream", "The model provider's answer cannot be understood.", false);

    /// <summary>The provider refuses the request (4xx).</summary>
    public static ModelFault Refused { get; } =
        new("bad_upstream", "The model provider refused the request: check the model's name and settings.", false);

    /// <summary>How long to wait before the next call: what the provider asks for, else longer each time.</summary>
    /// <param name="retries">How many calls were repeated before.</param>
    internal TimeSpan WaitBefore(int retries)
    {
        var jitter = 0.5 + Random.Shared.NextDouble();
        // A model that loads needs many seconds: its calls are spread over the whole time that there is for retries.
        return RetryAfter ?? (this == Starting
            ? TimeSpan.FromSeconds((2 * Math.Pow(2.5, retries)) + jitter)
            : TimeSpan.FromSeconds(0.5 * Math.Pow(2, retries) * jitter));
    }

    /// <summary>
    /// Classifies anything that a model call threw. The caller handles its own cancellation before: one that arrives
    /// here is a timeout inside a client.
    /// </summary>
    internal static ModelFault Of(Exception exception)
    {
        // Outermost first: the wrapper of a refusal knows the status, the wrapper of a network error knows nothing.
        for (var e = exception; e is not null; e = Inner(e))
        {
            var fault = e switch
            {
                ModelFaultException known => known.Fault,
                HttpRequestException { StatusCode: { } status } => OfStatus((int)status, ""),
                TimeoutException => Timeout,
                // A connect timeout is a cancellation around the reason; the reason says as much.
                OperationCanceledException => Timeout,
                // The SDKs and the framework throw these for calls that cannot be made, however often they are tried.
                ArgumentException or NotSupportedException => Refused,
                _ => OfSdk(e),
            };
            if (fault is not null)
                return fault;
        }
        // HttpRequestException, IOException, SocketException, JsonException and what a third party's client throws.
        return Broken;
    }

    /// <summary>Classifies an answer that is not a success.</summary>
    internal static ModelFault OfStatus(int status, string body, TimeSpan? retryAfter = null) =>
        UpstreamError.Of(body).ToFault(status, retryAfter);

    /// <summary>Classifies an error inside a stream which began with 200: the data of its event.</summary>
    internal static ModelFault OfStreamError(string data) => UpstreamError.Of(data).ToFault();

    // The SDKs of the field have no exception in common, but each of theirs has the status in a property: `Status` in
    // System.ClientModel and Azure, `StatusCode` in Anthropic and most others.
    static ModelFault? OfSdk(Exception exception)
    {
        var type = exception.GetType();
        var status = (type.GetProperty("StatusCode") ?? type.GetProperty("Status"))?.GetValue(exception) switch
        {
            int number => number,
            HttpStatusCode code => (int)code,
            _ => 0,
        };
        var body = type.GetProperty("ResponseBody")?.GetValue(exception) as string ?? exception.Message;
        return status is >= 300 and < 600 ? OfStatus(status, body) : null;
    }

    static Exception? Inner(Exception e) =>
        e is AggregateException many ? many.InnerExceptions.LastOrDefault() : e.InnerException;
}

/// <summary>Thrown by an <c>IChatClient</c> that knows what went wrong: the reply fails with this fault.</summary>
/// <param name="fault">What went wrong.</param>
public class ModelFaultException(ModelFault fault) : Exception(fault.Detail)
{
    /// <summary>What went wrong.</summary>
    public ModelFault Fault => fault;
}
