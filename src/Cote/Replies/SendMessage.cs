using Cote.Chats;
using Cote.Media;
using Cote.Tools;

namespace Cote.Replies;

/// <summary>What came of a send: a problem, or the stored message.</summary>
/// <param name="Problem">Why nothing was stored.</param>
/// <param name="Message">The user's message, or the reply that was made anew.</param>
/// <param name="Reply">Its reply, where this call has stored it; null where the message was sent before.</param>
sealed record SendOutcome(Problem? Problem, Message? Message = null, PendingReply? Reply = null)
{
    public static implicit operator SendOutcome(Problem problem) => new(problem);
}

/// <summary>Stores a question and its queued reply; it never calls the model.</summary>
sealed class SendMessage(
    MessageStore messages, ChatStore chats, TreeStore tree, TurnStore turns, TurnStart start, MediaStore uploads,
    SendBudget budget, ToolRegistry tools, MessagesOptions options, TurnEvents events, Clock clock)
{
    public const int MaxMedia = 32;
    const int LongestUrl = 2_048;

    /// <summary>
    /// Checks the fields of a send, and stores it. A send that was stored before is answered as it is now.
    /// </summary>
    /// <param name="chatId">The chat.</param>
    /// <param name="userId">Its owner.</param>
    /// <param name="request">The fields.</param>
    /// <param name="ct">Cancels what comes before the transaction.</param>
    /// <param name="overrides">What the reply has instead of the chat's settings.</param>
    /// <param name="requestHash">The hash by which a repetition of the request is known.</param>
    public async Task<SendOutcome> DoAsync(
        string chatId, string userId, RequestReader request, CancellationToken ct, ReplyOverrides? overrides = null,
        string? requestHash = null)
    {
        if (Check(request) is not { } fields)
            return request.Problem!;
        fields = fields with { Overrides = overrides, RequestHash = requestHash };
        if (Ids.Parse(chatId) is not { } chat)
            return Problems.ChatNotFound;

        var message = fields with { ChatId = chat, Fingerprint = FingerprintOf(chat, fields) };
        var media = await uploads.ListAsync(userId, message.MediaIds, ct);
        var isUploaded = media.Count == message.MediaIds.Distinct().Count();
        if (isUploaded && media.Count > 0 && !media.Any(x => x.Suits(message.Type)))
        {
            request.AddError("media_urls", $"a message of type {message.Type} needs at least one");
            return request.Problem!;
        }
        message = message with
        {
            Title = FreeTitle.Of(message.Content, NameOf(message.MediaIds, media)),
            IsBudgetAsked = budget.IsConfigured || message.StopsOpen,
            Media = isUploaded ? [.. message.MediaIds.Select(id => media.First(x => x.Id == id).ToInfo())] : [],
        };
        for (var givesTitle = false; ;)
        {
            // An upload may be deleted since the message was sent.
            if (isUploaded && await StoreAsync(userId, message, givesTitle, ct) is { } stored)
                return stored;
            if (await AnswerUnstoredAsync(userId, message, request, ct) is { } answer)
                return answer;
            message = message with
            {
                IsBudgetAsked = true,
                StopsWaiting = await turns.HasWaitingAsync(userId, chat, ct),
            };
            givesTitle = message.Title.Length > 0 && await chats.AwaitsTitleAsync(userId, chat, ct);
        }
    }

    /// <summary>What is wrong with the fields of a send, before anything that they name is looked for.</summary>
    public Problem? Refuse(RequestReader request) => Check(request) is null ? request.Problem : null;

    // Null where a field is wrong.
    NewMessage? Check(RequestReader request)
    {
        var content = request.Text("content", 0, options.MaxContentLength);
        var type = request.Choice("type", "text", "text", "image", "audio", "video", "file", "code");
        var urls = request.Texts("media_urls", MaxMedia, LongestUrl);
        var replyTo = request.OptionalId("reply_to_id");
        var importance = request.Choice("importance_level", "normal", "low", "normal", "high");
        var id = request.OptionalId("id") ?? clock.NewId();
        var parent = request.OptionalId("parent_id");
        var versionOf = request.OptionalId("version_of");
        var stops = request.OptionalFlag("stop") ?? false;
        var (clientTools, clientId) = ClientTools.Read(request, tools);
        if (parent is not null && versionOf is not null)
            request.AddError("version_of", "a version gets the parent of the other one: leave parent_id out");
        List<string> media = [.. urls.Select(MediaLinks.IdOf).OfType<string>()];
        if (media.Count < urls.Count)
            AddMediaError(request);
        else if (media.Count == 0 && type is not ("text" or "code"))
            request.AddError("media_urls", $"a message of type {type} needs at least one");
        else if (media.Count == 0 && content.Length == 0 && request.Problem is null)
            request.Text("content", 1, options.MaxContentLength);
        return request.Problem is not null ? null
            : new NewMessage(id, clock.NewId(), "", content, type, importance, replyTo, media, parent, versionOf,
                stops, "", clock.Now)
            { ClientTools = clientTools, ClientId = clientId };
    }

    static string? NameOf(IReadOnlyList<string> ids, IReadOnlyList<MediaFile> media) =>
        ids.Count > 0 ? media.FirstOrDefault(x => x.Id == ids[0])?.Name : null;

    // Null where nothing was stored.
    async Task<SendOutcome?> StoreAsync(
        string userId, NewMessage message, bool givesTitle, CancellationToken ct)
    {
        var position = new TreePosition(message.ParentId);
        if ((message.ParentId ?? message.VersionOf) is not null || message.StopsOpen || message.IsBudgetAsked)
        {
            // A repeated send is answered, and its reply goes on.
            if (await messages.FindIdempotencyAsync(userId, message.Id, ct) is not null)
                return null;
            // Nothing is stopped for a message that is refused.
            if (message is { StopsOpen: true, ReplyToId: { } target }
                && !await messages.IsListedAsync(userId, message.ChatId, target, ct))
                return null;
            var planned = await PlanAsync(userId, message, ct);
            if (planned.Problem is { } problem)
                return problem;
            if (planned.Position is not { } found)
                return null;
            position = found;
            if (message.IsBudgetAsked
                && await budget.RefuseAsync(
                    userId, message.ChatId, message.Overrides?.Model, message.Content, ct) is { } refusal)
                return refusal;
        }
        position = position with { GivesTitle = givesTitle };
        var result = await start.RunAsync(
            userId, message.ChatId, message.ReplyId, message.StopsOpen, message.StopsWaiting,
            hasSlot => turns.SendAsync(userId, message, position, hasSlot), ct);
        if (result is not { Outcome: Outcome.Committed, Happened: true, Reply: { } reply })
            return null;
        var sent = position.Change is null ? ToMessage(message, reply)
            : await messages.FindAsync(userId, message.ChatId, message.Id, ct) ?? ToMessage(message, reply);
        events.OnMessageSent(userId, sent);
        return new(null, sent, reply.ToPendingReply());
    }

    // No position where the message that it names is not there.
    async Task<(Problem? Problem, TreePosition? Position)> PlanAsync(
        string userId, NewMessage message, CancellationToken ct)
    {
        var parent = message.ParentId;
        if (message.VersionOf is { } version)
        {
            if (await tree.FindNodeAsync(userId, message.ChatId, version, ct) is not { Sender: Senders.User } node)
                return default;
            parent = node.ParentId;
        }
        if (parent is null)
            return (null, new TreePosition(null));
        if (await tree.PlanAsync(userId, message.ChatId, parent, ct) is not { } change)
            return default;
        if (change.LeafId == parent)
            return (null, new TreePosition(parent));
        return change.IsTooLong ? (Problems.PathTooLong, null) : (null, new TreePosition(parent, change));
    }

    static Message ToMessage(NewMessage message, PendingReplyRow reply) => new(
        message.Id, message.ChatId, reply.QuestionSeq, message.Content, message.Type, Senders.User,
        reply.QuestionTimestamp,
        Statuses.Sent, message.MediaPaths, message.Media, message.ReplyToId, message.Importance, message.ReplyId,
        ParentId: reply.QuestionParentId)
    {
        EventSeq = reply.BegunSeq,
    };

    // Nothing was stored: the message was sent before, or something that it names is not there. Null where the chat has
    // only changed meanwhile.
    async Task<SendOutcome?> AnswerUnstoredAsync(
        string userId, NewMessage message, RequestReader request, CancellationToken ct)
    {
        if (!await chats.ExistsAsync(userId, message.ChatId, ct))
            return Problems.ChatNotFound;
        if (await messages.FindIdempotencyAsync(userId, message.Id, ct) is { } record)
            return record.IsDeleted ? Problems.Gone
                : record.Fingerprint != message.Fingerprint ? Problems.IdConflict
                : await messages.FindAsync(userId, message.ChatId, message.Id, ct) is { } stored
                    ? new SendOutcome(null, stored)
                    : Problems.Gone;
        if ((await uploads.ListAsync(userId, message.MediaIds, ct)).Count < message.MediaIds.Distinct().Count())
            AddMediaError(request);
        if (message.ReplyToId is { } target
            && !await messages.IsListedAsync(userId, message.ChatId, target, ct))
            request.AddError("reply_to_id", "no such message in this chat");
        if (message.ParentId is { } parent
            && await tree.FindNodeAsync(userId, message.ChatId, parent, ct) is null)
            request.AddError("parent_id", "no such message in this chat");
        if (message.VersionOf is { } version
            && await tree.FindNodeAsync(userId, message.ChatId, version, ct) is not { Sender: Senders.User })
            request.AddError("version_of", "no such message of the user's in this chat");
        if (request.Problem is { } wrong)
            return wrong;
        return !message.StopsOpen
            && await turns.CountPendingAsync(userId, message.ChatId, ct) >= options.MaxOpenReplies
            ? new SendOutcome(Problems.TooManyOpen) : null;
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
        if (message.ParentId is not null)
            json.WriteString("parent_id"u8, message.ParentId);
        if (message.VersionOf is not null)
            json.WriteString("version_of"u8, message.VersionOf);
        if (message.ClientTools is { } tools)
            json.WriteString("client_tools"u8, tools);
        if (message.ClientId is { } client)
            json.WriteString("client_id"u8, client);
        if (message.Overrides is { } own)
        {
            json.WriteString("model"u8, own.Model);
            if (own.Temperature is { } temperature)
                json.WriteNumber("temperature"u8, temperature);
            if (own.MaxTokens is { } most)
                json.WriteNumber("max_tokens"u8, most);
            json.WriteString("reasoning_effort"u8, own.ReasoningEffort);
            json.WriteString("options"u8, own.Options?.ToJson());
        }
        if (message.MediaIds.Count == 0)
            return;
        json.WriteStartArray("media"u8);
        foreach (var upload in message.MediaIds)
            json.WriteStringValue(upload);
        json.WriteEndArray();
    });
}
