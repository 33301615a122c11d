using Cote.Chats;
using Cote.Events;

namespace Cote.Delivery;

/// <summary>What came of waiting for more of a reply.</summary>
enum FeedNews
{
    /// <summary>There is more of it, or it waits, ended or was deleted.</summary>
    Changed,

    /// <summary>Nothing for some time: a proxy cuts a connection that is silent.</summary>
    Silence,

    /// <summary>The server ends the connection, and the reply goes on; or nothing more comes of it.</summary>
    Closed,
}

/// <summary>
/// Follows one reply for a transport of another dialect. Its reader asks for news, writes what has changed in
/// <see cref="Reply"/> since it wrote last, and asks again.
/// </summary>
sealed class ReplyFeed : IAsyncDisposable
{
    readonly Subscription _subscription;
    readonly MessageStore _messages;
    readonly string _userId;
    readonly DeliveryMetrics.OpenConnection _counted = DeliveryMetrics.Open("reply");
    IReadOnlyList<Frame> _shown = [];

    public ReplyFeed(Subscription subscription, FollowedReply reply, MessageStore messages, string userId)
    {
        (_subscription, Reply, _messages, _userId) = (subscription, reply, messages, userId);
        subscription.PingAfter = SseStream.CommentAfter;
    }

    /// <summary>The reply as far as it is known.</summary>
    public FollowedReply Reply { get; }

    /// <summary>Waits for more. What was known before counts as written.</summary>
    public async Task<FeedNews> NextAsync(CancellationToken ct)
    {
        OnWritten();
        if (Reply.IsOver)
            return FeedNews.Closed; // Nothing comes: who still waits is told so.
        var frames = await _subscription.NextAsync(ct);
        if (_subscription.Closed is not null)
            return FeedNews.Closed;
        var news = FeedNews.Silence;
        foreach (var frame in frames.Where(x => x != Frame.Ping))
        {
            news = FeedNews.Changed;
            if (!Reply.Apply(frame))
                continue;
            if (await _messages.FindAsync(_userId, null, Reply.Id, ct, PartsView.All) is { } row)
                Reply.Take(row);
            else
                Reply.Delete();
        }
        _shown = frames;
        return news;
    }

    /// <summary>What is known is written to the end.</summary>
    public void OnWritten()
    {
        _subscription.OnWritten(_shown);
        _shown = [];
    }

    public ValueTask DisposeAsync()
    {
        _counted.Dispose();
        return _subscription.DisposeAsync();
    }
}
