using Cote.Chats;
using Cote.Models;
using Cote.Usage;

namespace Cote.Replies;

/// <summary>
/// Whether the budgets of a user have room for one more reply. The answer is a look ahead: what a reply may use is
/// taken when its prompt is known.
/// </summary>
sealed class SendBudget(
    BudgetStore budgets, BudgetNotices notices, Prices prices, ChatStore chats, ModelCatalogue models)
{
    /// <summary>Whether every user has a budget.</summary>
    public bool IsConfigured => budgets.IsConfigured;

    /// <summary>Why a reply to a text cannot be made; null where it can, or where the chat is not there.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="chatId">The chat.</param>
    /// <param name="model">The model; null for the chat's.</param>
    /// <param name="text">What the user says.</param>
    /// <param name="ct">Cancels the reads.</param>
    public async Task<Problem?> RefuseAsync(
        string userId, string chatId, string? model, string text, CancellationToken ct)
    {
        if (model is null)
        {
            if (await chats.FindAsync(userId, chatId, ct) is not { } chat)
                return null;
            model = chat.Model;
        }
        var used = model is not null && models.Contains(model) ? model : models.Default.Id;
        var (tokens, price) = (TokenEstimate.Of(text), prices.Find(used));
        var budget = await budgets.ReadAsync(userId, ct);
        var refusal = budget.Refuse(tokens, price);
        if (refusal is not null)
            await notices.TellRefusedAsync(userId, budget, tokens, price, Budget.LeastOutput, ct);
        return refusal;
    }
}
