using System.Globalization;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /search</c>: texts and titles of the user in which all words occur, the newest first.</summary>
static class SearchChats
{
    public const int LongestQuery = 500;
    public const int MostHits = 100;
    public const string Complete = "Cote-Search-Complete";
    const int DefaultHits = 20;

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, SearchPages pages, string? q, string? chat_id, string? sender,
        string? limit, string? before, CancellationToken ct)
    {
        var request = new RequestReader();
        var text = request.QueryText("q", q, 1, LongestQuery);
        // What is no id at all names a chat that is not there.
        var chat = string.IsNullOrEmpty(chat_id) ? null : Ids.Parse(chat_id) ?? chat_id;
        if (sender is not (null or Senders.User or Senders.Ai))
            request.AddQueryError("sender", "Input should be 'user' or 'ai'", sender);
        var most = request.QueryInteger("limit", limit, 1, MostHits) ?? DefaultHits;
        var from = request.QueryInteger("before", before, 0, long.MaxValue) ?? long.MaxValue;
        Offsets.Refuse(request, http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var page = await pages.FindAsync(
            new(user.Id, SearchQuery.Parse(text), chat, sender), from, (int)most, ct);

        if (!page.IsComplete)
            http.Response.Headers[Complete] = "false";
        if (page.Next is { } next)
        {
            var query = QueryString.Create("q", text);
            if (chat is not null)
                query = query.Add("chat_id", chat);
            if (sender is not null)
                query = query.Add("sender", sender);
            query = query.Add("before", next.ToString(CultureInfo.InvariantCulture))
                .Add("limit", most.ToString(CultureInfo.InvariantCulture));
            http.Response.Headers.Link = Page.Next("/search" + query.ToUriComponent());
        }
        return ApiResults.Json(ApiResults.Write(page.Hits, SearchJson.Default.IReadOnlyListSearchHit));
    }
}
