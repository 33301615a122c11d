using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Primitives;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>The little that a client may say on a socket. Writes enter by HTTP; of these, only <c>read</c> writes.</summary>
sealed class SocketCommands(MessageStore messages, ChatStore chats, Hub hub, Connections connections, DeltaBus bus)
{
    static readonly JsonDocumentOptions Reading = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Does what the frame says; what is wrong with it, or null.</summary>
    public async Task<Frame?> DoAsync(ReadOnlyMemory<byte> bytes, Subscription subscription, CancellationToken ct)
    {
        JsonElement frame;
        try
        {
            frame = JsonElement.Parse(bytes.Span, Reading);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter: half a surrogate pair in a name
        {
            return Frame.Error("invalid_json", "This frame is no JSON");
        }
        if (frame.ValueKind != JsonValueKind.Object || !frame.TryGetProperty("type", out var type)
            || RequestReader.WellFormed(type) is not { } name)
            return Frame.Error("invalid_frame", "A frame is an object with a type");
        frame.TryGetProperty("data", out var data);
        switch (name)
        {
            case EventTypes.Ping:
                subscription.Show(Frame.Pong);
                return null;
            case EventTypes.Pong:
                return null;
            case EventTypes.Typing:
                var typing = new RequestReader(data);
                var chat = typing.Id("chat_id");
                var isTyping = typing.Flag("is_typing");
                if (typing.Problem is not null)
                    return Frame.Error("invalid_frame", "typing takes data {chat_id, is_typing}");
                if (!await chats.ExistsAsync(subscription.UserId, chat, ct))
                    return Frame.Error(Problems.ChatNotFound.Code, Problems.ChatNotFound.Detail);
                var shown = Frame.Typing(chat, Senders.User, isTyping);
                connections.Show(subscription.UserId, shown, but: subscription);
                bus.PublishTyping(subscription.UserId, shown);
                return null;
            case "read":
                var read = new RequestReader(data);
                var message = read.Id("message_id");
                if (read.Problem is not null)
                    return Frame.Error("invalid_frame", "read takes data {message_id}");
                return await MarkRead.DoAsync(messages, hub, subscription.UserId, null, message, ct) ? null
                    : Frame.Error(Problems.MessageNotFound.Code, Problems.MessageNotFound.Detail);
            default:
                return Frame.Error("unknown_type", "This server knows typing, read, ping and pong");
        }
    }
}
