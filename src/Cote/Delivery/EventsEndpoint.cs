using System.Text.Json;
using Cote.Events;
using Cote.Http;
using Cote.Primitives;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Delivery;

/// <summary><c>GET /events</c>: the same frames as the socket's, as server-sent events or one poll at a time.</summary>
static class EventsEndpoint
{
    const int DefaultWait = 25;
    const int LongestWait = 60;
    const int MostEvents = 500;
    static readonly TimeSpan WhileRepliesRun = TimeSpan.FromSeconds(1);

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, Subscriptions subscriptions, EventRenderer renderer, Connections connections,
        RealtimeOptions options, string? cursor, string? wait, CancellationToken ct)
    {
        var streams = http.Request.GetTypedHeaders().Accept.Any(x => x.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
        var request = new RequestReader();
        var seconds = request.QueryInteger("wait", wait, 0, LongestWait) ?? DefaultWait;
        var text = streams && http.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : cursor;
        var from = string.IsNullOrEmpty(text) ? null : Cursor.Parse(text);
        if (from is null && !string.IsNullOrEmpty(text))
            request.AddQueryError("cursor", "a cursor is what a frame carried as its cursor", text);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        return streams
            ? await StreamAsync(http, user, subscriptions, connections, options, from, ct)
            : await PollAsync(user, subscriptions, renderer, from, TimeSpan.FromSeconds(seconds), ct);
    }

    static async Task<IResult> StreamAsync(
        HttpContext http, CurrentUser user, Subscriptions subscriptions, Connections connections, RealtimeOptions options,
        Cursor? from, CancellationToken ct)
    {
        await using var subscription = await Subscription.OpenAsync(subscriptions, user.Id, from, ct);
        connections.Add(subscription, user);
        try
        {
            List<Frame> first = [subscription.Ready(options.HeartbeatMilliseconds)];
            if (subscription.Reset is { } reason)
                first.Add(Subscription.ResetFrame(reason, subscription.Cursor));
            await SseStream.CopyAsync(subscription, http, first);
        }
        finally
        {
            connections.Remove(subscription);
        }
        return Results.Empty;
    }

    // One answer: what came after the cursor; or, where nothing has, what came within the wait. While a reply is open
    // it answers after a second at most, with the text of those that grew.
    static async Task<IResult> PollAsync(
        CurrentUser user, Subscriptions subscriptions, EventRenderer renderer, Cursor? from, TimeSpan wait, CancellationToken ct)
    {
        await using var subscription = await Subscription.OpenAsync(subscriptions, user.Id, from, ct, most: long.MaxValue);
        subscription.BindSession(user.SessionId, user.Expires);
        if (subscription.Reset is { } reason)
            return Write([Subscription.ResetFrame(reason, subscription.Cursor)], subscription.Cursor);
        if (from is null)
            return Write([], subscription.Cursor);
        var before = (await subscriptions.ReadOpenReplies(user.Id, ct)).ToDictionary(x => x.MessageId, x => Now(subscription, x));
        var began = subscriptions.Clock.Ticks;
        while (true)
        {
            var page = await renderer.ReadAsync(user.Id, subscription.Position, MostEvents, ct);
            if (IsLoggedOut())
                return ApiResults.Of(Problems.InvalidToken);
            if (subscription.IsStaleEpoch)
                return Write([], subscription.Cursor); // the next poll is told
            if (page.Frames.Count > 0)
            {
                if (page.Frames[0].Seq != subscription.Position + 1)
                    return Write([Subscription.ResetFrame("trimmed", subscription.Start)], subscription.Start);
                subscription.Written(page.Frames);
                return Write(page.Frames, subscription.CursorAt(page.Frames[^1].Seq));
            }
            var open = await subscriptions.ReadOpenReplies(user.Id, ct);
            if (IsLoggedOut())
                return ApiResults.Of(Problems.InvalidToken);
            var limit = open.Count > 0 && wait > WhileRepliesRun ? WhileRepliesRun : wait;
            var rest = limit - subscriptions.Clock.Since(began);
            if (rest > TimeSpan.Zero && subscription.Closed is null)
            {
                await subscription.WaitAsync(rest, ct);
                continue;
            }
            var grown = open.Select(x => Now(subscription, x)).Where(x => x.Content.Length > 0
                && (!before.TryGetValue(x.MessageId, out var then) || then.Attempt != x.Attempt || then.Content.Length != x.Content.Length));
            return Write([.. grown.Select(x => x.ToSnapshot())], subscription.Cursor);
        }

        // While it waited, or while something was read: asked after every look at the database, before anything is shown.
        bool IsLoggedOut() => subscription.Closed is CloseReason.SessionRevoked or CloseReason.TokenExpired;
    }

    // The text that is known here is newer than the row's, unless somebody else has begun another attempt.
    static PendingReply Now(Subscription subscription, PendingReply reply) => subscription.LiveTextOf(reply.MessageId) is var (attempt, content)
        && (attempt > reply.Attempt || (attempt == reply.Attempt && content.Length > reply.Content.Length))
        ? reply with { Attempt = attempt, Content = content } : reply;

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
