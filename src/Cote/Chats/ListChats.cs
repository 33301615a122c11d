using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /chats/</c>: those that are not archived, or the archived ones; newest activity first.</summary>
static class ListChats
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, ChatStore chats, EventLog events, ListCache cache, string? limit,
        string? before, string? archived, CancellationToken ct)
    {
        var request = new RequestReader();
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        var from = request.QueryInteger("before", before, long.MinValue, long.MaxValue); // negative: imported
        var isArchived = request.QueryFlag("archived", archived) ?? false;
        Offsets.Refuse(request, http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        // Nothing of a user's chats changes without an event.
        var (key, version) = (new ListCache.Key(user.Id, null, most, from, null, isArchived ? 1 : 0),
            (await events.HeadAsync(user.Id, ct)).ToString());
        if (cache.Find(key, version, http) is { } written)
            return written;
        var page = new Page(most);
        var list = await chats.ListAsync(user.Id, isArchived, from, most + 1,
            chat => page.IsFull(chat.Title, chat.LastMessageContent, chat.SystemPrompt), ct);
        if (page.Cut(list.Count) is { } kept)
        {
            list = [.. list.Take(kept)];
            var which = isArchived ? "&archived=true" : "";
            http.Response.Headers.Link = Page.Next($"/chats/?before={list[^1].Place}&limit={most}{which}");
        }

        var json = ApiResults.Write(list, ChatsJson.Default.IReadOnlyListChat);
        cache.Store(key, version, json, http);
        return ApiResults.Json(json);
    }
}
