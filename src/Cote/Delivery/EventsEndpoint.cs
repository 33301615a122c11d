using Cote.Chats;
using Cote.Events;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary>
/// <c>GET /events</c>: the same frames as the socket's, as server-sent events or one long-poll at a time.
/// </summary>
static class EventsEndpoint
{
    const int DefaultWait = 25;
    const int LongestWait = 60;

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, Subscriptions subscriptions, LongPoll poll, RealtimeOptions options,
        string? cursor, string? wait, string? parts, string? active, CancellationToken ct)
    {
        var isStream = SseStream.IsAccepted(http.Request);
        var request = new RequestReader();
        var seconds = request.QueryInteger("wait", wait, 0, LongestWait) ?? DefaultWait;
        var text = isStream && http.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : cursor;
        var from = string.IsNullOrEmpty(text) ? null : Cursor.Parse(text);
        if (from is null && !string.IsNullOrEmpty(text))
            request.AddQueryError("cursor", "a cursor is what a frame carried as its cursor", text);
        var view = PartsQuery.Read(request, parts);
        var isActive = request.QueryFlag("active", active) ?? true;
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (!isStream)
            return await poll.AnswerAsync(user, view, from, isActive, TimeSpan.FromSeconds(seconds), ct);

        await using var subscription = await subscriptions.OpenAsync(
            user, SubscriptionKind.Connection, view, from, isActive, ct);
        List<Frame> first = [subscription.Ready(options.HeartbeatMilliseconds)];
        if (subscription.Reset is { } reason)
            first.Add(Frame.Reset(reason, subscription.Cursor));
        await SseStream.CopyAsync(subscription, http, first);
        return Results.Empty;
    }
}

/// <summary>
/// One long-poll: the events after the cursor; where there are none, those that come within the wait. While a reply is
/// pending it answers after a second at the most, with the text of those that grew.
/// </summary>
sealed class LongPoll(Subscriptions subscriptions, EventRenderer renderer)
{
    const int MaxEvents = 500;
    static readonly TimeSpan WhileRepliesArePending = TimeSpan.FromSeconds(1);

    public async Task<IResult> AnswerAsync(
        CurrentUser user, PartsView view, Cursor? from, bool isActive, TimeSpan wait, CancellationToken ct)
    {
        await using var subscription = await subscriptions.OpenAsync(
            user, SubscriptionKind.Request, view, from, isActive, ct);
        if (subscription.Reset is { } reason)
            return Write([Frame.Reset(reason, subscription.Cursor)], subscription.Cursor);
        if (from is null)
            return Write([], subscription.Cursor);
        var began = subscriptions.Clock.Ticks;
        var before = (await ListPendingAsync(user.Id, ct)).ToDictionary(x => x.MessageId, x => x.Text.Position);
        while (true)
        {
            var page = await renderer.ReadAsync(user.Id, subscription.Position, MaxEvents, ct);
            if (IsLoggedOut(subscription))
                return ApiResults.Of(Problems.InvalidToken);
            if (subscription.IsStaleEpoch)
                return Write([], subscription.Cursor); // The next poll is told.
            if (page.Frames.Count > 0)
                return Write(page, subscription, view, await ListWaitingAsync(user.Id, page, view, ct));
            var pending = await ListPendingAsync(user.Id, ct);
            if (IsLoggedOut(subscription))
                return ApiResults.Of(Problems.InvalidToken);
            var limit = pending.Any(x => !x.IsWaiting) && wait > WhileRepliesArePending ? WhileRepliesArePending : wait;
            var rest = limit - subscriptions.Clock.Since(began);
            if (rest > TimeSpan.Zero && subscription.Closed is null)
            {
                await subscription.WaitAsync(rest, ct);
                continue;
            }
            // One that was made after the page was read comes behind its event.
            var grown = pending.Where(x => !x.Text.IsEmpty && x.BegunSeq <= subscription.Position
                && (!before.TryGetValue(x.MessageId, out var position) || position != x.Text.Position));
            return Write([.. grown.Select(x => x.ToSnapshot(view, subscriptions.Links))], subscription.Cursor);
        }
    }

    // Asked after each read of the database, before anything is shown: the session may have ended meanwhile.
    static bool IsLoggedOut(Subscription subscription) =>
        subscription.Closed is CloseReason.SessionRevoked or CloseReason.TokenExpired;

    // The text that is known here is newer than the row's, unless another node has begun another attempt.
    async Task<IReadOnlyList<PendingReply>> ListPendingAsync(string userId, CancellationToken ct) =>
        [.. (await subscriptions.ListPendingAsync(userId, ct))
            .Select(x => x.With(x.Text.NewerOf(subscriptions.Streaming.VisibleTextOf(userId, x.MessageId))))];

    // What a reply waits with does not grow any more: a later poll would not be told of it.
    async Task<IReadOnlyList<Frame>> ListWaitingAsync(
        string userId, EventPage page, PartsView view, CancellationToken ct)
    {
        var ids = page.Frames.Where(x => x.Type == EventTypes.MessageWaiting).Select(x => x.MessageId).ToHashSet();
        return ids.Count == 0 ? [] : [.. (await ListPendingAsync(userId, ct)).Where(x => ids.Contains(x.MessageId))
            .Select(x => x.ToSnapshot(view, subscriptions.Links))];
    }

    static IResult Write(
        EventPage page, Subscription subscription, PartsView view, IReadOnlyList<Frame> snapshots)
    {
        if (page.Frames[0].Seq != subscription.Position + 1)
            return Write([Frame.Reset("trimmed", subscription.Start)], subscription.Start);
        subscription.OnWritten(page.Frames);
        return Write(
            [.. page.Frames.Select(x => x.In(view)), .. snapshots], subscription.CursorAt(page.Frames[^1].Seq));
    }

    static IResult Write(IReadOnlyList<Frame> frames, Cursor cursor) => ApiResults.Json(ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WritePropertyName("events"u8);
        json.WriteStartArray();
        foreach (var frame in frames)
            json.WriteRawValue(frame.Json.Span, skipInputValidation: true);
        json.WriteEndArray();
        json.WriteString("cursor"u8, cursor.ToString());
        json.WriteEndObject();
    }));
}
