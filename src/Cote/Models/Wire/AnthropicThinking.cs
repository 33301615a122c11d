using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>When a model of Anthropic's is asked to think, and how much.</summary>
static class AnthropicThinking
{
    // The API's own least budget. It must stay below max_tokens, and an answer needs room beside it.
    const int LeastBudget = 1_024;

    /// <summary>The tokens that may be thought; null where the call is made without.</summary>
    public static int? BudgetOf(WireRequest request, int maxTokens)
    {
        double? share = request.Options?.Reasoning?.Effort switch
        {
            ReasoningEffort.Low => 0.2,
            ReasoningEffort.Medium => 0.5,
            ReasoningEffort.High or ReasoningEffort.ExtraHigh => 0.8,
            _ => null,
        };
        return share is null || maxTokens < 2 * LeastBudget || !request.Sends(Omissions.Reasoning) || !Allows(request)
            ? null : Math.Max(LeastBudget, (int)(maxTokens * share.Value));
    }

    // The API refuses thoughts where a call is forced, where the answer is begun for the model, and behind calls that
    // were made without them: by another model, or before thinking was switched on.
    static bool Allows(WireRequest request)
    {
        if (request.Options?.ToolMode is RequiredChatToolMode || request.Turns is [.., { } last]
            && last.Role == ChatRole.Assistant)
            return false;
        var isTool = request.Turns is [.., { } end] && end.Role == ChatRole.Tool;
        return !isTool || request.Turns[^2].Contents[0] is TextReasoningContent;
    }
}
