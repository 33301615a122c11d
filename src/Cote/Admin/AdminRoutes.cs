using System.Text.Json.Serialization;
using Cote.Notices;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Admin;

/// <summary>How many of a file's items <c>import</c> has done.</summary>
sealed record ImportProgress(long Items, long Of);

/// <summary>The result of <c>new-epoch</c>.</summary>
sealed record NewEpoch(string Epoch);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AccountInfo))]
[JsonSerializable(typeof(IReadOnlyList<AccountInfo>))]
[JsonSerializable(typeof(IAsyncEnumerable<AccountInfo>))]
[JsonSerializable(typeof(AccountDetail))]
[JsonSerializable(typeof(IReadOnlyList<OpenReply>))]
[JsonSerializable(typeof(IReadOnlyList<ProviderInfo>))]
[JsonSerializable(typeof(Overview))]
[JsonSerializable(typeof(IReadOnlyList<FailedWebhook>))]
[JsonSerializable(typeof(IReadOnlyList<WebhookState>))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(EnabledBody))]
[JsonSerializable(typeof(IReadOnlyList<AuditEntry>))]
[JsonSerializable(typeof(NewEpoch))]
[JsonSerializable(typeof(ImportProgress))]
sealed partial class AccountJson : JsonSerializerContext;

/// <summary><c>GET /admin/audit</c>: what was done to accounts, newest first.</summary>
static class ListAudit
{
    const int Usual = 100;

    public static async Task<IResult> Handle(
        HttpContext http, Audit audit, string? limit, string? before, string? user_id, CancellationToken ct)
    {
        var request = new RequestReader();
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Usual;
        var from = request.QueryId("before", before);
        var user = request.QueryId("user_id", user_id);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var list = await audit.ListAsync(user, from, most + 1, ct);
        if (list.Count > most)
        {
            list = [.. list.Take((int)most)];
            var of = user is null ? "" : $"&user_id={user}";
            http.Response.Headers.Link = Page.Next($"/admin/audit?before={list[^1].Id}&limit={most}{of}");
        }
        return ApiResults.Json(list, AccountJson.Default.IReadOnlyListAuditEntry);
    }
}

static class AdminRoutes
{
    /// <summary>
    /// Refuses everyone but admins. The role is read for each request: it may have been taken away a moment ago.
    /// </summary>
    public static RouteHandlerBuilder ForAdmins(this RouteHandlerBuilder route) =>
        route.RequireAuthorization().WithTags("Admin").AddEndpointFilter(async (context, next) =>
        {
            var http = context.HttpContext;
            var users = http.RequestServices.GetRequiredService<UserStore>();
            return await users.FindAsync(CurrentUser.Of(http)!.Id, http.RequestAborted) is { IsAdmin: true }
                ? await next(context)
                : ApiResults.Of(Problems.AdminOnly);
        });
}
