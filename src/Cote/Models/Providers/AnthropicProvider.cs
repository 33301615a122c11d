using System.Net.Http.Headers;
using Anthropic;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// Anthropic's models through the official SDK and its own adapter. The API version that the SDK speaks has no sampling
/// temperature: the adapter leaves it out.
/// </summary>
static class AnthropicProvider
{
    // The API wants a limit in every call, and the adapter's own 1,024 cuts ordinary answers. Every model since
    // Claude 3.5 takes this one.
    const int DefaultMaxTokens = 8_192;

    public static Func<string, IChatClient> Open(ProviderOptions options, TimeProvider time)
    {
        var client = new AnthropicClient
        {
            HttpClient = ModelHttp.Open(inner => new Refusals(time) { InnerHandler = inner }),
            // Both are set even when there is none: the SDK would look for a key in the environment by itself and
            // send it to whatever base URL is configured here.
            ApiKey = options.ApiKey?.Reveal().Trim() is { Length: > 0 } key ? key : null,
            AuthToken = null,
            BaseUrl = BaseUrl(options.BaseUrl),
            MaxRetries = 0,
            // Up to the answer's headers; the reply loop is long done by then. Infinity is sent upstream as -0.001.
            Timeout = TimeSpan.FromDays(1),
        };
        return model => client.AsIChatClient(model, options.MaxTokens ?? DefaultMaxTokens);
    }

    // The SDK appends /v1/messages; the base URLs that people copy often end in /v1.
    static string BaseUrl(string? configured)
    {
        var url = (configured ?? "https://api.anthropic.com").TrimEnd('/');
        return url.EndsWith("/v1", StringComparison.Ordinal) ? url[..^3] : url;
    }

    /// <summary>
    /// Turns a refusal into a fault below the SDK, whose exceptions drop the headers and with them Retry-After; and
    /// a 200 that is a web page or plain JSON, which the SDK would take for a stream that happens to be empty.
    /// </summary>
    sealed class Refusals(TimeProvider time) : DelegatingHandler
    {
        const int MostOfABody = 64 * 1024;

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellation)
        {
            var answer = await base.SendAsync(request, cancellation);
            if (!answer.IsSuccessStatusCode)
            {
                using (answer)
                {
                    throw new ModelFaultException(ModelFault.OfStatus((int)answer.StatusCode,
                        await BodyOf(answer, cancellation),
                        ModelFault.RetryAfterOf(name => Header(answer.Headers, name), time)));
                }
            }
            if (answer.Content.Headers.ContentType?.MediaType is "text/html" or "application/json")
            {
                answer.Dispose();
                throw new ModelFaultException(ModelFault.Broken);
            }
            return answer;
        }

        static async Task<string> BodyOf(HttpResponseMessage answer, CancellationToken cancellation)
        {
            var head = new byte[MostOfABody];
            await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
            var length = await body.ReadAtLeastAsync(head, MostOfABody, throwOnEndOfStream: false, cancellation);
            return System.Text.Encoding.UTF8.GetString(head, 0, length);
        }

        static string? Header(HttpResponseHeaders headers, string name) =>
            headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
    }
}
