using System.Text.Json;
using Cote.Events;
using Cote.Http;
using Cote.Messages;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Realtime;

/// <summary><c>GET /events</c>: the same frames as the socket's, as server-sent events or one poll at a time.</summary>
static class EventsEndpoint
{
    const int DefaultWait = 25;
    const int LongestWait = 60;
    const int MostEvents = 500;
    static readonly TimeSpan WhileRepliesRun = TimeSpan.FromSeconds(1);

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, Subscriptions house, EventRenderer frames, Connections connections,
        RealtimeOptions options, string? cursor, string? wait, CancellationToken ct)
    {
        var streams = http.Request.GetTypedHeaders().Accept.Any(x => x.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
        var check = new RequestReader();
        var seconds = check.QueryInteger("wait", wait, 0, LongestWait) ?? DefaultWait;
        var text = streams && http.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : cursor;
        var from = string.IsNullOrEmpty(text) ? null : Cursor.Parse(text);
        if (from is null && !string.IsNullOrEmpty(text))
            check.AddQueryError("cursor", "a cursor is what a frame carried as its cursor", text);
        if (check.Problem is { } wrong)
            return ApiResults.Of(wrong);
        return streams
            ? await StreamAsync(http, user, house, connections, options, from, ct)
            : await PollAsync(user, house, frames, from, TimeSpan.FromSeconds(seconds), ct);
    }

    static async Task<IResult> StreamAsync(
        HttpContext http, CurrentUser user, Subscriptions house, Connections connections, RealtimeOptions options,
        Cursor? from, CancellationToken ct)
    {
        await using var reader = await Subscription.OpenAsync(house, user.Id, from, ct);
        connections.Add(reader, user);
        try
        {
            List<Frame> first = [reader.Ready(options.HeartbeatMilliseconds)];
            if (reader.Reset is { } reason)
                first.Add(Subscription.ResetFrame(reason, reader.Cursor));
            await SseStream.CopyAsync(reader, http, first);
        }
        finally
        {
            connections.Remove(reader);
        }
        return Results.Empty;
    }

    // One answer: what came after the cursor; or, where nothing has, what came within the wait. While a reply is open
    // it answers after a second at most, with the text of those that grew.
    static async Task<IResult> PollAsync(
        CurrentUser user, Subscriptions house, EventRenderer frames, Cursor? from, TimeSpan wait, CancellationToken ct)
    {
        await using var reader = await Subscription.OpenAsync(house, user.Id, from, ct, most: long.MaxValue);
        reader.BindSession(user.SessionId, user.Expires);
        if (reader.Reset is { } reason)
            return Write([Subscription.ResetFrame(reason, reader.Cursor)], reader.Cursor);
        if (from is null)
            return Write([], reader.Cursor);
        var before = (await house.ReadOpenReplies(user.Id, ct)).ToDictionary(x => x.MessageId, x => Now(reader, x));
        var began = house.Clock.Ticks;
        while (true)
        {
            var page = await frames.ReadAsync(user.Id, reader.Position, MostEvents, ct);
            if (IsLoggedOut())
                return ApiResults.Of(Problems.InvalidToken);
            if (reader.IsStaleEpoch)
                return Write([], reader.Cursor); // the next poll is told
            if (page.Frames.Count > 0)
            {
                if (page.Frames[0].Seq != reader.Position + 1)
                    return Write([Subscription.ResetFrame("trimmed", reader.Start)], reader.Start);
                reader.Written(page.Frames);
                return Write(page.Frames, reader.CursorAt(page.Frames[^1].Seq));
            }
            var open = await house.ReadOpenReplies(user.Id, ct);
            if (IsLoggedOut())
                return ApiResults.Of(Problems.InvalidToken);
            var limit = open.Count > 0 && wait > WhileRepliesRun ? WhileRepliesRun : wait;
            var rest = limit - house.Clock.Since(began);
            if (rest > TimeSpan.Zero && reader.Closed is null)
            {
                await reader.WaitAsync(rest, ct);
                continue;
            }
            var grown = open.Select(x => Now(reader, x)).Where(x => x.Content.Length > 0
                && (!before.TryGetValue(x.MessageId, out var then) || then.Attempt != x.Attempt || then.Content.Length != x.Content.Length));
            return Write([.. grown.Select(x => x.ToSnapshot())], reader.Cursor);
        }

        // While it waited, or while something was read: asked after every look at the database, before anything is shown.
        bool IsLoggedOut() => reader.Closed is CloseReason.SessionRevoked or CloseReason.TokenExpired;
    }

    // The text that is known here is newer than the row's, unless somebody else has begun another attempt.
    static PendingReply Now(Subscription reader, PendingReply reply) => reader.LiveTextOf(reply.MessageId) is var (attempt, content)
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
