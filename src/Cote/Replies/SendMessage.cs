using Cote.Chats;
using Cote.Media;

namespace Cote.Replies;

/// <summary>What came of a send: a problem, or the stored message.</summary>
/// <param name="Problem">Why nothing was stored.</param>
/// <param name="Message">The user's message.</param>
/// <param name="Reply">Its reply, where this call has stored it; null where the message was sent before.</param>
sealed record SendOutcome(Problem? Problem, Message? Message = null, PendingReply? Reply = null)
{
    public static implicit operator SendOutcome(Problem problem) => new(problem);
}

/// <summary>Stores a question and its queued reply; it never calls the model.</summary>
sealed class SendMessage(
    MessageStore messages, ChatStore chats, TurnStore turns, ReplyScheduler scheduler, MediaStore uploads,
    MessagesOptions options,
    TurnEvents events, Clock clock)
{
    public const int MaxMedia = 32;
    const int LongestUrl = 2_048;

    /// <summary>
    /// Checks the fields of a send, and stores it. A send that was stored before is answered as it is now.
    /// </summary>
    public async Task<SendOutcome> DoAsync(string chatId, string userId, RequestReader request, CancellationToken ct)
    {
        if (Check(request) is not { } fields)
            return request.Problem!;
        if (Ids.Parse(chatId) is not { } chat)
            return Problems.ChatNotFound;

        var message = fields with { ChatId = chat, Fingerprint = FingerprintOf(chat, fields) };
        var media = await uploads.ListAsync(userId, message.MediaIds, ct);
        if (media.Count < message.MediaIds.Distinct().Count())
            return await AnswerUnstoredAsync(userId, message, request, ct); // Deleted since, if it was sent before.
        if (media.Count > 0 && !media.Any(x => x.Suits(message.Type)))
        {
            request.AddError("media_urls", $"a message of type {message.Type} needs at least one");
            return request.Problem!;
        }
        return await StoreAsync(userId, message) ?? await AnswerUnstoredAsync(userId, message, request, ct);
    }

    // Null where a field is wrong.
    NewMessage? Check(RequestReader request)
    {
        var content = request.Text("content", 0, options.MaxContentLength);
        var type = request.Choice("type", "text", "text", "image", "audio", "video", "file", "code");
        var urls = request.Texts("media_urls", MaxMedia, LongestUrl);
        var replyTo = request.OptionalId("reply_to_id");
        var importance = request.Choice("importance_level", "normal", "low", "normal", "high");
        var id = request.OptionalId("id") ?? clock.NewId();
        List<string> media = [.. urls.Select(MediaLinks.IdOf).OfType<string>()];
        if (media.Count < urls.Count)
            AddMediaError(request);
        else if (media.Count == 0 && type is not ("text" or "code"))
            request.AddError("media_urls", $"a message of type {type} needs at least one");
        else if (media.Count == 0 && content.Length == 0 && request.Problem is null)
            request.Text("content", 1, options.MaxContentLength);
        return request.Problem is not null ? null
            : new NewMessage(id, clock.NewId(), "", content, type, importance, replyTo, media, "", clock.Now);
    }

    // Null where nothing was stored.
    async Task<SendOutcome?> StoreAsync(string userId, NewMessage message)
    {
        var hasSlot = scheduler.TryAcquireSlot(userId);
        var usesSlot = false;
        try
        {
            if (await turns.SendAsync(userId, message, hasSlot) is not
                {
                    Outcome: Outcome.Committed, Happened: true,
                    Reply: { } reply
                })
                return null;
            usesSlot = reply.State == States.Running;
            if (usesSlot)
                scheduler.Start(reply);
            else if (!hasSlot)
                // With a slot, another reply of the chat is pending: its end wakes this one.
                scheduler.Wake(userId, message.ChatId);
            var sent = ToMessage(message, reply);
            events.OnMessageSent(userId, sent);
            return new(null, sent, reply.ToPendingReply());
        }
        finally
        {
            if (hasSlot && !usesSlot)
                scheduler.ReleaseSlot(userId);
        }
    }

    static Message ToMessage(NewMessage message, PendingReplyRow reply) => new(
        message.Id, message.ChatId, reply.QuestionSeq, message.Content, message.Type, Senders.User,
        reply.QuestionTimestamp,
        Statuses.Sent, message.MediaPaths, message.ReplyToId, message.Importance, message.ReplyId)
    {
        EventSeq = reply.QuestionEvent,
    };

    // Nothing was stored: the message was sent before, or something that it names is not there.
    async Task<SendOutcome> AnswerUnstoredAsync(
        string userId, NewMessage message, RequestReader request, CancellationToken ct)
    {
        if (!await chats.ExistsAsync(userId, message.ChatId, ct))
            return Problems.ChatNotFound;
        if (await messages.FindIdempotencyAsync(userId, message.Id, ct) is not { } record)
        {
            if ((await uploads.ListAsync(userId, message.MediaIds, ct)).Count < message.MediaIds.Distinct().Count())
                AddMediaError(request);
            else if (await turns.CountPendingAsync(userId, message.ChatId, ct) >= options.MaxOpenReplies)
                return Problems.TooManyOpen;
            else
                request.AddError("reply_to_id", "no such message in this chat");
            return request.Problem!;
        }
        if (record.IsDeleted)
            return Problems.Gone;
        if (record.Fingerprint != message.Fingerprint)
            return Problems.IdConflict;
        return await messages.FindAsync(userId, message.ChatId, message.Id, ct) is { } stored
            ? new SendOutcome(null, stored)
            : Problems.Gone;
    }

    static void AddMediaError(RequestReader request) =>
        request.AddError("media_urls", "no such upload of yours", code: "media_not_found");

    static string FingerprintOf(string chatId, NewMessage message) => Fingerprint.Of(json =>
    {
        json.WriteString("chat_id"u8, chatId);
        json.WriteString("content"u8, message.Content);
        json.WriteString("type"u8, message.Type);
        json.WriteString("reply_to_id"u8, message.ReplyToId);
        json.WriteString("importance_level"u8, message.Importance);
        if (message.MediaIds.Count == 0)
            return;
        json.WriteStartArray("media"u8);
        foreach (var upload in message.MediaIds)
            json.WriteStringValue(upload);
        json.WriteEndArray();
    });
}
