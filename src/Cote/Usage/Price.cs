namespace Cote.Usage;

/// <summary>What a model costs, in nano-USD for a million tokens.</summary>
readonly record struct Price(long Input, long Output, long CachedInput)
{
    /// <summary>The highest price: with it the cost of the longest call is a whole number of 64 bits.</summary>
    public const decimal MostUsd = 10_000;

    /// <summary>A price of USD for a million tokens.</summary>
    public static Price Of(decimal input, decimal output, decimal? cached) =>
        new(Money.NanoOf(input), Money.NanoOf(output), Money.NanoOf(cached ?? input));

    /// <summary>What so many tokens cost, in nano-USD.</summary>
    public long CostOf(long input, long output, long cached = 0) =>
        Part(input - Math.Min(input, cached), Input) + Part(Math.Min(input, cached), CachedInput)
        + Part(output, Output);

    /// <summary>How many tokens of output so much buys, beside so much input.</summary>
    public long OutputFor(long nano, long input)
    {
        var left = nano - CostOf(input, 0);
        return left < 0 ? 0 : Output == 0 ? long.MaxValue : (long)Math.Min((decimal)left * 1_000_000 / Output, 1e15m);
    }

    /// <summary>
    /// The same as <see cref="CostOf(long, long, long)"/> of the columns of a call, to the last digit.
    /// </summary>
    public static Sql CostOf(Sql input, Sql output, Sql cached) => $"""
        {Part($"({input} - {Least(input, cached)})", $"price_input")} + {Part(Least(input, cached), $"price_cached")}
          + {Part(output, $"price_output")}
        """;

    static Sql Least(Sql input, Sql cached) => $"(case when {cached} > {input} then {input} else {cached} end)";

    // In two steps: tokens times price does not fit into 64 bits.
    static long Part(long tokens, long price) => tokens / 1_000 * price / 1_000 + tokens % 1_000 * price / 1_000_000;

    static Sql Part(Sql tokens, Sql price) =>
        $"({tokens} / 1000 * {price} / 1000 + {tokens} % 1000 * {price} / 1000000)";
}

/// <summary>Money: nano-USD in the database, USD in JSON.</summary>
static class Money
{
    const decimal Nano = 1_000_000_000;

    public static long NanoOf(decimal usd) => (long)decimal.Round(usd * Nano);

    public static decimal UsdOf(long nano) => nano / Nano;

    /// <summary>An amount as a number in JSON, with nine decimals.</summary>
    public static Sql Json(Sql nano) => $"""
        (cast({nano} as bigint) / 1000000000) || '.' || substr(cast(1000000000 + cast({nano} as bigint) % 1000000000 as text), 2)
        """;
}
