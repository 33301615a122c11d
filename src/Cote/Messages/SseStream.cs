using Cote.Events;
using Cote.Http;
using Microsoft.AspNetCore.Http;

namespace Cote.Messages;

/// <summary>Copies a reader to a response as server-sent events until it is complete, closed, or nobody reads.</summary>
static class SseStream
{
    /// <summary>A proxy that sees nothing for a while cuts the line: after so long a comment is written.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    public static async Task CopyAsync(Subscription reader, HttpContext http, IReadOnlyList<Frame> first)
    {
        var ct = http.RequestAborted;
        var sse = new SseWriter(http.Response);
        reader.Silence = Silence;
        try
        {
            sse.Start();
            for (var frames = first; ; frames = await reader.NextAsync(ct))
            {
                foreach (var frame in frames)
                    if (frame == Frame.Ping)
                        sse.Comment();
                    else
                        sse.Write(frame.Type, frame.Json, frame.Cursor);
                var isLast = reader.IsComplete || reader.Closed is not null;
                await (isLast ? sse.EndAsync(ct) : sse.FlushAsync(ct));
                reader.Written(frames);
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
