using Cote.Events;

namespace Cote.Usage;

/// <summary>
/// The SQL of budgets: a row for each user that one applies to, and one for the installation, whose windows turn over
/// by the database's clock. The row without a user is the installation's.
/// </summary>
sealed class BudgetStore(Database db, BudgetsOptions options)
{
    const string Installation = "";

    readonly Caps _own = Caps.Of(options);
    readonly Caps _all = Caps.Of(options.All);

    /// <summary>Whether every user has a budget.</summary>
    public bool IsConfigured => _own.AreSet || _all.AreSet;

    /// <summary>A condition that an admin gave the user a budget.</summary>
    public static Sql HasOwn(Sql userId) => $"""
        exists (
          select 1 from budgets b where b.user_id = {userId}
          and coalesce(b.cap_day_tokens, b.cap_day_cost, b.cap_month_tokens, b.cap_month_cost) is not null)
        """;

    /// <summary>The caps that hold for a user, and what they have used.</summary>
    public async Task<Budget> ReadAsync(string userId, CancellationToken ct)
    {
        var rows = await ListAsync(userId, ct);
        var now = NowOf(rows);
        var own = rows.FirstOrDefault(x => x.UserId == userId);
        var all = rows.FirstOrDefault(x => x.UserId == Installation);
        return new(now,
            [.. await CapsAsync(own, (own?.Caps ?? Caps.None).Or(_own), userId, now, ct)],
            [.. await CapsAsync(all, _all, null, now, ct)]);
    }

    /// <summary>The caps that an admin gave a user; null where the configuration's holds.</summary>
    public async Task<Caps> FindOwnAsync(string userId, CancellationToken ct) =>
        (await ListAsync(userId, ct)).FirstOrDefault(x => x.UserId == userId)?.Caps ?? Caps.None;

    /// <summary>
    /// Adds the statements that take an amount from the user's budget and the installation's, at the moment that it was
    /// read. Where a cap has less left by now, or a window has turned, nothing is taken: <see cref="IsTaken"/> is the
    /// guard of all that depends on it.
    /// </summary>
    /// <param name="batch">Begins with the lock of the user's head.</param>
    /// <param name="userId">The user.</param>
    /// <param name="unit">A new id.</param>
    /// <param name="budget">As it was read.</param>
    /// <param name="amount">What is taken.</param>
    /// <param name="guard">What else it depends on.</param>
    public static void Take(WriteBatch batch, string userId, string unit, Budget budget, Amount amount, Sql guard)
    {
        batch.Lock($"select 1 from budgets where user_id = {userId}");
        if (budget.All.Count > 0)
        {
            batch.Lock($"select 1 from budgets where user_id = {Installation}");
            guard = $"""
                {guard} and exists (
                  select 1 from budgets b where b.user_id = {Installation} and {Fits($"b", budget.Now, budget.All, amount)})
                """;
        }
        batch.Execute($"""
            update budgets set unit = {unit}, {Reserved(budget.Now, amount)}
            where budgets.user_id = {userId} and {Fits($"budgets", budget.Now, budget.Own, amount)} and {guard}
            """);
        // Also where the installation has no cap any more: what settles the call takes it back from the row that is
        // left.
        batch.Execute($"""
            update budgets set {Reserved(budget.Now, amount)}
            where budgets.user_id = {Installation} and budgets.day > 0 and budgets.day <= {Windows.DayOf(budget.Now)}
              and {IsTaken(userId, unit)}
            """);
    }

    /// <summary>A condition that the unit has taken what it wanted.</summary>
    public static Sql IsTaken(string userId, string unit) =>
        $"exists (select 1 from budgets t where t.user_id = {userId} and t.unit = {unit})";

    /// <summary>Makes the rows that are missing, with what the open windows have used before.</summary>
    public async Task PrepareAsync(string userId, CancellationToken ct)
    {
        var rows = await ListAsync(userId, ct);
        var now = NowOf(rows);
        if (!rows.Any(x => x.UserId == userId && x.Day > 0))
        {
            var batch = new WriteBatch();
            // All that settles a call of this user waits for this.
            EventTransaction.LockHead(batch, userId);
            batch.Execute($"""
                insert into budgets (user_id, day, month, day_tokens, day_cost, month_tokens, month_cost)
                {Sums(userId, now)}
                on conflict (user_id) do update set day = excluded.day, month = excluded.month,
                  day_tokens = excluded.day_tokens, day_cost = excluded.day_cost, month_tokens = excluded.month_tokens,
                  month_cost = excluded.month_cost
                where budgets.day = 0
                """);
            await db.WriteAsync(batch);
        }
        if (_all.AreSet && !rows.Any(x => x.UserId == Installation && x.Day > 0))
            await PrepareAllAsync(now);
    }

