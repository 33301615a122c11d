using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cote.Primitives;

namespace Cote.Notices;

/// <summary>What is pushed. Title and text are what the device has asked for: they are empty by default.</summary>
/// <param name="Kind">One of <see cref="PushKinds"/>.</param>
/// <param name="UserId">Whose it is: the client compares it with the user who is logged in there.</param>
/// <param name="ChatId">The chat.</param>
/// <param name="MessageId">The reply.</param>
/// <param name="Title">The chat's title.</param>
/// <param name="Text">The beginning of the reply.</param>
/// <param name="At">When it ended, or began to wait.</param>
sealed record PushMessage(
    string Kind, string UserId, string ChatId, string MessageId, string Title, string Text, Timestamp At)
{
    /// <summary>A device that is off learns of it within a day.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromDays(1);

    static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A later push of the chat takes the place of an earlier one: 32 characters of base64url.</summary>
    public string Collapse =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(ChatId)).AsSpan(0, 24));

    /// <summary>Whether somebody is to act.</summary>
    public bool IsUrgent => Kind == PushKinds.Waiting;

    /// <summary>When it is worth nothing any more, in Unix seconds.</summary>
    public long ExpiresAt => PushTokens.Seconds(At + GoodFor);

    /// <summary>For how many seconds it is worth something.</summary>
    public long SecondsLeft(Timestamp now) => Math.Max(ExpiresAt - PushTokens.Seconds(now), 60);

    string Sentence => IsUrgent ? "A question waits for you" : "A reply is ready";

    /// <summary>What a device shows.</summary>
    public string Body => Text.Length > 0 ? Text : Sentence;

    /// <summary>The fields that every service carries.</summary>
    public IEnumerable<(string Name, string Value)> Fields =>
    [
        ("type", "reply." + Kind), ("user_id", UserId), ("chat_id", ChatId), ("message_id", MessageId),
        .. Title.Length > 0 ? [("title", Title)] : Array.Empty<(string, string)>(), ("body", Body),
    ];

    /// <summary>They as a JSON object.</summary>
    public static byte[] ToJson(PushMessage message) => Write(json =>
    {
        json.WriteStartObject();
        foreach (var (name, value) in message.Fields)
            json.WriteString(name, value);
        json.WriteEndObject();
    });

    /// <summary>Writes JSON as short as it can be.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(buffer, Writing))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// The bytes of the message, with as much of its text, and then of its title, as leaves them at
    /// <paramref name="most"/>.
    /// </summary>
    public byte[] Fit(int most, Func<PushMessage, byte[]> write)
    {
        var whole = write(this);
        if (whole.Length <= most)
            return whole;
        var hasRoom = write(this with { Text = "" }).Length <= most;
        var (title, text) = hasRoom ? (Title, Text) : (Excerpt.Of(Title, 100), "");
        var (fits, tooLong) = (0, text.Length + 1);
        while (tooLong - fits > 1)
        {
            var length = (fits + tooLong) / 2;
            if (write(Cut(title, text, length)).Length <= most)
                fits = length;
            else
                tooLong = length;
        }
        return write(Cut(title, text, fits));
    }

    PushMessage Cut(string title, string text, int length) =>
        this with { Title = title, Text = length == 0 ? "" : Excerpt.Of(text, length) + "…" };
}
