using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Cote.Notices;

/// <summary>
/// How names become addresses, and whose certificates are accepted. Tests have names and certificates of their own.
/// </summary>
/// <param name="ResolveAsync">The addresses of a host name.</param>
/// <param name="Accepts">Judges a certificate; null: as the system does.</param>
sealed record Outside(
    Func<string, CancellationToken, Task<IPAddress[]>> ResolveAsync,
    RemoteCertificateValidationCallback? Accepts = null)
{
    public static readonly Outside Default = new(Dns.GetHostAddressesAsync);
}

/// <summary>What came of a request.</summary>
/// <param name="Status">Of the answer; 0 where there was none.</param>
/// <param name="Why">Why there was no answer, in a few words that name no address; null where there was one.</param>
/// <param name="RetryAfter">How long the receiver asks to wait.</param>
readonly record struct GuardedAnswer(int Status, string? Why = null, TimeSpan? RetryAfter = null)
{
    /// <summary>Whether the receiver took it.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The fault in a few words.</summary>
    public string Fault => Why ?? $"it answered {Status}";
}

/// <summary>
/// Sends requests to hosts that a user or an operator names: by https only, to no address but a public or an opened
/// one, without a proxy, cookies or redirects, within ten seconds, and without a look at the answer.
/// </summary>
sealed class GuardedClient : IDisposable
{
    /// <summary>The longest URL.</summary>
    public const int LongestUrl = 2_048;

    /// <summary>How much of an answer is read.</summary>
    public const int LongestAnswer = 4_096;

    /// <summary>How long a request may take in all.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    // Of an address that does not answer: the next one of the name gets its turn.
    static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(4);

    readonly AllowedHosts _allowed;
    readonly Outside _outside;
    readonly HttpMessageInvoker _http;

    public GuardedClient(AllowedHosts allowed, Outside outside)
    {
        (_allowed, _outside) = (allowed, outside);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false, // A proxy would resolve the name itself.
            UseCookies = false,
            Credentials = null,
            ConnectTimeout = Within,
            MaxConnectionsPerServer = 32,
            MaxResponseHeadersLength = 16, // KB
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // An address that changed is checked anew.
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ActivityHeadersPropagator = null, // Ids of our traces are nobody else's business.
            ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, ct),
        };
        if (outside.Accepts is { } accepts)
            handler.SslOptions.RemoteCertificateValidationCallback = accepts;
        _http = new(handler);
    }

    /// <summary>
    /// The URL, where a request may go to it; null where it is too long, or does not begin with https.
    /// </summary>
    public static Uri? Parse(string? text) =>
        text is { Length: > 0 and <= LongestUrl } && Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0 && url.IdnHost.Length > 0 ? url : null;

    /// <summary>Sends a request. Only the caller's own cancellation throws.</summary>
    public async Task<GuardedAnswer> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        if (Parse(request.RequestUri?.OriginalString) is null)
            return new(0, "its URL is not one of https");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Within);
        try
        {
            using var answer = await _http.SendAsync(request, limit.Token);
            await PassOverAsync(answer, limit.Token);
            return new((int)answer.StatusCode, null, WaitOf(answer.Headers));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(0, $"it took longer than {Within.TotalSeconds} s");
        }
        catch (HttpRequestException error)
        {
            return new(0, WhyOf(error));
        }
    }

    // As much as the connection needs to be used again; one with a longer answer is closed. Whatever becomes of the
    // rest of the answer, its status is known.
    static async Task PassOverAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(ct);
            var buffer = new byte[LongestAnswer];
            for (var left = LongestAnswer; left > 0;)
            {
                var read = await body.ReadAsync(buffer.AsMemory(0, left), ct);
                if (read == 0)
                    return;
                left -= read;
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException)
        {
        }
    }

    // The name is resolved once, and the connection goes to exactly the address that was checked: a second answer of a
    // hostile name server finds nobody who asks.
    async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken ct)
    {
        IPAddress[] addresses = IPAddress.TryParse(host.Host, out var given) ? [given]
            : await _outside.ResolveAsync(host.Host, ct);
        var open = _allowed.HasName(host.Host) ? addresses
            : [.. addresses.Where(x => AddressGuard.IsPublic(x) || _allowed.HasAddress(x))];
        if (open.Length == 0)
            throw new RefusedAddressException();
        for (var n = 0; ; n++)
        {
            var socket = new Socket(open[n].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(n < open.Length - 1 ? ConnectWithin : Within);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(open[n], host.Port), limit.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception error) when (n < open.Length - 1 && !ct.IsCancellationRequested
                && error is SocketException or OperationCanceledException)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    // The messages of exceptions name hosts and addresses; what is told names kinds.
    static string WhyOf(HttpRequestException error)
    {
        for (Exception? inner = error; inner is not null; inner = inner.InnerException)
            switch (inner)
            {
                case RefusedAddressException:
                    return "its address is private";
                case AuthenticationException:
                    return "its certificate is not trusted";
                case SocketException { SocketErrorCode: var code }:
                    return code is SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
                        ? "its name has no address" : $"it cannot be reached ({code})";
            }
        return $"it cannot be reached ({error.HttpRequestError})";
    }

    // A point in time is measured from the receiver's own clock.
    static TimeSpan? WaitOf(HttpResponseHeaders headers) => headers.RetryAfter?.Delta
        ?? (headers.RetryAfter?.Date is { } until && headers.Date is { } now ? until - now : null);

    public void Dispose() => _http.Dispose();

    sealed class RefusedAddressException() : IOException("The address is not public.");
}
