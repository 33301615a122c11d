using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cote.Events;

/// <summary>One frame as every transport sends it, serialised once however many read it.</summary>
sealed record Frame(string Type, ReadOnlyMemory<byte> Json)
{
    const int MostKept = 64 * 1_024;

    [ThreadStatic]
    static (ArrayBufferWriter<byte> Bytes, Utf8JsonWriter Json)? _spare;

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

    public static Frame Write(string type, Action<Utf8JsonWriter> data, string? cursor = null) => Make(
        type, data, static (writer, data) =>
        {
            writer.WriteStartObject();
            data(writer);
            writer.WriteEndObject();
        }, cursor);

    /// <summary>A frame whose data is a noun.</summary>
    public static Frame Of<T>(string type, T data, JsonTypeInfo<T> shape, string? cursor = null) => Make(
        type, (data, shape), static (writer, x) => JsonSerializer.Serialize(writer, x.data, x.shape), cursor);

    static Frame Make<T>(string type, T data, Action<Utf8JsonWriter, T> write, string? cursor)
    {
        // One for each thread: a frame is small beside what writes it. What is written may write a frame of its own.
        var (bytes, writer) = _spare ?? Open();
        _spare = null;
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        writer.WritePropertyName("data"u8);
        write(writer, data);
        if (cursor is not null)
            writer.WriteString("cursor"u8, cursor);
        writer.WriteEndObject();
        writer.Flush();
        var json = bytes.WrittenSpan.ToArray();
        if (bytes.Capacity <= MostKept)
        {
            bytes.ResetWrittenCount();
            writer.Reset();
            _spare = (bytes, writer);
        }
        return new(type, json) { Cursor = cursor };
    }

    static (ArrayBufferWriter<byte> Bytes, Utf8JsonWriter Json) Open()
    {
        var bytes = new ArrayBufferWriter<byte>(1_024);
        return (bytes, new(bytes, Writing));
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
