using Cote.Primitives;
using Cote.Replies;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary><c>GET /admin/replies</c>: the replies of all users that have not ended, the oldest first.</summary>
static class ListReplies
{
    const int Usual = 100;

    public static async Task<IResult> Handle(
        HttpContext http, OpenReplyStore replies, string? limit, string? after, string? user_id, CancellationToken ct)
    {
        var request = new RequestReader();
        var most = request.QueryInteger("limit", limit, 1, Page.MostItems) ?? Usual;
        var from = ReplyPlace.Parse(after);
        if (from is null && !string.IsNullOrEmpty(after))
            request.AddQueryError("after", "it is from the Link of the page before", after);
        var user = request.QueryId("user_id", user_id);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var list = await replies.ListAsync(user, from, most + 1, ct);
        if (list.Count > most)
        {
            list = [.. list.Take((int)most)];
            var of = user is null ? "" : $"&user_id={user}";
            var place = new ReplyPlace(list[^1].Id, list[^1].UserId);
            http.Response.Headers.Link = Page.Next($"/admin/replies?after={place}&limit={most}{of}");
        }
        return ApiResults.Json(list, AccountJson.Default.IReadOnlyListOpenReply);
    }
}

/// <summary><c>POST /admin/replies/{id}/stop</c>: ends a reply of any user, as its own stop does.</summary>
static class StopReply
{
    static readonly Problem NoReply = Problems.MessageNotFound with { Detail = "No such open reply" };

    public static async Task<IResult> Handle(
        string replyId, HttpContext http, OpenReplyStore replies, StopReplies stop, Audit audit, string? user_id,
        CancellationToken ct)
    {
        var request = new RequestReader();
        var user = request.QueryId("user_id", user_id);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(replyId) is not { } id || await replies.FindAsync(id, user, ct) is not { Count: > 0 } found)
            return ApiResults.Of(NoReply);
        if (found.Count > 1)
            return ApiResults.Of(Problems.SeveralReplies);

        var (userId, chatId) = found[0];
        // The line is in the batch of the request: the stop may take seconds, and whoever has left by then has stopped
        // it all the same.
        var stopped = await stop.DoAsync(userId, chatId, null, ct, id,
            (batch, itIs) => audit.Add(batch, AuditActions.ReplyStopped, userId, http, id, itIs));
        return ApiResults.Json(new StopResult(true, stopped), RepliesJson.Default.StopResult);
    }
}
