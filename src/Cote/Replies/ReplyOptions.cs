using System.Text.Json;
using System.Text.Json.Serialization;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>
/// What a client of another dialect asks of one reply instead of what its chat says. It holds for all attempts and
/// steps of the reply, and not for other versions of it.
/// </summary>
/// <param name="Model">As <c>provider/model</c>; null for the chat's.</param>
/// <param name="Temperature">0 to 2; null for the chat's.</param>
/// <param name="MaxTokens">The most tokens of the reply; null for the chat's.</param>
/// <param name="ReasoningEffort">How much the model thinks; null for the chat's.</param>
/// <param name="Options">What a chat has no setting for; null for nothing.</param>
sealed record ReplyOverrides(
    string? Model, double? Temperature, int? MaxTokens, string? ReasoningEffort, ReplyOptions? Options);

/// <summary>The settings of one reply for which a chat has none, as they are stored.</summary>
/// <param name="Instructions">They stand before the prompt in the place of the chat's.</param>
/// <param name="ToolChoice"><c>none</c>, <c>auto</c>, <c>required</c> or <c>tool:</c> and a name; what is required is
/// asked of the first step alone, so that the reply comes to an end.</param>
/// <param name="Format">The form of the answer, as OpenAI's <c>response_format</c>.</param>
/// <param name="Request">What the dialect repeats of the request when it shows the reply.</param>
sealed record ReplyOptions(
    string? Instructions = null, string? ToolChoice = null, JsonElement? Format = null, JsonElement? Request = null)
{
    /// <summary>Before the name of the one tool that is to be called.</summary>
    public const string OneTool = "tool:";

    public string ToJson() => JsonSerializer.Serialize(this, ReplyOptionsJson.Default.ReplyOptions);

    public static ReplyOptions? Parse(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, ReplyOptionsJson.Default.ReplyOptions);

    /// <summary>How the model may use its tools in a step.</summary>
    public ChatToolMode ToolModeOf(int step) => ToolChoice switch
    {
        "none" => ChatToolMode.None,
        "required" when step == 0 => ChatToolMode.RequireAny,
        { } choice when step == 0 && choice.StartsWith(OneTool, StringComparison.Ordinal) =>
            ChatToolMode.RequireSpecific(choice[OneTool.Length..]),
        _ => ChatToolMode.Auto,
    };

    /// <summary>The form of the answer as a model's client takes it.</summary>
    [JsonIgnore]
    public ChatResponseFormat? ResponseFormat => Format is { } format ? FormatIn(format) : null;

    /// <summary>Whether the answer must be exactly of its schema; null where it is not said.</summary>
    [JsonIgnore]
    public bool? IsStrict => Format is { } format && format.TryGetProperty("json_schema", out var named)
        && named.TryGetProperty("strict", out var strict)
        && strict.ValueKind is JsonValueKind.True or JsonValueKind.False ? strict.GetBoolean() : null;

    static ChatResponseFormatJson? FormatIn(JsonElement format) => format.String("type") switch
    {
        "json_object" => ChatResponseFormat.Json,
        "json_schema" when format.TryGetProperty("json_schema", out var named) => ChatResponseFormat.ForJsonSchema(
            named.TryGetProperty("schema", out var schema) ? schema : default, named.String("name"),
            named.String("description")),
        _ => null,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReplyOptions))]
sealed partial class ReplyOptionsJson : JsonSerializerContext;
