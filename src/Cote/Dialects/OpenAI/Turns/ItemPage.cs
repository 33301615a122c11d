using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>An item of a list.</summary>
readonly record struct ListedItem(string Id, Action<Utf8JsonWriter> Write);

/// <summary>A page of a list, as OpenAI asks for it.</summary>
/// <param name="IsAscending">Whether the oldest come first; the newest do where nothing is said.</param>
/// <param name="After">The id of the item before the page; null for the first page.</param>
/// <param name="Limit">1 to 100.</param>
sealed record ItemPage(bool IsAscending, string? After, int Limit)
{
    const int UsualLimit = 20;
    const int MostItems = 100;

    public static ItemPage? Read(string? order, string? after, string? limit, out OpenAIError? error)
    {
        var most = UsualLimit;
        error = order is not (null or "" or "asc" or "desc") ? OpenAIError.Wrong("order", "`order` is asc or desc.")
            : limit is { Length: > 0 }
                && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most)
                    || most is < 1 or > MostItems) ? OpenAIError.Wrong("limit", $"`limit` is 1 to {MostItems}.")
            : null;
        return error is null ? new(order == "asc", string.IsNullOrEmpty(after) ? null : after, most) : null;
    }

    /// <summary>Answers with a page of a short list, which is in ascending order.</summary>
    public Task WriteAsync(HttpContext http, IReadOnlyList<ListedItem> items)
    {
        var ordered = IsAscending ? items : [.. items.Reverse()];
        if (After is not null)
            ordered = [.. ordered.SkipWhile(x => x.Id != After).Skip(1)];
        return WriteAsync(http, [.. ordered.Take(Limit)], ordered.Count > Limit);
    }

    /// <summary>Answers with these items.</summary>
    public static Task WriteAsync(HttpContext http, IReadOnlyList<ListedItem> items, bool hasMore) =>
        ApiResults.Json(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list");
            json.WriteStartArray("data"u8);
            foreach (var item in items)
                item.Write(json);
            json.WriteEndArray();
            json.WriteString("first_id"u8, items.Count > 0 ? items[0].Id : null);
            json.WriteString("last_id"u8, items.Count > 0 ? items[^1].Id : null);
            json.WriteBoolean("has_more"u8, hasMore);
            json.WriteEndObject();
        })).ExecuteAsync(http);
}
