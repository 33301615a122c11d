using System.Text.Json;
using Cote.Chats;
using Cote.Cluster;
using Cote.Events;
using Cote.Replies;

namespace Cote.Delivery;

/// <summary>
/// The frames that a client may send on a socket. Writes enter by HTTP; of these, only <c>read</c> writes.
/// </summary>
sealed class SocketCommands(MarkRead read, ChatStore chats, Hub hub, DeltaBus bus)
{
    static readonly JsonDocumentOptions Reading = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>
    /// Does what a frame says. Returns the error frame to answer, or null. An unreachable database is an error frame
    /// too.
    /// </summary>
    public async Task<Frame?> DoAsync(ReadOnlyMemory<byte> bytes, Subscription subscription, CancellationToken ct)
    {
        try
        {
            return await HandleAsync(bytes, subscription, ct);
        }
        catch (ProblemException error)
        {
            return ErrorOf(error.Problem);
        }
    }

    async Task<Frame?> HandleAsync(ReadOnlyMemory<byte> bytes, Subscription subscription, CancellationToken ct)
    {
        JsonElement frame;
        try
        {
            frame = JsonElement.Parse(bytes.Span, Reading);
        }
        // the latter: half a surrogate pair in a name
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return Frame.Error("invalid_json", "This frame is no JSON");
        }
        if (frame.ValueKind != JsonValueKind.Object || !frame.TryGetProperty("type", out var type)
            || RequestReader.WellFormed(type) is not { } name)
            return Frame.Error("invalid_frame", "A frame is an object with a type");
        if (name is EventTypes.Typing or "read" && !subscription.User.Allows(KeyScopes.Write))
            return ErrorOf(Problems.InsufficientScope);
        frame.TryGetProperty("data", out var data);
        return name switch
        {
            EventTypes.Ping => Answer(subscription, Frame.Pong),
            EventTypes.Pong => null,
            EventTypes.Typing => await TypeAsync(data, subscription, ct),
            "read" => await ReadAsync(data, subscription, ct),
            "active" => SetActive(data, subscription),
            _ => Frame.Error("unknown_type", "This server knows typing, read, active, ping and pong"),
        };
    }

    static Frame? Answer(Subscription subscription, Frame frame)
    {
        subscription.Show(frame);
        return null;
    }

    async Task<Frame?> TypeAsync(JsonElement data, Subscription subscription, CancellationToken ct)
    {
        var request = new RequestReader(data);
        var chat = request.Id("chat_id");
        var isTyping = request.Flag("is_typing");
        if (request.Problem is not null)
            return Frame.Error("invalid_frame", "typing takes data {chat_id, is_typing}");
        if (!await chats.ExistsAsync(subscription.UserId, chat, ct))
            return ErrorOf(Problems.ChatNotFound);
        var frame = Frame.Typing(chat, Senders.User, isTyping);
        hub.Show(subscription.UserId, frame, except: subscription);
        bus.Broadcast(FollowProtocol.Typing(subscription.UserId, frame));
        return null;
    }

    // Of a key it says nothing: what its program shows does not count in any case.
    static Frame? SetActive(JsonElement data, Subscription subscription)
    {
        var request = new RequestReader(data);
        var isActive = request.Flag("is_active");
        if (request.Problem is not null)
            return Frame.Error("invalid_frame", "active takes data {is_active}");
        subscription.Attention?.IsActive = isActive;
        return null;
    }

    async Task<Frame?> ReadAsync(JsonElement data, Subscription subscription, CancellationToken ct)
    {
        var request = new RequestReader(data);
        var message = request.Id("message_id");
        if (request.Problem is not null)
            return Frame.Error("invalid_frame", "read takes data {message_id}");
        return await read.DoAsync(subscription.UserId, null, message, ct) ? null : ErrorOf(Problems.MessageNotFound);
    }

    static Frame ErrorOf(Problem problem) => Frame.Error(problem.Code, problem.Detail);
}
