using System.Text.Json;
using Cote.Chats;
using Cote.Events;

namespace Cote.Delivery;

/// <summary>
/// Translates what happens in a chat for one viewer of a live share: messages have places and no ids. What only adds
/// to the path is told as it is; where the path changes otherwise, or the title, the viewer is told to fetch all again.
/// </summary>
sealed class SharedFeed(Subscription subscription, ShownShare share, SharedStreams from)
{
    static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly Dictionary<string, SharedReply> _replies = [];
    SharedPath _path = null!;
    string? _title;

    /// <summary>
    /// The first frame: a viewer fetches the chat once the stream is open, so that it misses nothing in between.
    /// </summary>
    public async Task<IReadOnlyList<Frame>> BeginAsync(CancellationToken ct)
    {
        (_title, _path) = await ReadAsync(ct);
        return [Reset("start")];
    }

    /// <summary>The next frames; empty where the stream ends.</summary>
    public async Task<IReadOnlyList<Frame>> NextAsync(CancellationToken ct)
    {
        while (true)
        {
            var frames = await subscription.NextAsync(ct);
            var shown = new List<Frame>();
            foreach (var frame in frames)
                await TakeAsync(frame, shown, ct);
            foreach (var (id, reply) in _replies)
                if (_path.PlaceOf(id) is { } place && reply.Advance(_path, place) is { } news)
                    shown.Add(news);
            if (shown.Count > 0 || subscription.IsComplete || subscription.Closed is not null)
                return subscription.Closed is null ? shown : [];
        }
    }

    async Task TakeAsync(Frame frame, List<Frame> shown, CancellationToken ct)
    {
        switch (frame.Type)
        {
            case EventTypes.Ping:
                shown.Add(frame);
                break;
            case EventTypes.Snapshot or EventTypes.Delta or EventTypes.Part or EventTypes.PartDelta:
                await TakeTextAsync(frame, shown, ct);
                break;
            case EventTypes.Message:
                await RefreshAsync(shown, ct);
                await TakeMessageAsync(frame.MessageId!, shown, ct);
                break;
            case EventTypes.MessageDeleted:
                _replies.Remove(frame.MessageId!);
                await RefreshAsync(shown, ct);
                break;
            case EventTypes.ChatPath or EventTypes.ChatUpdated:
                await RefreshAsync(shown, ct);
                break;
            case EventTypes.Reset:
                // Their ends may be among the events that are gone.
                foreach (var id in _replies.Keys.ToList())
                    if (await FindAsync(id, ct) is not { HasEnded: false })
                        _replies.Remove(id);
                await RefreshAsync(shown, ct, isDue: true);
                break;
        }
    }

    // While the database is unreachable a viewer stays, as other connections do, with the frame still in hand.
    async Task<T> RetryAsync<T>(Func<Task<T>> read, CancellationToken ct)
    {
        while (true)
            try
            {
                return await read();
            }
            catch (ProblemException error) when (error.Problem.Status >= 500 && subscription.Closed is null)
            {
                await Task.Delay(ReadAgainAfter, from.Clock.Provider, ct);
            }
    }

    async Task TakeTextAsync(Frame frame, List<Frame> shown, CancellationToken ct)
    {
        var data = JsonElement.Parse(frame.Json.Span).GetProperty("data");
        var id = data.GetProperty("message_id").GetString()!;
        if (!_replies.TryGetValue(id, out var reply))
        {
            _replies[id] = reply = new(from.Clock);
            if (_path.PlaceOf(id) is null)
                await RefreshAsync(shown, ct);
        }
        reply.Take(frame.Type, data);
    }

    Task<Message?> FindAsync(string id, CancellationToken ct) => RetryAsync(
        () => from.Messages.FindAsync(share.UserId, share.ChatId, id, ct, share.View), ct);

    // As its row has it now: whole, and in the view of this share.
    async Task TakeMessageAsync(string id, List<Frame> shown, CancellationToken ct)
    {
        if (await FindAsync(id, ct) is not { } message)
            return;
        if (message.HasEnded)
            _replies.Remove(id);
        if (_path.Show(message) is { } news)
            shown.Add(Frame.Of(EventTypes.Message, news, SharedJson.Message));
    }

    async Task RefreshAsync(List<Frame> shown, CancellationToken ct, bool isDue = false)
    {
        var (before, title) = (_path, _title);
        (_title, _path) = await RetryAsync(() => ReadAsync(ct), ct);
        var reason = title != _title ? "title" : "path";
        if (!isDue && title == _title && _path.GoesOnAfter(before))
            return;
        foreach (var reply in _replies.Values)
            reply.Forget();
        if (_title is not null) // else the chat is gone, and the stream ends
            shown.Add(Reset(reason));
    }

    async Task<(string? Title, SharedPath Path)> ReadAsync(CancellationToken ct) =>
        (await from.Shares.FindTitleAsync(share, ct), await from.View.ReadPathAsync(share, ct));

    static Frame Reset(string reason) =>
        Frame.Write(EventTypes.Reset, data => data.WriteString("reason"u8, reason));
}
