using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>The words for the end of a reply, as providers of both wires use them.</summary>
static class FinishReasons
{
    static readonly Dictionary<string, ChatFinishReason> Ends = Table<ChatFinishReason>(
        (ChatFinishReason.Stop, ["stop", "end_turn", "stop_sequence"]),
        (ChatFinishReason.Length,
            ["length", "max_tokens", "max_output_tokens", "max_length", "model_length",
             "model_context_window_exceeded"]),
        (ChatFinishReason.ContentFilter,
            ["content_filter", "content_filtered", "refusal", "sensitive", "safety", "image_safety", "recitation",
             "blocklist", "prohibited_content", "spii", "guardrail_intervened"]),
        (ChatFinishReason.ToolCalls, ["tool_calls", "tool_call", "tool_use", "function_call"]));

    // The model has run and is paid: none of these is worth the same call once more.
    static readonly Dictionary<string, ModelFault> Faults = Table<ModelFault>(
        (ModelFault.Overloaded, ["insufficient_system_resource", "overloaded"]),
        (ModelFault.Timeout, ["timeout"]),
        (ModelFault.Truncated, ["abort", "aborted", "cancelled", "canceled", "interrupted", "incomplete"]),
        (ModelFault.Broken, ["error", "network_error", "server_error", "internal_error", "unknown_error", "failed"]));

    /// <summary>
    /// Reads a finish reason. It is a fault where it means that the run broke; a word that is not known is passed on.
    /// </summary>
    public static (ChatFinishReason? Reason, ModelFault? Fault) Of(string word)
    {
        word = word.Trim();
        var key = word.Replace('-', '_');
        return Ends.TryGetValue(key, out var reason) ? (reason, null)
            : Faults.TryGetValue(key, out var fault) ? (null, fault with { Retryable = false })
            : (new ChatFinishReason(word), null);
    }

    static Dictionary<string, T> Table<T>(params ReadOnlySpan<(T Meaning, string[] Words)> rows)
    {
        var table = new Dictionary<string, T>(StringComparer.OrdinalIgnoreCase);
        foreach (var (meaning, words) in rows)
            foreach (var word in words)
                table.Add(word, meaning);
        return table;
    }
}
