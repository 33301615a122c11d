using System.Net.Http.Headers;
using System.Text.Json;

namespace Cote.Models;

/// <summary>What was said in a recording.</summary>
/// <param name="Text">In words; empty where nothing was.</param>
/// <param name="Usage">What the provider counted, in tokens; null where it does not say.</param>
sealed record Transcript(string Text, CallUsage? Usage);

/// <summary>Where a provider transcribes: OpenAI's <c>/audio/transcriptions</c>.</summary>
/// <param name="Url">The URL.</param>
/// <param name="Headers">Those of the provider.</param>
/// <param name="Http">The transport of the provider.</param>
sealed record TranscriptionEndpoint(
    Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, Lazy<ModelHttp> Http);

/// <summary>The model that transcribes recordings, where one is configured.</summary>
sealed class TranscriptionModel
{
    /// <summary>The most bytes of one file that services take.</summary>
    public const int MostBytes = 25 * 1_048_576;

    const long MostTokens = 100_000_000;

    // Services tell the format by the extension of the name.
    static readonly Dictionary<string, string> Extensions = new()
    {
        ["audio/wav"] = "wav",
        ["audio/mpeg"] = "mp3",
        ["audio/mp4"] = "m4a",
        ["audio/aac"] = "aac",
        ["audio/ogg"] = "ogg",
        ["audio/webm"] = "webm",
        ["audio/flac"] = "flac",
        ["video/mp4"] = "mp4",
        ["video/webm"] = "webm",
        ["video/ogg"] = "ogg",
    };

    readonly Provider? _provider;
    readonly TranscriptionEndpoint? _service;
    readonly string _model;
    readonly Clock _clock;

    public TranscriptionModel(TranscriptionOptions options, ProviderRegistry providers, Clock clock)
    {
        (Id, _model, _clock) = (options.Id, options.ModelName, clock);
        if (Id is null)
            return;
        var name = options.Provider!.Trim();
        _provider = providers.Providers.FirstOrDefault(x => x.Name == name);
        _service = _provider?.Transcriptions
            ?? throw new StartupException(
                $"Cote__Transcription__Provider names `{name}`, which is no configured provider that speaks OpenAI's "
                + "API. Configured are: "
                + $"{string.Join(", ", providers.Providers.Where(x => x.Transcriptions is not null).Select(x => x.Name))}.");
    }

    /// <summary>Its id, as <c>provider/model</c>; null where nothing is transcribed.</summary>
    public string? Id { get; }

    /// <summary>Whether it takes recordings of this type.</summary>
    public static bool Takes(string contentType) => Extensions.ContainsKey(contentType);

    /// <summary>Transcribes one file of at most <see cref="MostBytes"/>.</summary>
    /// <param name="bytes">The file; read once.</param>
    /// <param name="contentType">Its type.</param>
    /// <param name="ct">Cancels the call.</param>
    /// <exception cref="UpstreamErrorException">The answer is no success.</exception>
    /// <exception cref="ModelFaultException">The answer cannot be understood.</exception>
    public async Task<Transcript> ReadAsync(Stream bytes, string contentType, CancellationToken ct)
    {
        using var form = new MultipartFormDataContent();
        var file = new StreamContent(bytes);
        file.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        form.Add(file, "file", $"audio.{Extensions[contentType]}");
        form.Add(new StringContent(_model), "model");
        form.Add(new StringContent("json"), "response_format");
        using var seen = _provider!.WatchOf(_model).Begin(_clock);
        try
        {
            var transcript = await ReadAsync(form, ct);
            seen.End(null);
            return transcript;
        }
        catch (Exception error) when (!ct.IsCancellationRequested)
        {
            seen.End(ModelFault.Of(error));
            throw;
        }
    }

    async Task<Transcript> ReadAsync(MultipartFormDataContent form, CancellationToken ct)
    {
        using var json = await _service!.Http.Value.PostAsync(_service.Url, _service.Headers, form, ct);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("text", out var text)
            || text.ValueKind != JsonValueKind.String)
            throw new ModelFaultException(ModelFault.Unreadable);
        return new(WellFormedText.Of(text.GetString()!).Trim(), UsageIn(root));
    }

    // Some count tokens, some seconds, most nothing.
    static CallUsage? UsageIn(JsonElement root) =>
        root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object
        && TokensIn(usage, "input_tokens") is { } input && TokensIn(usage, "output_tokens") is { } output
            ? new(input, output) : null;

    static long? TokensIn(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var tokens) && tokens.ValueKind == JsonValueKind.Number
        && tokens.TryGetInt64(out var number) && number is >= 0 and <= MostTokens ? number : null;
}
