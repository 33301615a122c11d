using System.Net;

namespace Cote.Tools;

/// <summary>
/// What every HTTP request to an MCP server passes: it gets the configured headers, and not more than a megabyte of
/// its answer is read.
/// </summary>
sealed class McpHttpHandler(McpServerOptions options) : DelegatingHandler(Open())
{
    const string UserId = "{user_id}";
    static readonly StreamLimits Document = new(McpLimits.AnswerBytes, McpLimits.AnswerBytes, long.MaxValue);
    static readonly StreamLimits Events = Document with { Lines = 20_000 };
    static readonly TimeSpan BetweenGets = TimeSpan.FromSeconds(1);
    static readonly TimeSpan BetweenIdleGets = TimeSpan.FromSeconds(10);

    readonly SemaphoreSlim _gets = new(1);
    long _lastGet;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var call = McpCall.Current;
        if (request.Method == HttpMethod.Get)
            await WaitAsync(call is null ? BetweenIdleGets : BetweenGets, cancellationToken);
        AddHeaders(request, call);
        call?.IsSent = true;
        var answer = await base.SendAsync(request, cancellationToken);
        call?.Status = (int)answer.StatusCode;
        answer.Content = new BoundedContent(answer.Content, call);
        return answer;
    }

    // The server says how soon a stream of events is asked for again: one that says "at once" would never let us rest.
    async Task WaitAsync(TimeSpan pause, CancellationToken ct)
    {
        await _gets.WaitAsync(ct);
        try
        {
            var left = _lastGet + (long)pause.TotalMilliseconds - Environment.TickCount64;
            if (_lastGet != 0 && left > 0)
                await Task.Delay(TimeSpan.FromMilliseconds(left), ct);
            _lastGet = Environment.TickCount64;
        }
        finally
        {
            _gets.Release();
        }
    }

    void AddHeaders(HttpRequestMessage request, McpCall? call)
    {
        foreach (var (name, secret) in options.Headers)
        {
            var value = secret.Reveal();
            if (value.Contains(UserId, StringComparison.Ordinal))
            {
                if (call is null)
                    continue;
                value = value.Replace(UserId, call.UserId, StringComparison.Ordinal);
            }
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
        if (!request.Headers.Contains("User-Agent"))
            request.Headers.TryAddWithoutValidation("User-Agent", "Cote");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _gets.Dispose();
        base.Dispose(disposing);
    }

    static SocketsHttpHandler Open() => new()
    {
        // A redirect would carry arguments and headers to wherever an answer points.
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        // A server's address changes under a long-lived process.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
    };

    /// <summary>A body of which not more than a megabyte is read.</summary>
    sealed class BoundedContent : HttpContent
    {
        readonly HttpContent _inner;
        readonly McpCall? _call;

        public BoundedContent(HttpContent inner, McpCall? call)
        {
            (_inner, _call) = (inner, call);
            foreach (var (name, values) in inner.Headers)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task<Stream> CreateContentReadStreamAsync() => OpenAsync(CancellationToken.None);

        protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            OpenAsync(cancellationToken);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var body = await OpenAsync(cancellationToken);
            await body.CopyToAsync(stream, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _inner.Dispose();
            base.Dispose(disposing);
        }

        async Task<Stream> OpenAsync(CancellationToken ct)
        {
            var limits = Headers.ContentType?.MediaType == "text/event-stream" ? Events : Document;
            return new BoundedStream(await _inner.ReadAsStreamAsync(ct), limits, isTooLong =>
            {
                if (isTooLong)
                    _call?.IsTooLong = true;
            });
        }
    }
}
