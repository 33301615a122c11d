using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Cote.Client;

/// <summary>One request and its answer, or a <see cref="CoteException"/>.</summary>
sealed class CoteHttp(CoteClientOptions options) : IDisposable
{
    static readonly HttpRequestOptionsKey<bool> Streams = new("WebAssemblyEnableStreamingResponse");

    readonly HttpClient _http = new(options.Handler ?? new HttpClientHandler(), disposeHandler: options.Handler is null)
    {
        BaseAddress = new(options.Url.AbsoluteUri.TrimEnd('/') + "/"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The address of a path, with the scheme of sockets.</summary>
    public Uri SocketUrl(string path)
    {
        var url = new Uri(_http.BaseAddress!, path.TrimStart('/'));
        return new UriBuilder(url) { Scheme = url.Scheme == "https" ? "wss" : "ws" }.Uri;
    }

    /// <summary>The address of a path of the server, such as a <see cref="Media.Url"/>.</summary>
    public Uri UrlOf(string path) => new(_http.BaseAddress!, path);

    /// <summary>A request of JSON, if any, to the end of its answer.</summary>
    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? token, JsonNode? body, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(Request(method, path, token, body is null ? null
            : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json")), cancellationToken)
            .ConfigureAwait(false);
        return answer.IsOfServer ? answer : throw Problem.OfNetwork(null);
    }

    /// <summary>Does what is the same when it is done twice: several times where no answer comes.</summary>
    public static async Task<T> RepeatAsync<T>(
        int tries, Func<Task<T>> doAsync, CancellationToken cancellationToken)
    {
        while (true)
            try
            {
                return await doAsync().ConfigureAwait(false);
            }
            catch (CoteException error) when (error.Code == "network" && --tries > 0)
            {
                await Task.Delay(100 + Random.Shared.Next(300), cancellationToken).ConfigureAwait(false);
            }
    }

    /// <summary>A request to the end of its answer, which may take this much longer than others.</summary>
    public async Task<Answer> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken, TimeSpan longer = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout + longer);
        try
        {
            using (request)
            using (var response = await _http.SendAsync(request, limit.Token).ConfigureAwait(false))
            {
                var text = await response.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false);
                if (!response.IsSuccessStatusCode)
                    throw Problem.Of(response, text);
                return new(text, response.Headers, response.StatusCode == HttpStatusCode.NoContent
                    || response.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal)
                        == true);
            }
        }
        catch (Exception error) when (IsOfNetwork(error) && !cancellationToken.IsCancellationRequested)
        {
            throw Problem.OfNetwork(error);
        }
    }

    /// <summary>A request whose answer is read while it comes.</summary>
    public async Task<HttpResponseMessage> OpenAsync(
        string path, string? token, string accept, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path, token, null);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        request.Options.Set(Streams, true);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout);
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token)
                .ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
                throw Problem.Of(response, await response.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false));
        }
        catch (Exception error) when (IsOfNetwork(error) && !cancellationToken.IsCancellationRequested)
        {
            throw Problem.OfNetwork(error);
        }
    }

    /// <summary>A request for a path of the server.</summary>
    public static HttpRequestMessage Request(HttpMethod method, string path, string? token, HttpContent? content)
    {
        var request = new HttpRequestMessage(method, path.TrimStart('/')) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        return request;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Whether the line broke, rather than this program.</summary>
    public static bool IsOfNetwork(Exception error) =>
        error is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException
            or System.Net.WebSockets.WebSocketException or System.Net.Sockets.SocketException;
}

/// <summary>The answer to a request that succeeded.</summary>
/// <param name="Text">The body.</param>
/// <param name="Headers">The headers.</param>
/// <param name="IsOfServer">False where it has no form of the server's: a page of something on the way.</param>
sealed record Answer(string Text, HttpResponseHeaders Headers, bool IsOfServer)
{
    /// <summary>The path of the next page of a list, or null on its last.</summary>
    public string? Next => Headers.TryGetValues("Link", out var links)
        && links.FirstOrDefault(x => x.Contains("rel=\"next\"", StringComparison.Ordinal)) is { } link
        ? link.Split('<', '>')[1] : null;

    /// <summary>A header, or null.</summary>
    public string? this[string name] => Headers.TryGetValues(name, out var values) ? values.First() : null;

    /// <summary>The body as this type.</summary>
    public T As<T>(JsonTypeInfo<T> type)
    {
        if (!IsOfServer)
            throw Problem.OfNetwork(null);
        try
        {
            return JsonSerializer.Deserialize(Text, type)
                ?? throw new CoteException(0, "network", "The answer of the server is empty");
        }
        catch (JsonException error)
        {
            throw Problem.OfNetwork(error);
        }
    }
}

/// <summary>What an answer says about its failure.</summary>
static class Problem
{
    public static CoteException OfNetwork(Exception? error) =>
        new(0, "network", "The server did not answer") { Reason = error };

    public static CoteException Of(HttpResponseMessage response, string text)
    {
        var status = (int)response.StatusCode;
        var (code, detail) = ("http_" + status, $"The server answered {status}");
        var fields = new Dictionary<string, string>();
        try
        {
            var problem = JsonNode.Parse(text) as JsonObject;
            code = (string?)problem?["code"] ?? code;
            if (problem?["detail"] is JsonValue sentence)
                detail = sentence.ToString();
            else if (problem?["detail"] is JsonArray { Count: > 0 } faults)
            {
                foreach (var fault in faults.OfType<JsonObject>())
                    fields[string.Join('.', fault["loc"]?.AsArray().Select(x => x?.ToString()) ?? [])] =
                        fault["msg"]?.ToString() ?? "";
                detail = string.Join("; ", fields.Select(x => $"{x.Key}: {x.Value}"));
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // A proxy answered with a page of its own: the status says it all.
        }
        var wait = response.Headers.RetryAfter;
        return new(status, code, detail)
        {
            Fields = fields,
            RetryAfter = wait?.Delta ?? wait?.Date - TimeProvider.System.GetUtcNow(),
        };
    }
}
