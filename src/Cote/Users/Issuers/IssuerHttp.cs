using System.Net.Http.Headers;
using System.Text;
using Microsoft.IdentityModel.Protocols;

namespace Cote.Users;

/// <summary>
/// What is asked of issuers. An answer is bounded in size and time; a redirect is a failure, since it would let whoever
/// can write one choose whose keys are trusted.
/// </summary>
sealed class IssuerHttp(Clock clock) : IDisposable
{
    /// <summary>How long an issuer may take for all that is asked at once.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    const int MostBytes = 1_048_576;

    readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 64,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // each request has its own, by the one clock
        MaxResponseContentBufferSize = MostBytes,
        DefaultRequestHeaders = { { "User-Agent", "Cote" }, { "Accept", "application/json" } },
    };

    /// <summary>Reads documents of an issuer; only of https, where the issuer itself is.</summary>
    public IDocumentRetriever DocumentsOf(string authority) => new Documents(_http, IsLoopback(authority));

    /// <summary>
    /// Sends a form; null where the answer is not a 200. Its secret stands in the header, or, where the issuer takes
    /// none there, in the form.
    /// </summary>
    public async Task<string?> PostAsync(
        string authority, string url, IReadOnlyList<(string Name, string Value)> form,
        AuthenticationHeaderValue? client, CancellationToken ct)
    {
        if (!IssuerOptions.IsSafe(url.Split('?')[0], IsLoopback(authority)))
            throw new HttpRequestException("The token endpoint is not https.");
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new FormUrlEncodedContent(form.Select(x => KeyValuePair.Create(x.Name, x.Value))),
            Headers = { Authorization = client },
        };
        using var limit = new CancellationTokenSource(Longest, clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        using var answer = await _http.SendAsync(request, either.Token);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(either.Token) : null;
    }

    public static AuthenticationHeaderValue Basic(string id, string secret) => new("Basic", Convert.ToBase64String(
        Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}")));

    public void Dispose() => _http.Dispose();

    static bool IsLoopback(string authority) => new Uri(authority).Scheme == Uri.UriSchemeHttp;

    sealed class Documents(HttpClient http, bool allowsLoopback) : IDocumentRetriever
    {
        public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
        {
            if (!IssuerOptions.IsSafe(address.Split('?')[0], allowsLoopback))
                throw new HttpRequestException("The issuer names an address that is not https.");
            using var answer = await http.GetAsync(address, cancel);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancel)
                : throw new HttpRequestException($"The issuer answered {(int)answer.StatusCode}.");
        }
    }
}
