using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /chats/</c>: newest activity first.</summary>
static class ListChats
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, ChatStore chats, string? limit, string? before, CancellationToken ct)
    {
        var check = new Check();
        var most = check.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        var from = check.QueryInteger("before", before, 0, long.MaxValue);
        if (check.Problem is { } wrong)
            return Answer.Of(wrong);

        var page = new Page(most);
        var list = await chats.ListAsync(user.Id, from, most + 1,
            chat => page.IsFull(chat.Title, chat.LastMessageContent, chat.SystemPrompt), ct);
        if (page.Cut(list.Count) is { } kept)
        {
            list = [.. list.Take(kept)];
            http.Response.Headers.Link = Page.Next($"/chats/?before={list[^1].Activity}&limit={most}");
        }

        return Answer.Json(list, ChatsJson.Default.IReadOnlyListChat);
    }
}
