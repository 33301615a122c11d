using System.Globalization;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Usage;

/// <summary><c>GET /usage</c>: what the user's calls of models have used.</summary>
static class ListUsage
{
    static readonly string[] Choices = ["day", "model", "chat"];

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, UsageStore usage, string? from, string? to, string? by, string? after,
        string? limit, CancellationToken ct)
    {
        var request = new RequestReader();
        var query = ReadQuery(request, user.Id, Choices, (from, to, by, after));
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        return request.Problem is { } wrong ? ApiResults.Of(wrong)
            : await AnswerAsync(http, usage, "/usage", query, most, ct);
    }

    /// <summary>Reads which calls are asked for; the first choice is that where nothing is said.</summary>
    public static UsageQuery ReadQuery(
        RequestReader request, string? userId, string[] choices,
        (string? From, string? To, string? By, string? After) given)
    {
        var by = given.By ?? choices[0];
        if (!choices.Contains(by))
            request.AddQueryError("by", $"it is one of {string.Join(", ", choices)}", given.By);
        return new(userId, by, ReadTime(request, "from", given.From), ReadTime(request, "to", given.To), given.After);
    }

    /// <summary>Answers a page of sums.</summary>
    public static async Task<IResult> AnswerAsync(
        HttpContext http, UsageStore usage, string path, UsageQuery query, long most, CancellationToken ct)
    {
        var list = await usage.ListAsync(query, most + 1, ct);
        if (list.Count > most)
        {
            list = [.. list.Take((int)most)];
            var next = $"{path}?by={query.By}&limit={most}&after={Uri.EscapeDataString(list[^1].Key)}"
                + (query.From is { } from ? $"&from={from}" : "") + (query.To is { } to ? $"&to={to}" : "");
            http.Response.Headers.Link = Page.Next(next);
        }
        return ApiResults.Json<IReadOnlyList<UsageSum>>(
            [.. list.Select(x => x.Sum)], UsageJson.Default.IReadOnlyListUsageSum);
    }

    // A date is its first moment, UTC.
    static Timestamp? ReadTime(RequestReader request, string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        var culture = CultureInfo.InvariantCulture;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", culture, DateTimeStyles.None, out var date))
            return Timestamp.From(new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero));
        // A `+` that was not escaped arrives as a blank.
        if (text is [_, _, _, _, '-', _, _, '-', _, _, 'T' or 't', ..] && HasZone(text)
            && DateTimeOffset.TryParse(text.Replace(' ', '+'), culture, DateTimeStyles.None, out var time))
            return Timestamp.From(time);
        request.AddQueryError(name, "it is a date, such as 2026-11-26, or a time with its zone (RFC 3339)", text);
        return null;
    }

    static bool HasZone(string text) => text[^1] is 'Z' or 'z' || (text[^6] is '+' or '-' or ' ' && text[^3] == ':');
}

/// <summary><c>GET /usage/budget</c>: the caps that hold for the user, and what is left of them.</summary>
static class GetBudget
{
    public static async Task<IResult> Handle(CurrentUser user, BudgetStore budgets, CancellationToken ct) =>
        Answer(await budgets.ReadAsync(user.Id, ct));

    public static IResult Answer(Budget budget) =>
        ApiResults.Json(BudgetInfo.Of(budget), UsageJson.Default.IReadOnlyListBudgetInfo);
}
