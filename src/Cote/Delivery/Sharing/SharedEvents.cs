using Cote.Chats;
using Cote.Events;
using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>What the stream of a share is made of.</summary>
sealed record SharedStreams(
    Subscriptions Subscriptions, SharedView View, ShareStore Shares, MessageStore Messages, Clock Clock);

/// <summary>
/// <c>GET /shared/{token}/events</c>: what changes in the chat of a live share, as server-sent events. A snapshot has
/// none.
/// </summary>
static class SharedEvents
{
    public static async Task<IResult> Handle(
        string token, HttpContext http, SharedAccess access, OpenShares open, SharedStreams from, CancellationToken ct)
    {
        var (share, problem) = await access.FindAsync(token, http, ct);
        if (share is not { IsLive: true })
            return ApiResults.Of(problem ?? Problems.ShareNotFound);
        Subscription? subscription = null;
        // One that ends before it has begun is aborted.
        using var viewer = open.View(share.Id, http, () => subscription?.Close(CloseReason.SessionRevoked));
        if (viewer is null)
            return ApiResults.Of(Share.Full);

        await using var opened = subscription = await from.Subscriptions.OpenAsync(share, ct);
        opened.PingAfter = SseStream.CommentAfter;
        using var counted = DeliveryMetrics.Open("share");
        var feed = new SharedFeed(opened, share, from);
        var first = await feed.BeginAsync(ct);
        await CopyAsync(feed, opened, new(http.Response), first, ct);
        return Results.Empty;
    }

    static async Task CopyAsync(
        SharedFeed feed, Subscription subscription, SseWriter sse, IReadOnlyList<Frame> first, CancellationToken ct)
    {
        try
        {
            sse.Start();
            for (var frames = first; ; frames = await feed.NextAsync(ct))
            {
                foreach (var frame in frames)
                    if (frame == Frame.Ping)
                        sse.Comment();
                    else
                        sse.Write(frame.Type, frame.Json);
                var isLast = subscription.IsComplete || subscription.Closed is not null;
                await (isLast ? sse.EndAsync(ct) : sse.FlushAsync(ct));
                subscription.OnWritten(frames);
                if (isLast)
                    return;
            }
        }
        catch (ProblemException) when (subscription.Closed is not null)
        {
            await sse.EndAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The viewer left.
        }
    }
}
