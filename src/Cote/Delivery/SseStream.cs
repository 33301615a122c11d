using Cote.Events;
using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// Copies a subscription to a response as server-sent events until it is complete, closed, or the client leaves.
/// </summary>
static class SseStream
{
    /// <summary>A proxy cuts a connection that is silent: after so long a comment is written.</summary>
    public static readonly TimeSpan CommentAfter = TimeSpan.FromSeconds(15);

    /// <summary>Whether the request asks for a stream.</summary>
    public static bool IsAccepted(HttpRequest request) => request.AcceptsEventStream();

    public static async Task CopyAsync(Subscription subscription, HttpContext http, IReadOnlyList<Frame> first)
    {
        var ct = http.RequestAborted;
        var sse = new SseWriter(http.Response);
        subscription.PingAfter = CommentAfter;
        using var counted = DeliveryMetrics.Open(subscription.Kind == SubscriptionKind.Connection ? "sse" : "reply");
        try
        {
            sse.Start();
            for (var frames = first; ; frames = await subscription.NextAsync(ct))
            {
                foreach (var frame in frames)
                    if (frame == Frame.Ping)
                        sse.Comment();
                    else
                        sse.Write(frame.Type, frame.Json, frame.Cursor);
                var isLast = subscription.IsComplete || subscription.Closed is not null;
                await (isLast ? sse.EndAsync(ct) : sse.FlushAsync(ct));
                subscription.OnWritten(frames);
                if (isLast)
                    return;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client left. The reply goes on: only a stop request ends it.
        }
    }
}
