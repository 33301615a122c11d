using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace Cote.Notices;

/// <summary>What became of a try.</summary>
enum PushResult
{
    /// <summary>The service has taken it.</summary>
    Sent,

    /// <summary>The device is not there any more.</summary>
    Gone,

    /// <summary>Another try would end in the same way.</summary>
    Refused,

    /// <summary>It is tried again.</summary>
    Later,
}

/// <summary>What became of a try, and why.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Why">For the log: never a token, nor a word of the service's answer.</param>
/// <param name="After">How long the service wants to be left alone.</param>
readonly record struct PushOutcome(PushResult Result, string Why = "", TimeSpan? After = null);

/// <summary>An answer of a push service.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its first 4 KB.</param>
/// <param name="After">Its <c>Retry-After</c>.</param>
readonly record struct PushAnswer(HttpStatusCode Status, byte[] Body, TimeSpan? After)
{
    /// <summary>What statuses mean at every service.</summary>
    public PushOutcome Outcome => (int)Status switch
    {
        >= 200 and < 300 => new(PushResult.Sent),
        // A key that is wrong here may be set right.
        401 or 403 or 408 or 429 or >= 500 => new(PushResult.Later, Why, After),
        _ => new(PushResult.Refused, Why),
    };

    string Why => $"the service answered {((int)Status).ToString(CultureInfo.InvariantCulture)}";
}

/// <summary>Requests to services that the operator has named: no redirects, ten seconds, 4 KB of the answer.</summary>
static class PushHttp
{
    const int MostRead = 4_096;
    static readonly TimeSpan LongestAfter = TimeSpan.FromHours(1);

    /// <summary>How long a try may take in all.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    /// <summary>What comes of one that takes longer.</summary>
    public static PushOutcome TooLate => new(PushResult.Later, $"it took longer than {Within.TotalSeconds} s");

    /// <summary>What comes of one that its server cuts off because it stops.</summary>
    public static PushOutcome CutOff => new(PushResult.Later, "the server stops");

    /// <summary>A client for services that the operator has named.</summary>
    public static HttpClient ClientFor(Outside outside)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null, // Ids of our traces are nobody else's business.
        };
        if (outside.Accepts is { } accepts)
            handler.SslOptions.RemoteCertificateValidationCallback = accepts;
        return new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Sends a request, and says what came of it.</summary>
    public static async Task<PushOutcome> SendAsync(
        HttpClient http, HttpRequestMessage request, Func<PushAnswer, PushOutcome> read, Clock clock,
        CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Within, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using var response = await http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadAsync(response.Content, either.Token);
            return read(new(response.StatusCode, body, AfterOf(response.Headers.RetryAfter, clock)));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return TooLate;
        }
        catch (HttpRequestException error)
        {
            return new(PushResult.Later, $"the service was not reached ({error.HttpRequestError})");
        }
        catch (Exception error) when (error is IOException or AuthenticationException)
        {
            return new(PushResult.Later, $"the service was not reached ({error.GetType().Name})");
        }
    }

    static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken ct)
    {
        await using var stream = await content.ReadAsStreamAsync(ct);
        var bytes = new byte[MostRead];
        return bytes[..await stream.ReadAtLeastAsync(bytes, MostRead, throwOnEndOfStream: false, ct)];
    }

    static TimeSpan? AfterOf(RetryConditionHeaderValue? value, Clock clock)
    {
        return Bounded(value?.Delta ?? (value?.Date is { } date ? date - clock.Now.ToDateTimeOffset() : null));
    }

    /// <summary>How long a service may want to be left alone.</summary>
    public static TimeSpan? Bounded(TimeSpan? after) =>
        after is not { } time || time <= TimeSpan.Zero ? null : time < LongestAfter ? time : LongestAfter;
}
