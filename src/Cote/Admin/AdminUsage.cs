using Cote.Primitives;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// <c>GET /admin/usage</c>: what the calls of all users have used, in the last thirty days where nothing is said.
/// </summary>
static class ListAllUsage
{
    const int UsualDays = 30; // all calls of all users are too many to be read by mistake
    static readonly string[] Choices = ["day", "model", "user"];

    public static async Task<IResult> Handle(
        HttpContext http, UsageStore usage, Clock clock, string? from, string? to, string? by, string? after,
        string? limit, CancellationToken ct)
    {
        var request = new RequestReader();
        var query = ListUsage.ReadQuery(request, null, Choices, (from, to, by, after));
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        query = query with { From = query.From ?? FirstOf(query.To, clock.Now) };
        return await ListUsage.AnswerAsync(http, usage, "/admin/usage", query, most, ct);
    }

    // The begin of the thirtieth day, the last one counted too.
    static Timestamp FirstOf(Timestamp? to, Timestamp now)
    {
        var last = to is { } end ? end - TimeSpan.FromMilliseconds(1) : now;
        return Usage.Windows.BeginOf(Usage.Windows.DayOf(last) - (UsualDays - 1));
    }
}

/// <summary><c>PUT /admin/users/{id}/budget</c>: caps of a user in place of the configuration's.</summary>
static class SetBudget
{
    static readonly Problem NoUser = Problems.NotFound with { Detail = "No such user" };

    public static async Task<IResult> Handle(
        string userId, HttpContext http, Database db, UserStore users, BudgetStore budgets, Audit audit,
        CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var caps = new Caps(
            request.OptionalInteger("day_tokens", 0, BudgetBounds.MostTokens), ReadUsd(request, "day_cost_usd"),
            request.OptionalInteger("month_tokens", 0, BudgetBounds.MostTokens), ReadUsd(request, "month_cost_usd"));
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(userId) is not { } id || await users.FindAsync(id, ct) is null)
            return ApiResults.Of(NoUser);

        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {id}"); // of two at once the second finds the caps of the first
        audit.Add(batch, AuditActions.BudgetChanged, id, http, guard: BudgetStore.HasOther(id, caps));
        BudgetStore.Set(batch, id, caps);
        await db.WriteAsync(batch);

        return GetBudget.Answer(await budgets.ReadAsync(id, ct));
    }

    static long? ReadUsd(RequestReader request, string name) =>
        request.OptionalNumber(name, 0, BudgetBounds.MostUsd) is { } usd ? Money.NanoOf((decimal)usd) : null;
}
