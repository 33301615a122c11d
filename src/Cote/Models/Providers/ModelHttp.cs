namespace Cote.Models;

/// <summary>The one pooled HTTP client of a provider, set up for streams that last minutes.</summary>
static class ModelHttp
{
    public static HttpClient Open(Func<HttpMessageHandler, HttpMessageHandler>? around = null)
    {
        // The handler opens its sockets with TCP_NODELAY of itself: with Nagle a request waits 40 ms for a delayed ACK.
        // It is closed by the pool, or with the process.
        var sockets = new SocketsHttpHandler
        {
            // A redirect would carry the prompt, and on the same host the key, to wherever an answer points.
            AllowAutoRedirect = false,
            UseCookies = false,
            // A reader that walks away must close the stream at once, not after the two seconds in which the handler
            // would wait for its end; a stream that is over in all but its last bytes still gives its connection back.
            ResponseDrainTimeout = TimeSpan.FromMilliseconds(100),
            ConnectTimeout = TimeSpan.FromSeconds(15),
            // A provider's address changes under a long-lived process.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        };
        return new HttpClient(around?.Invoke(sockets) ?? sockets)
        {
            // A reply may stream for as long as it likes; the reply loop times the first token and every pause.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }
}
