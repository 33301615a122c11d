using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Primitives;

/// <summary>One wrong field, in FastAPI's shape.</summary>
sealed record FieldError(string Type, JsonArray Loc, string Msg, JsonNode? Input, JsonObject? Ctx = null);

/// <summary>What is wrong with one request: the list that every reader of the same request adds to.</summary>
sealed class FieldErrors
{
    const int MaxEchoLength = 1_000;
    const int MaxEchoItems = 20;

    static readonly HashSet<string> Secrets = new(
        [
            "password", "current_password", "refresh_token", "client_secret", "token", "ticket", "invitation_code",
            "code", "endpoint", "p256dh", "auth",
        ],
        StringComparer.OrdinalIgnoreCase);

    readonly List<FieldError> _errors = [];

    /// <summary>The code of the answer; a verb may replace it by one of its own.</summary>
    public string Code { get; set; } = "validation_error";

    /// <summary>Null where nothing is wrong, else the 422 that names every wrong field.</summary>
    public Problem? Problem => _errors.Count == 0 ? null : Problems.Invalid(_errors, Code);

    public void Add(string type, JsonArray loc, string msg, JsonNode? input, JsonObject? ctx = null) =>
        _errors.Add(new(type, loc, msg, input, ctx));

    /// <summary>Adds an error whose sentence is the program's own.</summary>
    public void AddValue(JsonArray loc, string sentence, JsonNode? input) =>
        Add("value_error", loc, "Value error, " + sentence, input, new() { ["error"] = sentence });

    /// <summary>Whether an error of this field was added before.</summary>
    public bool Has(JsonArray loc) => _errors.Any(x => JsonNode.DeepEquals(x.Loc, loc));

    /// <summary>
    /// The value of a field as the answer repeats it: never a secret, and never more than a part of a long one.
    /// </summary>
    public static JsonNode? Echo(string name, JsonElement value) => Secrets.Contains(name) ? "***" : Echo(value);

    /// <summary>The same for a value without a name.</summary>
    public static JsonNode? Echo(JsonElement value)
    {
        try
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    var shown = new JsonObject();
                    foreach (var field in value.EnumerateObject().Take(MaxEchoItems))
                        shown[field.Name] = Echo(field.Name, field.Value);
                    return shown;
                case JsonValueKind.Array:
                    return new JsonArray([.. value.EnumerateArray().Take(MaxEchoItems).Select(Echo)]);
                case JsonValueKind.String:
                    return Echo(value.GetString());
                case JsonValueKind.Null or JsonValueKind.Undefined:
                    return null;
                default:
                    var raw = value.GetRawText();
                    return raw.Length > MaxEchoLength ? Echo(raw) : JsonNode.Parse(raw);
            }
        }
        catch (InvalidOperationException) // a lone surrogate somewhere inside
        {
            return null;
        }
    }

    /// <summary>The same for a text of the query or a header.</summary>
    public static string? Echo(string? text) =>
        text is null || text.Length <= MaxEchoLength ? text : Excerpt.Of(text, MaxEchoLength) + "…";
}
