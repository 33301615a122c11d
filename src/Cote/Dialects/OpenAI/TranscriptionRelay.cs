using System.Net.Http.Headers;
using Cote.Models;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>A form with a recording.</summary>
sealed class TranscriptionRelay(
    GatewayRequest request, IFormCollection form, IFormFile file, GatewayOutput output, CallMeter meter,
    ModelCallLimits limits, Clock clock) : Relay(request, output, meter, limits, clock)
{
    readonly GatewayRequest _request = request;

    protected override async Task<HttpResponseMessage> PostAsync(long? most, CancellationToken ct)
    {
        using var sent = new MultipartFormDataContent();
        foreach (var (name, values) in form)
            foreach (var value in values)
                sent.Add(new StringContent(name == "model" ? _request.Model : value ?? ""), Plain(name));
        var bytes = new StreamContent(file.OpenReadStream());
        if (MediaTypeHeaderValue.TryParse(file.ContentType, out var type))
            bytes.Headers.ContentType = type;
        sent.Add(bytes, "file", Plain(file.FileName is { Length: > 0 } named ? named : "audio"));
        return await _request.Provider.OpenAI!.PostAsync(_request.Route.Path, sent, ct);
    }

    // A quote would end the name.
    static string Plain(string name) => name.Replace('"', '\'');
}
