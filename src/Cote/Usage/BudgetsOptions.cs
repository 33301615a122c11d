using System.ComponentModel.DataAnnotations;
using Cote.Usage;

namespace Cote;

/// <summary>
/// What each user may use of models in a day and in a month, UTC. An admin may give a user other caps. Where
/// registration is open, a new account has new budgets.
/// </summary>
public sealed class BudgetsOptions : BudgetCapsOptions
{
    /// <summary>What the whole installation may use, in the same windows.</summary>
    public BudgetCapsOptions All { get; } = new();
}

/// <summary>Caps of tokens and of cost. Unset: none.</summary>
public class BudgetCapsOptions
{
    /// <summary>Tokens of input and output in a day.</summary>
    [Range(0.0, (double)BudgetBounds.MostTokens)]
    public long? DayTokens { get; set; }

    /// <summary>USD in a day. A model without a price is refused then.</summary>
    [Range(0.0, (double)BudgetBounds.MostUsd)]
    public decimal? DayCostUsd { get; set; }

    /// <summary>Tokens of input and output in a month.</summary>
    [Range(0.0, (double)BudgetBounds.MostTokens)]
    public long? MonthTokens { get; set; }

    /// <summary>USD in a month. A model without a price is refused then.</summary>
    [Range(0.0, (double)BudgetBounds.MostUsd)]
    public decimal? MonthCostUsd { get; set; }
}
