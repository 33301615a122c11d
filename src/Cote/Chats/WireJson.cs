using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Cote.Chats;

/// <summary>How chats and messages are serialised in answers and frames: letters stand unescaped.</summary>
static class WireJson
{
    static readonly JsonSerializerOptions Relaxed = new(MessagesJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    static readonly MessagesJson Messages = new(Relaxed);

    public static readonly JsonTypeInfo<Message> Message = Messages.Message;

    public static readonly JsonTypeInfo<IReadOnlyList<Message>> MessageList = Messages.IReadOnlyListMessage;

    public static readonly JsonTypeInfo<Generation> Generation = Messages.Generation;

    public static readonly JsonTypeInfo<Feedback> Feedback = Messages.Feedback;

    static readonly PartsJson Parts = new(new(Relaxed));

    public static readonly JsonTypeInfo<Part> Part = Parts.Part;

    /// <summary>A text as JSON.</summary>
    public static readonly JsonTypeInfo<string> Text = Parts.String;

    public static readonly JsonTypeInfo<Chat> Chat = new ChatsJson(new(Relaxed)).Chat;
}
