using Microsoft.Extensions.Logging;

namespace Cote.Usage;

/// <summary>The log lines of usage: event ids 2300 to 2399.</summary>
static partial class UsageLog
{
    [LoggerMessage(2300, LogLevel.Warning,
        "Budgets are on and registration is open: who has used up a budget can register again. "
        + "Cote__Auth__Registration closes it, and Cote__Budgets__All__… holds for all accounts together.")]
    public static partial void BudgetsCanBePassed(this ILogger log);
}
