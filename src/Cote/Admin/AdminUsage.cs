using Cote.Primitives;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /admin/usage</c>: what the calls of all users have used.</summary>
static class ListAllUsage
{
    static readonly string[] Choices = ["day", "model", "user"];

    public static async Task<IResult> Handle(
        HttpContext http, UsageStore usage, string? from, string? to, string? by, string? after, string? limit,
        CancellationToken ct)
    {
        var request = new RequestReader();
        var query = ListUsage.ReadQuery(request, null, Choices, (from, to, by, after));
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        return request.Problem is { } wrong ? ApiResults.Of(wrong)
            : await ListUsage.AnswerAsync(http, usage, "/admin/usage", query, most, ct);
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
        BudgetStore.Set(batch, id, caps);
        audit.Add(batch, AuditActions.BudgetChanged, id, http);
        await db.WriteAsync(batch);

        return GetBudget.Answer(await budgets.ReadAsync(id, ct));
    }

    static long? ReadUsd(RequestReader request, string name) =>
        request.OptionalNumber(name, 0, BudgetBounds.MostUsd) is { } usd ? Money.NanoOf((decimal)usd) : null;
}
