namespace Cote.Models;

/// <summary>
/// A provider that speaks OpenAI's API, for callers that have written what is sent: the gateway hands bodies on.
/// </summary>
sealed class OpenAIEndpoint(OpenAIWire wire, Lazy<ModelHttp> http)
{
    /// <summary>Whether its models are OpenAI's own, which know the newer names alone.</summary>
    public bool IsOpenAIItself => OpenAIWire.IsOpenAIItself(wire.Endpoint);

    /// <summary>Posts JSON to a path below the base URL; gives the answer as soon as its headers are here.</summary>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    public Task<HttpResponseMessage> PostAsync(string path, byte[] json, CancellationToken ct) =>
        http.Value.PostAsync(wire.EndpointOf(path), wire.Headers, json, ct);

    /// <summary>Posts a form; whatever answers it is read by the caller.</summary>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    public Task<HttpResponseMessage> PostAsync(string path, HttpContent form, CancellationToken ct) =>
        http.Value.PostAsync(wire.EndpointOf(path), wire.Headers, form, "*/*", ct);
}