    /// <summary>The condition that a user has other caps than these, before <see cref="Set"/>.</summary>
    public static Sql HasOther(string userId, Caps caps) => $"""
        exists (select 1 from users u left join budgets b on b.user_id = u.id
          where u.id = {userId} and u.erased_at is null and (b.cap_day_tokens is distinct from {caps.DayTokens}
            or b.cap_day_cost is distinct from {caps.DayCost} or b.cap_month_tokens is distinct from {caps.MonthTokens}
            or b.cap_month_cost is distinct from {caps.MonthCost}))
        """;

    /// <summary>Gives a user caps in place of the configuration's.</summary>
    public static void Set(WriteBatch batch, string userId, Caps caps) => batch.Execute($"""
        insert into budgets (user_id, cap_day_tokens, cap_day_cost, cap_month_tokens, cap_month_cost)
        select u.id, {caps.DayTokens}, {caps.DayCost}, {caps.MonthTokens}, {caps.MonthCost}
        from users u where u.id = {userId} and u.erased_at is null
        on conflict (user_id) do update set cap_day_tokens = excluded.cap_day_tokens,
          cap_day_cost = excluded.cap_day_cost, cap_month_tokens = excluded.cap_month_tokens,
          cap_month_cost = excluded.cap_month_cost
        """);

    /// <summary>
    /// Keeps under the identities of a user, who is erased, what its open windows have used: whoever comes back by one
    /// of them begins with it. What is reserved counts as used, since nobody settles it then. Before the identities go,
    /// after <see cref="PrepareAsync"/>.
    /// </summary>
    /// <param name="batch">What it is added to.</param>
    /// <param name="userId">The user.</param>
    /// <param name="unit">A new id: what is kept under several identities counts once.</param>
    /// <param name="now">Now.</param>
    public static void Forget(WriteBatch batch, string userId, string unit, Timestamp now)
    {
        var (first, month) = (Windows.DayOf(Windows.BeginOfMonth(now)), Windows.MonthOf(now));
        Sql mine = $"identities i join budgets b on b.user_id = i.user_id where i.user_id = {userId}";
        batch.Execute($"""
            delete from forgotten_usage where hash in (select i.hash from {mine})
            """);
        batch.Execute($"""
            insert into forgotten_usage (hash, unit, day, tokens, cost)
            select i.hash, {unit}, b.day, b.day_tokens + b.day_reserved_tokens, b.day_cost + b.day_reserved_cost
            from {mine} and b.day >= {first}
            """);
        // The other days of the month together, as if they were the first.
        batch.Execute($"""
            insert into forgotten_usage (hash, unit, day, tokens, cost)
            select i.hash, {unit}, {first},
              b.month_tokens + b.month_reserved_tokens
                - case when b.day >= {first} then b.day_tokens + b.day_reserved_tokens else 0 end,
              b.month_cost + b.month_reserved_cost
                - case when b.day >= {first} then b.day_cost + b.day_reserved_cost else 0 end
            from {mine} and b.month = {month}
            on conflict (hash, day) do update set tokens = forgotten_usage.tokens + excluded.tokens,
              cost = forgotten_usage.cost + excluded.cost
            """);
    }

    // The row is there first, so that what is settled from now on waits for it or counts in it: the sums hold all that
    // was settled before, and nothing twice.
    async Task PrepareAllAsync(Timestamp now)
    {
        var batch = new WriteBatch();
        batch.Execute($"insert into budgets (user_id) values ({Installation}) on conflict do nothing");
        await db.WriteAsync(batch);
        batch = new WriteBatch();
        batch.Lock($"select 1 from budgets where user_id = {Installation}");
        batch.Execute($"""
            update budgets set day = s.day, month = s.month, day_tokens = s.day_tokens, day_cost = s.day_cost,
              month_tokens = s.month_tokens, month_cost = s.month_cost
            from ({Sums(null, now)}) s where budgets.user_id = {Installation} and budgets.day = 0
            """);
        await db.WriteAsync(batch);
    }

    // A clock that was set back over midnight does not take a window back that has begun.
    static Timestamp NowOf(IReadOnlyList<BudgetRow> rows) =>
        Windows.BeginOf(rows.Max(x => x.Day)) is var begun && begun > rows[0].Now ? begun : rows[0].Now;

    async Task<IEnumerable<Cap>> CapsAsync(
        BudgetRow? row, Caps caps, string? userId, Timestamp now, CancellationToken ct)
    {
        if (!caps.AreSet)
            return [];
        var (today, month) = (Windows.DayOf(now), Windows.MonthOf(now));
        if (row is not { Day: > 0 })
            row = await db.FirstAsync(
                $"""
                select {now}, s.user_id, null, null, null, null, s.day, s.day_tokens, s.day_cost, null, null,
                  s.month, s.month_tokens, s.month_cost, null, null
                from ({Sums(userId, now)}) s
                """, BudgetRow.Read, ct);
        return Budget.CapsOf(
            caps, row!.Day == today ? row.InDay : default, row.Month == month ? row.InMonth : default, now);
    }

