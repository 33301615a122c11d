using Cote.Events;
using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>Copies a reader to a response as server-sent events until it is complete, closed, or nobody reads.</summary>
static class SseStream
{
    /// <summary>A proxy that sees nothing for a while cuts the line: after so long a comment is written.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static async Task CopyAsync(Subscription subscription, HttpContext http, IReadOnlyList<Frame> first)
    {
        var ct = http.RequestAborted;
        var sse = new SseWriter(http.Response);
        subscription.Silence = Silence;
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
                subscription.Written(frames);
                if (isLast)
                    return;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The reader left. The reply goes on: only stop stops.
        }
    }
}
