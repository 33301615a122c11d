using Cote.Chats;
using Cote.Models;

namespace Cote.Replies;

/// <summary>Stores a new version of a reply, queued; it never calls the model.</summary>
sealed class Regenerate(
    MessageStore messages, TreeStore tree, TurnStore turns, TurnStart start, ModelCatalogue models,
    SendBudget budget, MessagesOptions options, Clock clock)
{
    /// <summary>The fields of the request.</summary>
    sealed record Fields(
        string Id, string? Model, double? Temperature, int? MaxTokens, string? ReasoningEffort, bool Continues,
        bool StopsOpen);

    /// <summary>
    /// Checks the fields, and stores the new reply to the question that <paramref name="messageId"/> is, or that it
    /// answers. What was stored before is answered as it is now.
    /// </summary>
    public async Task<SendOutcome> DoAsync(
        string chatId, string messageId, string userId, RequestReader request, CancellationToken ct)
    {
        var fields = Check(request);
        if (request.Problem is { } wrong)
            return wrong;
        if (Ids.Parse(chatId) is not { } chat || Ids.Parse(messageId) is not { } id)
            return Problems.MessageNotFound;

        while (true)
        {
            if (await messages.FindAsync(userId, chat, id, ct) is not { } target)
                return await AnswerStoredAsync(userId, chat, fields, null, ct) ?? Problems.MessageNotFound;
            var question = target.Sender == Senders.User ? target.Id : target.ReplyToId;
            if (question is null)
                return Problems.MessageNotFound; // An imported reply may answer nothing.
            var version = VersionOf(chat, question, target, fields);
            if (await AnswerStoredAsync(userId, chat, fields, version.Fingerprint, ct) is { } stored)
                return stored;
            if (fields.Continues && version.Prefix.Length == 0)
            {
                request.AddError("continue", "only a stopped or failed reply that has text can be continued");
                return request.Problem!;
            }
            var asked = target.Id == question ? target : await messages.FindAsync(userId, chat, question, ct);
            if (await budget.RefuseAsync(userId, chat, version.Model, asked?.Content ?? "", ct) is { } refusal)
                return refusal;
            if (await StoreAsync(userId, version, ct) is { } outcome)
                return outcome;
        }
    }

    Fields Check(RequestReader request)
    {
        var id = request.OptionalId("id") ?? clock.NewId();
        var name = request.OptionalText("model", 0, 200);
        var model = name is null ? null : models.Resolve(name);
        if (name is not null && model is null)
            request.AddError("model", "no such model; GET /models lists what can be chosen");
        return new(id, model, request.OptionalNumber("temperature", 0, 2),
            (int?)request.OptionalInteger("max_tokens", 1, 10_000_000), ChatFields.ReadEffort(request),
            request.OptionalFlag("continue") ?? false, request.OptionalFlag("stop") ?? false);
    }

    static NewVersion VersionOf(string chatId, string questionId, Message target, Fields fields)
    {
        var canContinue = target.Sender == Senders.Ai && target.Content.Length > 0
            && target.Generation is { State: States.Stopped or States.Failed };
        return new(fields.Id, chatId, questionId, fields.Model, fields.Temperature, fields.MaxTokens,
            fields.ReasoningEffort, fields.Continues && canContinue ? target.Content : "", fields.StopsOpen,
            Fingerprint.Of(json =>
            {
                json.WriteString("regenerate"u8, questionId);
                json.WriteString("model"u8, fields.Model);
                if (fields.Temperature is { } temperature)
                    json.WriteNumber("temperature"u8, temperature);
                if (fields.MaxTokens is { } most)
                    json.WriteNumber("max_tokens"u8, most);
                if (fields.ReasoningEffort is { } effort)
                    json.WriteString("reasoning_effort"u8, effort);
                if (fields.Continues)
                    json.WriteString("continue"u8, target.Id);
            }));
    }

    // Null where nothing is stored under the id.
    async Task<SendOutcome?> AnswerStoredAsync(
        string userId, string chatId, Fields fields, string? fingerprint, CancellationToken ct)
    {
        if (await messages.FindIdempotencyAsync(userId, fields.Id, ct) is not { } record)
            return null;
        if (record.IsDeleted)
            return Problems.Gone;
        if (fingerprint is not null && record.Fingerprint != fingerprint)
            return Problems.IdConflict;
        return await messages.FindAsync(userId, chatId, fields.Id, ct) is { } stored
            ? new SendOutcome(null, stored) : Problems.IdConflict;
    }

    // Null where the chat has changed meanwhile, or the id is taken.
    async Task<SendOutcome?> StoreAsync(string userId, NewVersion version, CancellationToken ct)
    {
        if (await tree.PlanAsync(userId, version.ChatId, version.QuestionId, ct) is not { } change)
            return null;
        if (change.IsTooLong)
            return Problems.PathTooLong;
        version = version with { StopsWaiting = await turns.HasWaitingAsync(userId, version.ChatId, ct) };
        var result = await start.RunAsync(userId, version.ChatId, version.Id, version.StopsOpen, version.StopsWaiting,
            hasSlot => turns.RegenerateAsync(userId, version, change, hasSlot), ct);
        if (result is { Outcome: Outcome.Committed, Happened: true, Reply: { } reply })
            return await messages.FindAsync(userId, version.ChatId, version.Id, ct) is { } stored
                ? new SendOutcome(null, stored, reply.ToPendingReply()) : Problems.Gone;
        if (result.Outcome == Outcome.Conflict || version.StopsOpen)
            return null;
        if (await turns.HasOpenReplyAsync(userId, version.QuestionId, ct))
            return Problems.ReplyOpen;
        return await turns.CountPendingAsync(userId, version.ChatId, ct) >= options.MaxOpenReplies
            ? new SendOutcome(Problems.TooManyOpen) : null;
    }
}