    Task<IReadOnlyList<BudgetRow>> ListAsync(string userId, CancellationToken ct) => db.ListAsync(
        $"""
        select n.now, b.user_id, b.cap_day_tokens, b.cap_day_cost, b.cap_month_tokens, b.cap_month_cost,
          b.day, b.day_tokens, b.day_cost, b.day_reserved_tokens, b.day_reserved_cost,
          b.month, b.month_tokens, b.month_cost, b.month_reserved_tokens, b.month_reserved_cost
        from (select {db.Dialect.Now} as now) n left join budgets b on b.user_id in ({userId}, {Installation})
        """, BudgetRow.Read, ct);

    // What the windows of a moment have used, of a user or of all, with those that were erased since.
    static Sql Sums(string? userId, Timestamp now)
    {
        var (today, first) = (Windows.DayOf(now), Windows.BeginOfMonth(now));
        Sql calls = $"""
            select c.day, c.input + c.output as tokens, coalesce(c.cost, 0) as cost from calls c
            where c.state = 1 and c.at >= {first}
            """;
        calls = userId is not null
            ? (Sql)$"""
            {calls} and c.user_id = {userId} union all
            select f.day, f.tokens, f.cost from (
              select distinct u.unit, u.day, u.tokens, u.cost
              from forgotten_usage u join identities i on i.hash = u.hash
              where i.user_id = {userId} and u.day >= {Windows.DayOf(first)}) f
            """
            : $"""
            {calls} union all
            select e.day, e.input + e.output, e.cost from usage_sums e where e.day >= {Windows.DayOf(first)}
            """;
        return $"""
            select {userId ?? Installation} as user_id, {today} as day, {Windows.MonthOf(now)} as month,
              cast(coalesce(sum(case when c.day = {today} then c.tokens end), 0) as bigint) as day_tokens,
              cast(coalesce(sum(case when c.day = {today} then c.cost end), 0) as bigint) as day_cost,
              cast(coalesce(sum(c.tokens), 0) as bigint) as month_tokens,
              cast(coalesce(sum(c.cost), 0) as bigint) as month_cost
            from ({calls}) c where true
            """;
    }

    static Sql Fits(Sql row, Timestamp now, IReadOnlyList<Cap> caps, Amount amount)
    {
        var (today, thisMonth) = (Windows.DayOf(now), Windows.MonthOf(now));
        Sql fits = $"{row}.day > 0 and {row}.day <= {today}";
        foreach (var cap in caps)
        {
            var isDay = cap.Window == Windows.Day;
            var current = isDay ? today : thisMonth;
            Sql window = isDay ? (Sql)$"{row}.day" : $"{row}.month";
            Sql unit = cap.IsCost ? (Sql)$"cost" : $"tokens";
            fits = $"""
                {fits} and case when {window} = {current} then {window}_{unit} + {window}_reserved_{unit} else 0 end
                  + {(cap.IsCost ? amount.Cost : amount.Tokens)} <= {cap.Most}
                """;
        }
        return fits;
    }

    static Sql Reserved(Timestamp now, Amount amount)
    {
        Sql rolled(Sql window, long current) => $"""
            {window}_tokens = case when {window} = {current} then {window}_tokens else 0 end,
            {window}_cost = case when {window} = {current} then {window}_cost else 0 end,
            {window}_reserved_tokens = case when {window} = {current} then {window}_reserved_tokens else 0 end + {amount.Tokens},
            {window}_reserved_cost = case when {window} = {current} then {window}_reserved_cost else 0 end + {amount.Cost},
            {window} = {current}
            """;
        return $"{rolled($"day", Windows.DayOf(now))}, {rolled($"month", Windows.MonthOf(now))}";
    }

    sealed record BudgetRow(
        Timestamp Now, string? UserId, Caps Caps, long Day, Spent InDay, long Month, Spent InMonth)
    {
        public static BudgetRow Read(Row row) => new(
            new(row.GetInt64(0)), row.GetStringOrNull(1),
            new(row.GetInt64OrNull(2), row.GetInt64OrNull(3), row.GetInt64OrNull(4), row.GetInt64OrNull(5)),
            row.GetInt64OrNull(6) ?? 0, ReadSpent(row, 7), row.GetInt64OrNull(11) ?? 0, ReadSpent(row, 12));

        static Spent ReadSpent(Row row, int at) => new(
            row.GetInt64OrNull(at) ?? 0, row.GetInt64OrNull(at + 1) ?? 0, row.GetInt64OrNull(at + 2) ?? 0,
            row.GetInt64OrNull(at + 3) ?? 0);
    }
}
