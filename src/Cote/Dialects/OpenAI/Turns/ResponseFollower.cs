using Cote.Chats;
using Cote.Delivery;
using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Follows a reply, with what OpenAI's dialect must know of it beside its frames.</summary>
sealed class FollowedResponse(ReplyFeed feed, string userId, int index, OpenAITurnStore store) : IAsyncDisposable
{
    IReadOnlyList<ReplyWait> _waits = [];
    string? _seen;
    TurnSettings? _settings;

    public ReplyFeed Feed => feed;

    public ResponseView View => new(feed.Reply, index, _waits);

    /// <summary>Reads what has changed in its rows.</summary>
    public async Task<ResponseView> ReadAsync(CancellationToken ct)
    {
        var calls = feed.Reply.Content.Slots.Select(x => x.Part).OfType<ToolPart>().Select(x => x.State).ToList();
        var seen = $"{feed.Reply.State} {string.Join(' ', calls)}";
        if (calls.Count > 0 && _seen != seen)
            _waits = await store.ListWaitsAsync(userId, feed.Reply.Id, ct);
        _seen = seen;
        return View;
    }

    /// <summary>It as JSON; what it has used is read once it has ended.</summary>
    public async Task<ResponseJson> DescribeAsync(ResponseView view, CancellationToken ct)
    {
        _settings ??= await store.FindSettingsAsync(userId, feed.Reply.Id, ct)
            ?? new("", new(0), null, null, null, null, null);
        view.Read(out _, out var isWhole);
        var usage = !isWhole ? null : await store.SumAsync(
            userId, feed.Reply.Id, view.BeginsAfter?.CallAttempt ?? 0, view.EndsAt?.CallAttempt ?? long.MaxValue, ct);
        return new(view, _settings, usage);
    }

    public ValueTask DisposeAsync() => feed.DisposeAsync();
}

/// <summary>Shows responses: as events, or as one object.</summary>
sealed class ResponseFollower(ReplyStream streams, OpenAITurnStore store)
{
    /// <summary>Follows a turn; null where it is not there any more.</summary>
    public async Task<FollowedResponse?> OpenAsync(CurrentUser user, StartedTurn turn, CancellationToken ct) =>
        await streams.FollowAsync(user, turn.Message, ct) is { } feed
            ? new(feed, user.Id, turn.Index, store) : null;

    // Null where there is no such response, and the request is answered.
    async Task<FollowedResponse?> FindAsync(HttpContext http, CurrentUser user, StartedTurn turn)
    {
        var followed = await OpenAsync(user, turn, http.RequestAborted);
        if (followed is not null && (await followed.ReadAsync(http.RequestAborted)).Exists)
        {
            NameTurn(http, followed);
            return followed;
        }
        await (followed?.DisposeAsync() ?? ValueTask.CompletedTask);
        await TurnChats.NoResponse(
            OpenAIIds.OfResponse(turn.Message.ReplyId ?? turn.Message.Id, turn.Index), null).WriteAsync(http);
        return null;
    }

    /// <summary>Streams a response from the number after <paramref name="after"/> to its end.</summary>
    public async Task StreamAsync(HttpContext http, CurrentUser user, StartedTurn turn, long after)
    {
        var ct = http.RequestAborted;
        await using var followed = await FindAsync(http, user, turn);
        if (followed is null)
            return;
        var sse = new SseWriter(http.Response);
        var events = new ResponseEventWriter(sse, after);
        sse.Start();
        try
        {
            while (true)
            {
                var view = await followed.ReadAsync(ct);
                var isLast = events.IsTakenBack(view);
                if (isLast)
                    events.WriteError(
                        "stream_restarted", "What was shown of this response was taken back: read it anew.");
                else
                    isLast = events.Write(view, await followed.DescribeAsync(view, ct));
                await (isLast ? sse.EndAsync(ct) : sse.FlushAsync(ct));
                if (isLast)
                {
                    followed.Feed.OnWritten();
                    return;
                }
                if (!await WaitAsync(followed.Feed, sse, http, ct))
                    return;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client left. The reply goes on.
        }
    }

    /// <summary>Waits for news; false where the server ends the connection: it is cut off, never ended as if whole.
    /// </summary>
    public static async Task<bool> WaitAsync(ReplyFeed feed, SseWriter? sse, HttpContext http, CancellationToken ct)
    {
        while (true)
            switch (await feed.NextAsync(ct))
            {
                case FeedNews.Changed:
                    return true;
                case FeedNews.Closed:
                    http.Abort();
                    return false;
                default:
                    sse?.Comment();
                    await (sse?.FlushAsync(ct) ?? ValueTask.CompletedTask);
                    break;
            }
    }

    /// <summary>Answers with the response as one object: as it is now, or once it has ended.</summary>
    public async Task AnswerAsync(HttpContext http, CurrentUser user, StartedTurn turn, bool waits)
    {
        var ct = http.RequestAborted;
        await using var followed = await FindAsync(http, user, turn);
        if (followed is null)
            return;
        try
        {
            while (true)
            {
                var view = await followed.ReadAsync(ct);
                var items = view.Read(out _, out var isWhole);
                if (isWhole || !waits)
                {
                    var response = await followed.DescribeAsync(view, ct);
                    await ApiResults.Json(ApiResults.Write(
                        json => response.Write(json, response.StatusOf(isWhole), items))).ExecuteAsync(http);
                    followed.Feed.OnWritten();
                    return;
                }
                if (!await WaitAsync(followed.Feed, null, http, ct))
                    return;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client left. The reply goes on.
        }
    }

    /// <summary>Says in headers which chat and which reply it is.</summary>
    public static void NameTurn(HttpContext http, FollowedResponse followed)
    {
        http.Response.Headers["X-Cote-Chat"] = followed.Feed.Reply.ChatId;
        http.Response.Headers["X-Cote-Message"] = followed.Feed.Reply.Id;
    }
}
