using System.Runtime.InteropServices;
using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>A route of the gateway.</summary>
/// <param name="Path">Its path below the base URL of a provider, and below <c>/v1</c>.</param>
/// <param name="Prompt">The member of the body that must be there beside the model.</param>
/// <param name="Limits">The members that limit the output, the first where one is added for OpenAI's own models, the
/// last for all others.</param>
sealed record GatewayRoute(string Path, string Prompt, params string[] Limits)
{
    public static readonly GatewayRoute Chat =
        new("/chat/completions", "messages", "max_completion_tokens", "max_tokens");

    public static readonly GatewayRoute Responses = new("/responses", "input", "max_output_tokens");

    public static readonly GatewayRoute Embeddings = new("/embeddings", "input");

    public static readonly GatewayRoute Transcriptions = new("/audio/transcriptions", "file");

    /// <summary>What its calls are measured as.</summary>
    public string Operation => this == Embeddings ? "embeddings" : this == Transcriptions ? "transcription"
        : MeasuredCall.Chat;

    /// <summary>Whether its answers are text, with an output that can be limited.</summary>
    public bool HasOutput => Limits.Length > 0;

    /// <summary>The type of the event that is an error in its streams; null where errors have none.</summary>
    public string? ErrorEvent => this == Responses ? "error" : null;
}

/// <summary>A request to the gateway whose model is known.</summary>
/// <param name="Route">Its route.</param>
/// <param name="Body">The whole body.</param>
/// <param name="Asked">The model as the client named it.</param>
/// <param name="ModelId">The model as <c>provider/model</c>.</param>
/// <param name="Provider">The provider.</param>
/// <param name="Model">The provider's own name of the model.</param>
sealed record GatewayRequest(
    GatewayRoute Route, JsonElement Body, string Asked, string ModelId, Provider Provider, string Model)
{
    const int MostCopies = 128;
    const long MostLimit = 100_000_000;

    /// <summary>The body as it was sent.</summary>
    public ReadOnlySpan<byte> Bytes => JsonMarshal.GetRawUtf8Value(Body);

    /// <summary>Whether the answer is a stream.</summary>
    public bool IsStream => Body.Member("stream") is { ValueKind: JsonValueKind.True };

    /// <summary>Whether the client asked for the usage at the end of a stream.</summary>
    public bool WantsUsage =>
        Body.Member("stream_options")?.Member("include_usage") is { ValueKind: JsonValueKind.True };

    /// <summary>How many answers are asked for.</summary>
    public long Copies => Body.Member("n") is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out var copies)
        ? Math.Clamp(copies, 1, MostCopies) : 1;

    /// <summary>The limits of the output as the client gave them, by the names of their members.</summary>
    public IReadOnlyList<(string Name, long Tokens)> Limits =>
        [.. Route.Limits.Where(x => Body.Member(x) is { ValueKind: JsonValueKind.Number })
            .Select(x => (x, Body.Member(x)!.Value.GetInt64()))];

    /// <summary>The most output that one answer may have; null where the client does not say. Of two limits the larger
    /// one counts: which of them holds is the provider's choice.</summary>
    public long? MostOutput => Limits is { Count: > 0 } given ? Math.Min(given.Max(x => x.Tokens), MostLimit) : null;

    /// <summary>Reads what every request of a route has; an error where it has it not.</summary>
    /// <param name="route">The route.</param>
    /// <param name="body">A JSON object.</param>
    /// <param name="models">The models.</param>
    /// <param name="besides">The id of a model that may be asked though no chat may; null where there is none.</param>
    public static (GatewayRequest? Request, OpenAIError? Error) Of(
        GatewayRoute route, JsonElement body, ModelCatalogue models, string? besides = null)
    {
        if (body.Member("model") is not { ValueKind: not JsonValueKind.Null } named)
            return (null, OpenAIError.Missing("model"));
        if (RequestReader.WellFormed(named) is not { Length: > 0 } asked)
            return (null, OpenAIError.Wrong("model", "model is the id of a model, a text."));
        if ((asked == besides ? asked : models.Resolve(asked)) is not { } id
            || models.Split(id) is not var (provider, model))
            return (null, OpenAIError.NoModel(asked));
        var prompt = body.Member(route.Prompt);
        if (prompt is null or { ValueKind: JsonValueKind.Null })
            return (null, OpenAIError.Missing(route.Prompt));
        if (route == GatewayRoute.Chat
            && (prompt.Value.ValueKind != JsonValueKind.Array || prompt.Value.GetArrayLength() == 0))
            return (null, OpenAIError.Wrong(route.Prompt, $"{route.Prompt} is a list of at least one message."));
        if (body.Member("stream") is { } stream
            && stream.ValueKind is not (JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null))
            return (null, OpenAIError.Wrong("stream", "stream is true or false."));
        if (!IsWhole(body, "n", MostCopies))
            return (null, OpenAIError.Wrong("n", $"n is a whole number from 1 to {MostCopies}."));
        foreach (var name in route.Limits)
            if (!IsWhole(body, name, long.MaxValue))
                return (null, OpenAIError.Wrong(name, $"{name} is a whole number of at least 1."));
        return WrongKind(route, body) is { } wrong ? (null, wrong)
            : (new(route, body, asked, id, provider, model), null);
    }

    // What no provider can take: whoever reads the body further relies on it.
    static OpenAIError? WrongKind(GatewayRoute route, JsonElement body)
    {
        if (!route.HasOutput)
            return null;
        foreach (var name in route == GatewayRoute.Chat ? (string[])["messages", "tools"] : ["tools"])
            if (body.Member(name) is { ValueKind: not JsonValueKind.Null } list
                && (list.ValueKind != JsonValueKind.Array
                    || list.EnumerateArray().Any(x => x.ValueKind != JsonValueKind.Object)))
                return OpenAIError.Wrong(name, $"{name} is a list of objects.");
        return body.Member("metadata") is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Object) }
            ? OpenAIError.Wrong("metadata", "metadata is an object.") : null;
    }

    static bool IsWhole(JsonElement body, string name, long most) => body.Member(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => true,
        { ValueKind: JsonValueKind.Number } value => value.TryGetInt64(out var number) && number >= 1 && number <= most,
        _ => false,
    };

    /// <summary>A member whose price the price of tokens does not tell; null where there is none.</summary>
    public string? Unpriced
    {
        get
        {
            if (Body.Member("service_tier") is { ValueKind: JsonValueKind.String } tier
                && tier.String() is not ("auto" or "default"))
                return "service_tier";
            foreach (var name in (string[])["web_search_options", "audio"])
                if (Body.Member(name) is { ValueKind: not JsonValueKind.Null })
                    return name;
            return Body.Member("tools", JsonValueKind.Array) is { } tools && tools.EnumerateArray()
                .Any(x => x.String("type") is not ("function" or "custom")) ? "tools" : null;
        }
    }
}
