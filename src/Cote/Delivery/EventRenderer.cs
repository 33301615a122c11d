using System.Data.Common;
using System.Text.Json;
using Cote.Chats;
using Cote.Events;
using Cote.Media;

namespace Cote.Delivery;

/// <summary>
/// A piece of the log as frames, with the time of the last event; <paramref name="HasMore"/> where it was cut for its
/// size.
/// </summary>
readonly record struct EventPage(IReadOnlyList<Frame> Frames, bool HasMore, Timestamp At);

/// <summary>
/// Renders the log as frames. An event holds ids only: its message or chat is read beside it, in the same query, and
/// rendered as it is now; where it is deleted, the event is rendered as its deletion, under its own cursor.
/// </summary>
sealed class EventRenderer(Database db, EventLog log, MediaLinks links, Clock clock)
{
    const int MaxEvents = 200;
    const int MaxUnits = 1_000_000;
    const long MostBytesWithin = 64 * 1024;
    // A channel may keep a frame; its URLs are good for a day at least.
    static readonly TimeSpan SignaturesKeep = TimeSpan.FromHours(12);

    readonly record struct Entry(
        long Seq, string Type, string ChatId, string? MessageId, long N, Timestamp At, Message? Message,
        string? Status, bool HasChat, Chat? Chat);

    public Task<EventPage> ReadAsync(string userId, long after, CancellationToken ct) =>
        ReadAsync(userId, after, MaxEvents, ct);

    /// <summary>Up to <paramref name="most"/> events after one, fewer where their texts are long.</summary>
    public async Task<EventPage> ReadAsync(string userId, long after, int most, CancellationToken ct)
    {
        long units = 0;
        var rows = await db.ListAsync(
            Select($"e.user_id = {userId} and e.seq > {after}", most), Read, ct,
            row => (units += row.Message?.Texts.Sum(x => x?.Length ?? 0) ?? 0) > MaxUnits);
        return PageOf(rows, rows.Count == most || units > MaxUnits);
    }

    /// <summary>
    /// Reads the events of a transaction within it; once it is committed, the page has them. Null where their number is
    /// not fixed; the page is null where one of them is long, for which other writes would wait, or cannot be read.
    /// </summary>
    public Func<EventPage?>? ReadWith(EventTransaction transaction)
    {
        if (transaction.IsAppended is not { } isAppended)
            return null;
        var rows = transaction.Batch.Query(
            Select($"""
                {isAppended} and coalesce(octet_length(m.content), 0) <= {MostBytesWithin}
                  and (coalesce(m.parts_rev, 0) = 0 or (
                    select coalesce(sum(coalesce(octet_length(p.text), 0) + coalesce(octet_length(p.data), 0)), 0)
                    from message_parts p where p.user_id = m.user_id and p.message_id = m.id) <= {MostBytesWithin})
                """, MaxEvents), TryRead);
        return () => rows.Items.Count == transaction.Events && rows.Items.All(x => x is not null)
            ? PageOf([.. rows.Items.Select(x => x!.Value)], hasMore: false) : null;
    }

    // A row that cannot be read is a fault for its readers to meet, not for the write.
    static Entry? TryRead(Row row)
    {
        try
        {
            return Read(row);
        }
#pragma warning disable CA1031 // Whatever is wrong with the row; what is wrong with the database goes on.
        catch (Exception error) when (error is not (DbException or IOException))
#pragma warning restore CA1031
        {
            return null;
        }
    }

    static Sql Select(Sql which, long most) => $"""
        select e.seq, e.type, e.chat_id, e.message_id, e.n, e.at, m.id, c.id, {MessageStore.Columns(PartsView.All)}, {ChatStore.All}
        from events e
        left join messages m on m.user_id = e.user_id and m.id = e.message_id and m.deleted_at is null
        left join chats c on c.user_id = e.user_id and c.id = e.chat_id and c.deleted_at is null
        where {which} order by e.seq limit {most}
        """;

    EventPage PageOf(IReadOnlyList<Entry> rows, bool hasMore) =>
        new([.. rows.Select(Render)], hasMore, rows is [.., var last] ? last.At : default);

    /// <summary>A message as the frame of the event that sent or ended it.</summary>
    public Frame Render(Message message) =>
        Render(new Entry(
            message.EventSeq, EventTypes.Message, message.ChatId, message.Id, 0, default, message, null, true, null));

