using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Dialects.OpenAI;

/// <summary>What a call used, in OpenAI's form.</summary>
static class OpenAIUsage
{
    /// <summary>
    /// Reads <c>usage</c>, under the names of chat completions or of responses; null where it is none.
    /// </summary>
    public static UsageDetails? Of(JsonElement? usage)
    {
        if (usage is not { ValueKind: JsonValueKind.Object } counted)
            return null;
        var input = counted.Count("prompt_tokens") ?? counted.Count("input_tokens");
        var output = counted.Count("completion_tokens") ?? counted.Count("output_tokens");
        if (input is null && output is null)
            return null;
        var (before, after) = (Details(counted, "prompt", "input"), Details(counted, "completion", "output"));
        return new()
        {
            InputTokenCount = input,
            OutputTokenCount = output ?? 0,
            CachedInputTokenCount = before?.Count("cached_tokens"),
            ReasoningTokenCount = after?.Count("reasoning_tokens"),
        };
    }

    /// <summary>Writes <c>usage</c> of chat completions.</summary>
    public static void Write(Utf8JsonWriter json, CallUsage usage)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, usage.Input);
        json.WriteNumber("completion_tokens"u8, usage.Output);
        json.WriteNumber("total_tokens"u8, usage.Input + usage.Output);
        if (usage.Cached is { } cached)
        {
            json.WriteStartObject("prompt_tokens_details"u8);
            json.WriteNumber("cached_tokens"u8, cached);
            json.WriteEndObject();
        }
        if (usage.Reasoning is { } thought)
        {
            json.WriteStartObject("completion_tokens_details"u8);
            json.WriteNumber("reasoning_tokens"u8, thought);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    static JsonElement? Details(JsonElement usage, string older, string newer) =>
        usage.Member($"{older}_tokens_details") ?? usage.Member($"{newer}_tokens_details");
}
