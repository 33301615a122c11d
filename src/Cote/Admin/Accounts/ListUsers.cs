using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// <c>GET /admin/users</c>: all accounts, oldest first, or those whose name or address holds <c>q</c>.
/// </summary>
static class ListUsers
{
    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, string? q, string? limit, string? after, CancellationToken ct)
    {
        var request = new RequestReader();
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        var from = request.QueryId("after", after);
        var text = string.IsNullOrEmpty(q) ? null
            : TypedText.Trim(request.QueryText("q", q, 1, Credentials.MaxEmailLength));
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var list = text is null ? await users.ListAsync(from, most + 1, ct)
            : await users.SearchAsync(text, from, most + 1, ct);
        if (list.Count > most)
        {
            list = [.. list.Take((int)most)];
            var wanted = text is null ? "" : $"&q={Uri.EscapeDataString(text)}";
            http.Response.Headers.Link = Page.Next($"/admin/users?after={list[^1].Id}&limit={most}{wanted}");
        }
        return ApiResults.Json<IReadOnlyList<AccountInfo>>(
            [.. list.Select(AccountInfo.Of)], AccountJson.Default.IReadOnlyListAccountInfo);
    }
}
