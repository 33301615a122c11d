using Cote.Chats;
using Cote.Delivery;
using Cote.Http;
using Cote.Media;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.UIStream;

/// <summary>Shows one reply as a UI message stream, from its beginning to its end or to where it waits.</summary>
sealed class UIReplyStream(ReplyStream replies, MediaLinks links)
{
    /// <summary>
    /// Answers a request with the reply to a question, or with a reply itself. It is told whole, but for what the
    /// client is known to have.
    /// </summary>
    public async Task<IResult> AnswerAsync(CurrentUser user, Message message, KnownReply? known, HttpContext http)
    {
        if (await replies.FollowAsync(user, message, http.RequestAborted) is not { } feed)
            return ApiResults.Of(Problems.MessageNotFound);
        await using var _ = feed;
        try
        {
            await CopyAsync(feed, known, http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client left. The reply goes on: only a stop request ends it.
        }
        return Results.Empty;
    }

    async Task CopyAsync(ReplyFeed feed, KnownReply? known, HttpContext http)
    {
        var ct = http.RequestAborted;
        http.Response.Headers["x-vercel-ai-ui-message-stream"] = "v1";
        var sse = new SseWriter(http.Response);
        sse.Start();
        var writer = new UIStreamWriter(feed.Reply, new UIChunks(sse), links, known);
        writer.Start();
        while (writer.Advance())
        {
            if (feed.Reply.IsOver || feed.Reply.IsWaiting)
            {
                writer.End();
                await sse.EndAsync(ct);
                feed.OnWritten();
                return;
            }
            await sse.FlushAsync(ct);
            var news = await feed.NextAsync(ct);
            if (news == FeedNews.Closed)
                break;
            if (news == FeedNews.Silence)
                sse.Comment();
        }
        // A stream that ends without its last chunk is taken for a whole reply: one that breaks is resumed.
        http.Abort();
    }
}
