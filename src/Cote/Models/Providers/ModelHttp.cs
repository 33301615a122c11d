using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Cote.Models;

/// <summary>The transport of a provider: one pooled HTTP client, set up for streams that last minutes.</summary>
sealed class ModelHttp(TimeProvider time)
{
    // A refusal that never ends would hold its reply for as long as a first token may take.
    const int MaxErrorBytes = 64 * 1024;
    const int MaxDocumentBytes = 8 * 1024 * 1024;
    static readonly TimeSpan ErrorWithin = TimeSpan.FromSeconds(5);
    static readonly MediaTypeHeaderValue Json = new("application/json");

    // Not an HttpClient: it would link each request to a source of its own, for a time limit that is not wanted.
    readonly HttpMessageInvoker _http = Open();

    /// <summary>Posts JSON and gives the answer as soon as its headers are here.</summary>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    public async Task<HttpResponseMessage> PostAsync(
        Uri endpoint, IEnumerable<KeyValuePair<string, string>> headers, ReadOnlyMemory<byte> body,
        CancellationToken ct)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = Json;
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content };
        var answer = await SendAsync(request, "text/event-stream, application/json", headers, ct);
        request.Content = null; // The answer knows its request: a reply would hold its prompt while it streams.
        return answer;
    }

    /// <summary>Gets a JSON document.</summary>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    /// <exception cref="ModelFaultException">The answer is too long.</exception>
    public async Task<JsonDocument> GetAsync(
        Uri endpoint, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, endpoint);
        return await ReadAsync(request, headers, ct);
    }

    /// <summary>Posts a form and reads the JSON document that answers it.</summary>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    /// <exception cref="ModelFaultException">The answer is too long.</exception>
    public async Task<JsonDocument> PostAsync(
        Uri endpoint, IEnumerable<KeyValuePair<string, string>> headers, HttpContent form, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = form };
        return await ReadAsync(request, headers, ct);
    }

    /// <summary>Posts a form and gives the answer as soon as its headers are here.</summary>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    public async Task<HttpResponseMessage> PostAsync(
        Uri endpoint, IEnumerable<KeyValuePair<string, string>> headers, HttpContent form, string accept,
        CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = form };
        return await SendAsync(request, accept, headers, ct);
    }

    async Task<JsonDocument> ReadAsync(
        HttpRequestMessage request, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken ct)
    {
        using var answer = await SendAsync(request, "application/json", headers, ct);
        await using var body = await ContentCoding.OpenAsync(answer.Content, ct);
        using var whole = new MemoryStream();
        var piece = new byte[16 * 1024];
        while (await body.ReadAsync(piece, ct) is var count and > 0)
        {
            if (whole.Length + count > MaxDocumentBytes)
                throw new ModelFaultException(ModelFault.Unreadable);
            whole.Write(piece, 0, count);
        }
        return JsonDocument.Parse(whole.GetBuffer().AsMemory(0, (int)whole.Length));
    }

    async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, string accept, IEnumerable<KeyValuePair<string, string>> headers,
        CancellationToken ct)
    {
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (!request.Headers.Contains("User-Agent"))
            request.Headers.TryAddWithoutValidation("User-Agent", "Cote");
        var answer = await _http.SendAsync(request, ct); // as soon as the headers are here
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            var status = (int)answer.StatusCode;
            var error = UpstreamError.Of(await ReadErrorAsync(answer.Content, ct));
            var fault = error.ToFault(status, RetryAfter(name => Header(answer, name), time));
            throw new UpstreamErrorException(error, status, fault);
        }
    }

    /// <summary>Reads <c>Retry-After</c> in both its forms, and the finer <c>retry-after-ms</c>.</summary>
    public static TimeSpan? RetryAfter(Func<string, string?> header, TimeProvider time)
    {
        var culture = CultureInfo.InvariantCulture;
        if (double.TryParse(header("retry-after-ms"), culture, out var ms) && ms is >= 0 and < int.MaxValue)
            return TimeSpan.FromMilliseconds(ms);
        var text = header("Retry-After");
        if (double.TryParse(text, culture, out var seconds) && seconds is >= 0 and < int.MaxValue)
            return TimeSpan.FromSeconds(seconds);
        if (!DateTimeOffset.TryParse(text, culture, out var until))
            return null;
        // Against the provider's own clock where it tells it: ours may be minutes off.
        var now = DateTimeOffset.TryParse(header("Date"), culture, out var theirs) ? theirs : time.GetUtcNow();
        return until > now ? until - now : TimeSpan.Zero;
    }

    static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    // As much as comes in time: the status alone says something too.
    async Task<string> ReadErrorAsync(HttpContent content, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(ErrorWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        var head = new byte[MaxErrorBytes];
        var length = 0;
        try
        {
            await using var body = await ContentCoding.OpenAsync(content, either.Token);
            while (length < head.Length
                && await body.ReadAsync(head.AsMemory(length), either.Token) is var count and > 0)
                length += count;
        }
        catch (Exception error) when (
            error is IOException or InvalidDataException or HttpRequestException or ModelFaultException
            || error is OperationCanceledException && !ct.IsCancellationRequested)
        {
            // The body broke off, cannot be unpacked, or does not end.
        }
        return Encoding.UTF8.GetString(head, 0, length);
    }

    // A reply may stream for as long as it likes; the model call times the first token and every pause.
    static HttpMessageInvoker Open()
    {
        // The handler opens its sockets with TCP_NODELAY of itself: with Nagle a request waits 40 ms for a delayed ACK.
        // It is closed by the pool, or with the process.
        var sockets = new SocketsHttpHandler
        {
            // A redirect would carry the prompt, and on the same host the key, to wherever an answer points.
            AllowAutoRedirect = false,
            UseCookies = false,
            // A reader that stops must close the stream at once, not after the two seconds in which the handler
            // would wait for its end; a stream that is over in all but its last bytes still gives its connection back.
            ResponseDrainTimeout = TimeSpan.FromMilliseconds(100),
            ConnectTimeout = TimeSpan.FromSeconds(15),
            // A provider's address changes under a long-lived process.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        };
        return new HttpMessageInvoker(sockets);
    }
}
