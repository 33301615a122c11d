using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Cote.Dialects.OpenAI;

/// <summary>Bodies under <c>/v1</c>: what is no JSON object is answered in OpenAI's words.</summary>
static class OpenAIBody
{
    /// <summary>
    /// Reads a request for a model. The whole conversation is in it, with its pictures: it may be longer than others.
    /// </summary>
    /// <returns>Null where the body is wrong, and the request is answered.</returns>
    public static Task<JsonElement?> ReadLongAsync(HttpContext http, HttpOptions options)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = options.MaxHistoryBytes;
        return ReadAsync(http, Body.ReadAsync(http));
    }

    /// <summary>The body that is read; null where it is wrong, and the request is answered.</summary>
    public static async Task<JsonElement?> ReadAsync(HttpContext http, Task<RequestReader> reading)
    {
        var reader = await reading;
        if (reader.Problem is not { } problem)
            return reader.Json;
        await OpenAIError.Of(problem).WriteAsync(http);
        return null;
    }
}