    // Of the message and the chat that stand beside it, an event is read with what its frame shows.
    static Entry Read(Row row)
    {
        const int message = 8, status = message + MessageStore.StatusColumn, chat = message + MessageStore.Width;
        var type = row.GetString(1);
        var (hasMessage, hasChat) = (!row.IsDBNull(6) && !row.IsDBNull(7), !row.IsDBNull(7));
        var isStatus = type == EventTypes.MessageStatus;
        return new(row.GetInt64(0), type, row.GetString(2), row.GetStringOrNull(3), row.GetInt64(4),
            new(row.GetInt64(5)),
            hasMessage && !isStatus ? MessageStore.Read(row, message) : null,
            hasMessage && isStatus ? row.GetString(status) : null, hasChat,
            hasChat && type is EventTypes.ChatCreated or EventTypes.ChatUpdated or EventTypes.ChatPath
                ? ChatStore.Read(row, chat) : null);
    }

    // In the light view, which carries the others: one frame is rendered for all who read it.
    static Frame Wrap(Message message, string cursor)
    {
        Frame of(PartsView view) => Frame.Of(EventTypes.Message, message.In(view), WireJson.Message, cursor);
        var light = of(PartsView.Light);
        return message.Parts is null ? light
            : light with { AllParts = of(PartsView.All).Json, NoParts = of(PartsView.None).Json };
    }

    // The calls that wait now: whoever reads the event late is told what is left.
    static Frame RenderWaiting(Message message, string cursor) => Frame.Write(EventTypes.MessageWaiting, data =>
    {
        data.WriteString("chat_id"u8, message.ChatId);
        data.WriteString("message_id"u8, message.Id);
        data.WriteStartArray("calls"u8);
        foreach (var call in message.Parts?.OfType<ToolPart>() ?? [])
            if (call.State == CallStates.Waiting)
            {
                data.WriteStartObject();
                data.WriteString("call_id"u8, call.CallId);
                data.WriteString("name"u8, call.Name);
                data.WriteString("source"u8, call.Source);
                if (call.ClientId is { } client)
                    data.WriteString("client_id"u8, client);
                data.WriteEndObject();
            }
        data.WriteEndArray();
    }, cursor);

    Frame Render(Entry row)
    {
        var cursor = new Cursor(log.Epoch, row.Seq).ToString();
        var frame = row switch
        {
            { Type: EventTypes.Message, Message: { } message } => Wrap(message.Signed(links), cursor),
            { Type: EventTypes.MessageStatus, Status: { } status } => Frame.Write(row.Type, data =>
            {
                data.WriteString("chat_id"u8, row.ChatId);
                data.WriteString("message_id"u8, row.MessageId);
                data.WriteString("status"u8, status);
            }, cursor),
            { Type: EventTypes.MessageFeedback, Message: { } message } => Frame.Write(row.Type, data =>
            {
                data.WriteString("chat_id"u8, row.ChatId);
                data.WriteString("message_id"u8, row.MessageId);
                data.WritePropertyName("feedback"u8);
                if (message.Feedback is { } feedback)
                    JsonSerializer.Serialize(data, feedback, WireJson.Feedback);
                else
                    data.WriteNullValue();
            }, cursor),
            { Type: EventTypes.MessageWaiting, Message: { } message } => RenderWaiting(message, cursor),
            { Type: EventTypes.ChatCreated or EventTypes.ChatUpdated, Chat: { } chat } =>
                Frame.Of(row.Type, chat, WireJson.Chat, cursor),
            { Type: EventTypes.ChatPath, Chat: { } chat } => Frame.Write(row.Type, data =>
            {
                data.WriteString("chat_id"u8, row.ChatId);
                data.WriteString("leaf_id"u8, chat.LeafId);
                data.WriteNumber("after_seq"u8, row.N);
                data.WriteString("last_message_content"u8, chat.LastMessageContent);
            }, cursor),
            { MessageId: { } id } when row.Type == EventTypes.MessageDeleted || row.HasChat =>
                Frame.Write(EventTypes.MessageDeleted, data =>
                {
                    data.WriteString("chat_id"u8, row.ChatId);
                    data.WriteString("message_id"u8, id);
                }, cursor),
            _ => Frame.Write(EventTypes.ChatDeleted, data => data.WriteString("chat_id"u8, row.ChatId), cursor),
        };
        return frame with
        {
            Seq = row.Seq,
            MessageId = row.MessageId,
            ChatId = row.ChatId,
            GoodUntil = row.Message is { NamesUploads: true } ? clock.Now + SignaturesKeep : null,
            AwaitsDelivery = row is { Type: EventTypes.Message, Message.AwaitsDelivery: true },
        };
    }
}
