using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cote.Events;

/// <summary>One frame as every transport sends it, serialised once however many read it.</summary>
sealed record Frame(string Type, ReadOnlyMemory<byte> Json)
{
    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The number of a durable event; 0 for a frame that is not one.</summary>
    public long Seq { get; init; }

    /// <summary>The whole cursor of a durable event.</summary>
    public string? Cursor { get; init; }

    /// <summary>The chat that a durable event is about.</summary>
    public string? ChatId { get; init; }

    /// <summary>The message that a durable event is about.</summary>
    public string? MessageId { get; init; }

    /// <summary>
    /// Until when it may be shown as it is: it holds a URL whose signature expires. Null is for ever.
    /// </summary>
    public Timestamp? GoodUntil { get; init; }

    /// <summary>True for the <c>message</c> of a reply whose end nobody of the user has been shown yet.</summary>
    public bool AwaitsDelivery { get; init; }

    /// <summary>The JSON for clients that ask for parts whole; null where it is the same.</summary>
    public ReadOnlyMemory<byte>? AllParts { get; init; }

    /// <summary>The JSON for clients that ask for no parts; null where it is the same.</summary>
    public ReadOnlyMemory<byte>? NoParts { get; init; }

    /// <summary>About how many bytes it holds.</summary>
    public long Bytes => Json.Length + (AllParts?.Length ?? 0) + (NoParts?.Length ?? 0);

    public static readonly Frame Ping = Write(EventTypes.Ping, static _ => { });
    public static readonly Frame Pong = Write(EventTypes.Pong, static _ => { });

    public static Frame Write(string type, Action<Utf8JsonWriter> data, string? cursor = null)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            writer.WritePropertyName("data"u8);
            writer.WriteStartObject();
            data(writer);
            writer.WriteEndObject();
            if (cursor is not null)
                writer.WriteString("cursor"u8, cursor);
            writer.WriteEndObject();
        }
        return new(type, buffer.WrittenMemory) { Cursor = cursor };
    }

    /// <summary>A frame whose data is written already.</summary>
    public static Frame Wrap(string type, ReadOnlySpan<byte> data, string? cursor = null)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length + 128);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, type);
            writer.WritePropertyName("data"u8);
            writer.WriteRawValue(data, skipInputValidation: true);
            if (cursor is not null)
                writer.WriteString("cursor"u8, cursor);
            writer.WriteEndObject();
        }
        return new(type, buffer.WrittenMemory) { Cursor = cursor };
    }

    public static Frame Error(string code, string detail) => Write(EventTypes.Error, data =>
    {
        data.WriteString("code"u8, code);
        data.WriteString("detail"u8, detail);
    });

    /// <summary>Events are missing; the connection goes on from the cursor.</summary>
    public static Frame Reset(string reason, Cursor cursor) => Write(EventTypes.Reset, data =>
    {
        data.WriteString("reason"u8, reason);
        data.WriteString("cursor"u8, cursor.ToString());
    });

    public static Frame Typing(string chatId, string sender, bool isTyping) => Write(EventTypes.Typing, data =>
    {
        data.WriteString("chat_id"u8, chatId);
        data.WriteString("sender"u8, sender);
        data.WriteBoolean("is_typing"u8, isTyping);
    });
}
