using Cote.Events;
using Cote.Http;
using Cote.Media;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// <c>GET /chats/{chat_id}/messages/</c>: of the active path, or of all branches, the newest page, ascending; or what
/// follows a <c>seq</c>.
/// </summary>
static class ListMessages
{
    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, MessageStore messages, EventLog events, Receipts receipts,
        MediaLinks links, ListCache cache, string? limit, string? before, string? after, string? branches,
        string? parts,
        CancellationToken ct)
    {
        var request = new RequestReader();
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Page.MostItems;
        var from = request.QueryInteger("after", after, 0, long.MaxValue);
        var to = request.QueryInteger("before", before, 0, long.MaxValue);
        if (from is not null && to is not null)
            request.AddQueryError("before", "before and after cannot be used together", before);
        if (branches is not (null or "all"))
            request.AddQueryError("branches", "this can only be all; without it the active path is listed", branches);
        var view = PartsQuery.Read(request, parts);
        Offsets.Refuse(request, http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat || await messages.FindChatStateAsync(user.Id, chat, ct) is not { } state)
            return ApiResults.Of(Problems.ChatNotFound);

        // While a reply is being made its text grows without an event, and what was written is old at once.
        var which = branches is null ? Branches.Path : Branches.All;
        var (key, version) = (new ListCache.Key(user.Id, chat, most, to, from, 3 * (int)which + (int)view),
            new Cursor(events.Epoch, state.Changed).ToString());
        if (!state.IsOpen && cache.Find(key, version, http) is { } written)
            return written;
        var page = new Page(most);
        bool enough(Message x) => page.IsFull(x.Texts);
        var list = from is { } seq
            ? await messages.ListAfterAsync(user.Id, chat, which, view, seq, most + 1, enough, ct)
            : await messages.ListBeforeAsync(user.Id, chat, which, view, to ?? long.MaxValue, most + 1, enough, ct);
        if (page.Cut(list.Count) is { } kept)
        {
            list = [.. list.Take(kept)];
            var on = from is null ? "before" : "after";
            var all = which == Branches.All ? "&branches=all" : "";
            http.Response.Headers.Link =
                Page.Next($"/chats/{chat}/messages/?{on}={list[^1].Seq}&limit={most}{all}{(string.IsNullOrEmpty(parts) ? "" : "&parts=" + parts)}");
        }
        if (from is null)
            list = [.. list.Reverse()];

        // For a client that only polls, this list delivers the end of a reply.
        foreach (var message in list)
            receipts.AddIfDue(user.Id, message);
        var json = ApiResults.Write<IReadOnlyList<Message>>(
            [.. list.Select(x => x.In(view).Signed(links))], WireJson.MessageList);
        if (!state.IsOpen && !list.Any(x => x.NamesUploads)) // signatures are fresh each time
            cache.Store(key, version, json, http);
        return ApiResults.Json(json);
    }
}
