using System.Text.Json.Serialization;
using Cote.Models;

namespace Cote.Usage;

/// <summary>The spans that a cap holds for, UTC.</summary>
static class Windows
{
    public const string Day = "day";
    public const string Month = "month";

    const long MillisecondsPerDay = 86_400_000;

    /// <summary>The number of a day, as the ledger has it.</summary>
    public static long DayOf(Timestamp time) => time.Milliseconds / MillisecondsPerDay;

    /// <summary>The first moment of a day.</summary>
    public static Timestamp BeginOf(long day) => new(day * MillisecondsPerDay);

    /// <summary>The number of a month, as the ledger has it.</summary>
    public static long MonthOf(Timestamp time)
    {
        var date = time.ToDateTimeOffset();
        return date.Year * 100L + date.Month;
    }

    /// <summary>The first moment of the month of a time, or of one after it.</summary>
    public static Timestamp BeginOfMonth(Timestamp time, int later = 0)
    {
        var date = time.ToDateTimeOffset();
        return Timestamp.From(new DateTimeOffset(date.Year, date.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(later));
    }
}

/// <summary>Caps of a user or of the installation; null where there is none. Costs are in nano-USD.</summary>
sealed record Caps(long? DayTokens, long? DayCost, long? MonthTokens, long? MonthCost)
{
    public static readonly Caps None = new(null, null, null, null);

    public static Caps Of(BudgetCapsOptions options) => new(
        options.DayTokens, NanoOf(options.DayCostUsd), options.MonthTokens, NanoOf(options.MonthCostUsd));

    public bool AreSet => this != None;

    /// <summary>These, and where there is none, the others.</summary>
    public Caps Or(Caps others) => new(
        DayTokens ?? others.DayTokens, DayCost ?? others.DayCost, MonthTokens ?? others.MonthTokens,
        MonthCost ?? others.MonthCost);

    public static long? NanoOf(decimal? usd) => usd is { } some ? Money.NanoOf(some) : null;
}

/// <summary>What a window has used, and what is reserved of it.</summary>
readonly record struct Spent(long Tokens, long Cost, long ReservedTokens, long ReservedCost);

/// <summary>One cap, and what is left of it.</summary>
/// <param name="Window"><c>day</c> or <c>month</c>.</param>
/// <param name="IsCost">Whether it counts nano-USD, and not tokens.</param>
readonly record struct Cap(string Window, bool IsCost, long Most, long Used, long Reserved, Timestamp ResetsAt)
{
    /// <summary>How many tokens of output are left beside so many of input.</summary>
    public long OutputBeside(long input, Price? price)
    {
        var left = Most - Used - Reserved;
        return IsCost ? price?.OutputFor(left, input) ?? 0 : Math.Max(0, left - input);
    }
}

/// <summary>The caps that hold for a user at a moment of the database's clock, each with what it has used.</summary>
/// <param name="Now">The moment.</param>
/// <param name="Own">The user's own.</param>
/// <param name="All">The installation's.</param>
sealed record Budget(Timestamp Now, IReadOnlyList<Cap> Own, IReadOnlyList<Cap> All)
{
    /// <summary>What must be left of every window for an answer, in tokens of output.</summary>
    public const int LeastOutput = 256;

    IEnumerable<Cap> Caps => Own.Concat(All);

    /// <summary>How many of <paramref name="wanted"/> tokens of output there is room for.</summary>
    public long OutputBeside(long input, Price? price, long wanted) =>
        Caps.Select(x => x.OutputBeside(input, price)).Append(wanted).Min();

    /// <summary>Why a call of a model cannot be made; null where it can.</summary>
    public Problem? Refuse(long input, Price? price, long wanted = LeastOutput)
    {
        if (price is null && Caps.Any(x => x.IsCost))
            return Problems.PriceUnknown;
        if (Caps.Where(x => x.OutputBeside(input, price) < wanted).ToList() is not { Count: > 0 } full)
            return null;
        var resetsAt = full.Max(x => x.ResetsAt);
        return Problems.BudgetExceeded with
        {
            RetryAfter = TimeSpan.FromMilliseconds(Math.Max(1, resetsAt.Milliseconds - Now.Milliseconds)),
            ResetsAt = resetsAt,
        };
    }

    public static IEnumerable<Cap> CapsOf(Caps caps, Spent day, Spent month, Timestamp now)
    {
        var tomorrow = Windows.BeginOf(Windows.DayOf(now) + 1);
        var nextMonth = Windows.BeginOfMonth(now, 1);
        if (caps.DayTokens is { } dayTokens)
            yield return new(Windows.Day, false, dayTokens, day.Tokens, day.ReservedTokens, tomorrow);
        if (caps.DayCost is { } dayCost)
            yield return new(Windows.Day, true, dayCost, day.Cost, day.ReservedCost, tomorrow);
        if (caps.MonthTokens is { } monthTokens)
            yield return new(Windows.Month, false, monthTokens, month.Tokens, month.ReservedTokens, nextMonth);
        if (caps.MonthCost is { } monthCost)
            yield return new(Windows.Month, true, monthCost, month.Cost, month.ReservedCost, nextMonth);
    }
}

/// <summary>A cap, as it is answered. Costs are in USD.</summary>
/// <param name="Window"><c>day</c> or <c>month</c>.</param>
/// <param name="Unit"><c>tokens</c> or <c>cost_usd</c>.</param>
sealed record BudgetInfo(string Window, string Unit, decimal Cap, decimal Used, decimal Reserved, Timestamp ResetsAt)
{
    public static IReadOnlyList<BudgetInfo> Of(Budget budget) => [.. budget.Own.Select(Of)];

    static BudgetInfo Of(Cap cap) => cap.IsCost
        ? new(cap.Window, "cost_usd", Money.UsdOf(cap.Most), Money.UsdOf(cap.Used), Money.UsdOf(cap.Reserved),
            cap.ResetsAt)
        : new(cap.Window, "tokens", cap.Most, cap.Used, cap.Reserved, cap.ResetsAt);
}

/// <summary>The body of <c>PUT /admin/users/{id}/budget</c>.</summary>
sealed record BudgetBody(
    long? DayTokens = null, decimal? DayCostUsd = null, long? MonthTokens = null, decimal? MonthCostUsd = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<BudgetInfo>))]
[JsonSerializable(typeof(IReadOnlyList<UsageSum>))]
[JsonSerializable(typeof(CallInfo))]
sealed partial class UsageJson : JsonSerializerContext;
