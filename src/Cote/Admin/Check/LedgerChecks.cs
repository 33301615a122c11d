using Cote.Chats;

namespace Cote.Admin;

/// <summary>
/// The ledger: no call is reserved for a reply that has ended, and counters are the sums of their calls.
/// </summary>
static class LedgerChecks
{
    const long Late = 3_600_000;
    const long AliveMilliseconds = 15_000;
    const long MillisecondsPerDay = 86_400_000;

    /// <summary>All of them.</summary>
    /// <param name="dialect">The database's.</param>
    /// <param name="isServed">Whether this process serves: where no node does, nobody settles what is late.</param>
    public static IEnumerable<RowCheck> All(SqlDialect dialect, bool isServed)
    {
        Sql isAlive = $"n.seen_at > {dialect.Now} - {AliveMilliseconds}";
        Sql served = $"({isServed} = 1 or exists (select 1 from nodes n where {isAlive}))";
        yield return new("ledger", $"""
            select c.user_id, c.subject_id, cast(c.attempt as text) from calls c
            where c.state <> 1 and c.purpose = 'chat' and not exists (
              select 1 from messages m where m.user_id = c.user_id and m.id = c.subject_id and m.state in {States.Open})
              and not {RowCheck.IsErased($"c.user_id")}
            """, "the call of attempt {2} of the reply {1} of user {0} is reserved, but the reply has ended. "
                + "Set its until to 1: it is settled within minutes.");
        yield return new("ledger", $"""
            select c.user_id, c.subject_id, c.purpose, cast(c.attempt as text) from calls c
            where c.state <> 1 and (c.state = 2 or c.until < {dialect.Now} - {Late} and {served})
            """, "the call for {2} of attempt {3} of {1} of user {0} was never settled. "
                + "Start a server, or look for what keeps its loops from working.");
        foreach (var window in new[] { "day", "month" })
            foreach (var unit in new[] { "tokens", "cost" })
            {
                yield return Reserved(Sql.Names(window), $"{window}_reserved_{unit}", $"reserved_{unit}");
                yield return Used(Sql.Names(window), $"{window}_{unit}", unit == "cost");
                yield return UsedByAll(dialect, window, $"{window}_{unit}", unit == "cost");
            }
    }

    // The installation's row has the calls of all accounts, and of those that are erased the sums.
    static RowCheck UsedByAll(SqlDialect dialect, string window, string counter, bool isCost)
    {
        Sql ofCalls = isCost ? (Sql)$"coalesce(c.cost, 0)" : $"c.input + c.output";
        Sql ofErased = isCost ? (Sql)$"e.cost" : $"e.input + e.output";
        Sql erasedIn = window == Usage.Windows.Day ? (Sql)$"e.day" : dialect.MonthOf($"e.day * {MillisecondsPerDay}");
        return new("ledger", $"""
            select cast(x.counted as text), cast(x.summed as text) from (
              select b.{Sql.Names(counter)} as counted,
                coalesce((select cast(sum({ofCalls}) as bigint) from calls c
                  where c.state = 1 and c.{Sql.Names(window)} = b.{Sql.Names(window)}), 0)
                + coalesce((select cast(sum({ofErased}) as bigint) from usage_sums e
                  where {erasedIn} = b.{Sql.Names(window)}), 0) as summed
              from budgets b where b.day > 0 and b.user_id = '') x
            where x.counted <> x.summed
            """, $"{counter} of the installation's budget is {{0}}, all calls have {{1}}. "
            + "Set day to 0 in the row of budgets without a user: it is counted anew.");
    }

    static RowCheck Reserved(Sql window, string counter, string column) => new("ledger", $"""
        select x.user_id, cast(x.counted as text), cast(x.summed as text), cast(x.summed - x.counted as text) from (
          select b.user_id, b.{Sql.Names(counter)} as counted, coalesce((
            select cast(sum(c.{Sql.Names(column)}) as bigint) from calls c
            where c.state <> 1 and c.state = 0 and c.{window} = b.{window} and (b.user_id = '' or c.user_id = b.user_id)
            ), 0) as summed
          from budgets b where b.day > 0 and not {RowCheck.IsErased($"b.user_id")}) x
        where x.counted <> x.summed
        """, $"{counter} of the budget of '{{0}}' is {{1}}, its open calls have {{2}}. Add {{3}} to it.");

    // Calls of an account that is being erased become sums, one after the other. Where an account came back, its
    // counter has what the one before had used: it is compared by its own calls only where there was none.
    static RowCheck Used(Sql window, string counter, bool isCost)
    {
        Sql column = isCost ? (Sql)$"coalesce(c.cost, 0)" : $"c.input + c.output";
        return new("ledger", $"""
            select x.user_id, cast(x.counted as text), cast(x.summed as text) from (
              select b.user_id, b.{Sql.Names(counter)} as counted, coalesce((
                select cast(sum({column}) as bigint) from calls c
                where c.state = 1 and c.{window} = b.{window} and c.user_id = b.user_id), 0) as summed
              from budgets b
              where b.day > 0 and b.user_id <> '' and not {RowCheck.IsErased($"b.user_id")} and not exists (
                select 1 from identities i join forgotten_usage f on f.hash = i.hash where i.user_id = b.user_id)) x
            where x.counted <> x.summed
            """, $"{counter} of the budget of '{{0}}' is {{1}}, its calls have {{2}}. "
            + "Set day to 0 in its row of budgets: it is counted anew.");
    }
}
