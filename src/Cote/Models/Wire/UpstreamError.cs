using System.Text;
using System.Text.Json;

namespace Cote.Models;

/// <summary>
/// An error as the servers of the field write it, wherever they put it: the body of a refusal, an event, a JSON in a
/// 200. Its text never leaves this room: it may hold keys, addresses or a person's text.
/// </summary>
/// <param name="Status">The status that the error itself names, or null.</param>
/// <param name="Kind">Its type and codes.</param>
/// <param name="Message">Its message.</param>
/// <param name="Field">The field of the request that it names, or null.</param>
sealed record UpstreamError(int? Status, string Kind, string Message, string? Field = null)
{
    const int MaxText = 4_096;

    /// <summary>Whether the message or the codes hold one of these words, in any case.</summary>
    public bool Says(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            if (Kind.Contains(word, StringComparison.OrdinalIgnoreCase)
                || Message.Contains(word, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    /// <summary>What it means.</summary>
    /// <param name="status">The status of the answer; null for an error inside a 200.</param>
    /// <param name="retryAfter">What the answer's header asks for.</param>
    public ModelFault ToFault(int? status = null, TimeSpan? retryAfter = null)
    {
        var fault = ErrorWords.Classify(this, status ?? Status, isInStream: status is null);
        return fault.Retryable ? fault with { RetryAfter = retryAfter } : fault;
    }

    /// <summary>Reads text that is known to be an error.</summary>
    public static UpstreamError Of(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return Of(json.RootElement);
        }
        catch (JsonException)
        {
            return new(null, "", body.Length > MaxText ? body[..MaxText] : body);
        }
    }

    /// <summary>Reads JSON that is known to be an error.</summary>
    public static UpstreamError Of(JsonElement root)
    {
        // Gemini puts its error into an array of one.
        if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0)
            root = root[0];
        var error = Inner(root);
        var code = error.Member("code") ?? error.Member("status") ?? error.Member("status_code");
        var status = code is { } c && Number(c) is >= 400 and < 600 and var number ? number : Number(error);
        // The message may quote the user's own words, so only a known place is searched where there is one.
        var message = error.String("message") ?? error.String("msg") ?? error.String("status_msg")
            ?? Details(error) ?? root.String("message") ?? error.String() ?? error.GetRawText();
        var metadata = error.Member("metadata");
        var kind = new StringBuilder();
        foreach (var part in (JsonElement?[])[error.Member("type"), code, error.Member("error_code"),
            error.Member("status"), error.Member("details"), error.Member("innererror"), metadata?.Member("reasons")])
            kind.Append(part is { } x ? Short(x) : "").Append(' ');
        return new(status is >= 400 and < 600 ? status : null, kind.ToString(),
            message.Length > MaxText ? message[..MaxText] : message, FieldOf(error));
    }

    /// <summary>The error that JSON of a 200 holds, or null. An empty <c>error</c> is none.</summary>
    /// <param name="json">An event or a body.</param>
    /// <param name="isErrorEvent">Whether the event's type is <c>error</c>.</param>
    public static UpstreamError? Find(JsonElement json, bool isErrorEvent)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return isErrorEvent ? Of(json) : null;
        var isError = isErrorEvent || Holds(json.Member("error"u8)) || Holds(json.Member("errors"u8))
            || json.Member("base_resp"u8)?.Member("status_code"u8) is { } code && Number(code) is not (null or 0);
        if (!isError && json.Member("choices"u8) is null)
            isError = json.String("object") == "error" || json.String("type") is "error"
                || json.Member("success") is { ValueKind: JsonValueKind.False }
                || IsFlat(json);
        return isError ? Of(json) : null;
    }

    // {"detail": "…"} and {"message": "…", "code": 500}; a message alone may be anything, such as a sign of life.
    static bool IsFlat(JsonElement json)
    {
        if (json.Member("detail") is { ValueKind: JsonValueKind.String or JsonValueKind.Array })
            return true;
        if ((json.String("message") ?? json.String("msg")) is null)
            return false;
        if (json.String("type")?.EndsWith("error", StringComparison.OrdinalIgnoreCase) == true)
            return true;
        var code = json.Member("code") ?? json.Member("error_code") ?? json.Member("status_code");
        var number = code is { } x ? Number(x) : json.Member("status") is { } status ? Number(status) : null;
        return number is { } n ? n is not (0 or >= 100 and < 400)
            : code?.String() is { Length: > 0 } and not ("ok" or "success");
    }

    static bool Holds(JsonElement? error) => error switch
    {
        { ValueKind: JsonValueKind.Object } x => x.EnumerateObject().Any(),
        { ValueKind: JsonValueKind.Array } x => x.GetArrayLength() > 0,
        { ValueKind: JsonValueKind.String } x => !string.IsNullOrWhiteSpace(x.String()),
        { ValueKind: JsonValueKind.Number } x => Number(x) is not 0,
        { ValueKind: JsonValueKind.True } => true,
        _ => false,
    };

    static JsonElement Inner(JsonElement root)
    {
        foreach (var name in (string[])["error", "errors", "base_resp"])
            if (root.Member(name) is { } error && Holds(error) && error.ValueKind != JsonValueKind.True)
                return error.ValueKind == JsonValueKind.Array ? error[0] : error;
        return root;
    }

    static string? FieldOf(JsonElement error) =>
        error.String("param") ?? (error.Member("detail", JsonValueKind.Array) is { } all && all.GetArrayLength() > 0
            && all[0].Member("loc", JsonValueKind.Array) is { } place && place.GetArrayLength() > 1
                ? place[1].String() : null);

    // FastAPI's list of wrong fields; what a user wrote stands in `input` and is passed over.
    static string? Details(JsonElement error) =>
        error.String("detail") ?? (error.Member("detail", JsonValueKind.Array) is { } all
            ? string.Join("; ", all.EnumerateArray().Select(x =>
                $"{x.String("type")} {x.Member("loc")?.GetRawText()} {x.String("msg")}")) : null);

    static string Short(JsonElement json)
    {
        var text = json.String() ?? json.GetRawText();
        return text.Length > MaxText ? text[..MaxText] : text;
    }

    static int? Number(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number) ? number
        : int.TryParse(json.String(), out var word) ? word : null;
}

/// <summary>An error that a provider sent, with the fault that it means.</summary>
sealed class UpstreamErrorException(UpstreamError error, int? status, ModelFault fault) : ModelFaultException(fault)
{
    public UpstreamError Error => error;

    /// <summary>The status of the answer; null for an error inside a 200.</summary>
    public int? Status => status;
}
