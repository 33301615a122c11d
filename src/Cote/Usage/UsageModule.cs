using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Usage;

static class UsageModule
{
    public static void AddUsage(this IServiceCollection services)
    {
        services.AddSingleton(new ApiPart(UsageApi.Describe));
        services.AddSingleton<Prices>().AddSingleton<CallLedger>();
        services.AddSingleton<BudgetStore>().AddSingleton<UsageStore>();
        services.AddSingleton<CallStore>().AddSingleton<BudgetNotices>();
    }

    public static void MapUsage(this IEndpointRouteBuilder routes)
    {
        var usage = routes.MapGroup("/usage").RequireAuthorization().WithTags("Usage");
        usage.MapGet("", ListUsage.Handle).AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<UsageSum>>()
            .WithSummary("What the user's calls of models have used, by day, model or chat");
        usage.MapGet("/budget", GetBudget.Handle).AllowsKeys(KeyScopes.Read).Produces<IReadOnlyList<BudgetInfo>>()
            .WithSummary("The caps that hold for the user, and what is left of them");
    }
}

/// <summary>What the OpenAPI document says of usage beyond the types.</summary>
static class UsageApi
{
    public static void Describe(ApiDocument api)
    {
        foreach (var (operation, by) in (ReadOnlySpan<(string, string)>)
            [(nameof(ListUsage), "`day` (where absent), `model` or `chat`"),
             ("ListAllUsage", "`day` (where absent), `model` or `user`")])
            api.Operation(operation)
                .Query("from", "A date or a time (RFC 3339): only calls from then on")
                .Query("to", "A date or a time (RFC 3339): only calls before it")
                .Query("by", by)
                .Query("after", "From the `Link` of the page before")
                .Query("limit", "The most sums of a page", OperationRules.Integer(1, Page.MostItems));
        api.Schema<UsageSum>().Note("What calls of models have used together.")
            .Note("day", "By day: a date, UTC").Format("day", "date")
            .Note("model", "By model: `provider/model`")
            .Note("chat_id", "By chat; a deleted chat keeps its id")
            .Note("user_id", "By user; absent for the accounts that are erased")
            .Note("unpriced_calls", "Calls whose price is unknown: `cost_usd` is without them")
            .Note("cost_usd", "Absent where the price of every call is unknown");
        api.Schema<BudgetInfo>().Note("A cap, and what is left of it.")
            .OneOf("window", Windows.Day, Windows.Month).OneOf("unit", "tokens", "cost_usd")
            .Note("used", "By calls that have ended").Note("reserved", "For calls that are being made")
            .Note("resets_at", "When the window turns");
        api.Schema<BudgetBody>().Note("Caps in place of the configuration's; null or absent is the configuration's.")
            .Range("day_tokens", 0, BudgetBounds.MostTokens).Range("month_tokens", 0, BudgetBounds.MostTokens)
            .Range("day_cost_usd", 0, BudgetBounds.MostUsd).Range("month_cost_usd", 0, BudgetBounds.MostUsd)
            .Example("""{"day_tokens":100000}""");
    }
}

/// <summary>The bounds of caps.</summary>
static class BudgetBounds
{
    public const long MostTokens = 1_000_000_000_000;
    public const long MostUsd = 1_000_000_000;
}
