using System.Text.Json;
using Cote.Chats;
using Cote.Models;
using Cote.Replies;

namespace Cote.Dialects.OpenAI;

/// <summary>Where a turn takes place.</summary>
/// <param name="ChatId">Null where the chat is to be made.</param>
/// <param name="ParentId">The message that it follows; null for the chat's leaf.</param>
/// <param name="ReplyId">The reply of the response that the request names; null where it names none.</param>
/// <param name="Model">The model as <c>provider/model</c>, where the request names one.</param>
/// <param name="Overrides">What holds for the reply instead of the chat's settings.</param>
sealed record TurnPlace(
    string? ChatId, string? ParentId, string? ReplyId, string? Model, ReplyOverrides? Overrides);

/// <summary>Finds the chat of a turn, or makes it.</summary>
sealed class TurnChats(
    ChatStore chats, MessageStore messages, ModelCatalogue models, DeleteChat delete, OpenAITurnStore store,
    Clock clock)
{
    /// <summary>The place of a request; an error where it names what is not there, or a model that cannot do it.
    /// </summary>
    public async Task<(TurnPlace? Place, OpenAIError? Error)> FindAsync(
        string userId, TurnHandle? handle, TurnRequest request, CancellationToken ct)
    {
        if (handle is { PreviousResponse: not null } && (handle.Conversation ?? handle.Chat) is not null)
            return (null, OpenAIError.Wrong(
                "previous_response_id", "A response names its chat: leave `conversation` and the chat's id out."));
        var model = request.Model is null ? null : models.Resolve(request.Model);
        if (request.Model is not null && model is null)
            return (null, OpenAIError.NoModel(request.Model));
        string? chatId = null, parentId = null, replyId = null;
        Chat? chat = null;
        if (handle?.PreviousResponse is { } previous)
        {
            if (OpenAIIds.ResponseIn(previous) is not { } key
                || await messages.FindAsync(userId, null, key.ReplyId, ct) is not { Sender: Senders.Ai } reply)
                return (null, NoResponse(previous, "previous_response_id"));
            (chatId, parentId, replyId) = (reply.ChatId, reply.Id, reply.Id);
        }
        else if (handle is not null)
        {
            chatId = OpenAIIds.ChatIn(handle.Conversation ?? handle.Chat);
        }
        if (handle is not null
            && (chatId is null || (chat = await chats.FindAsync(userId, chatId, ct)) is null))
            return (null, OpenAIError.Of(Problems.ChatNotFound) with { Param = handle.Param });
        if (request.Format is not null
            && models.Split(model ?? chat?.Model ?? models.Default.Id) is ({ TakesFormat: false }, _))
            return (null, OpenAIError.Unsupported(
                "response_format", "This model's provider takes no form of the answer."));
        // An open reply of the chat waits for the answers that the request brings.
        if (replyId is null && chatId is not null && request.Answers.Count > 0)
            replyId = await store.FindWaitingAsync(userId, chatId, ct);
        return (new(chatId, parentId, replyId, model, OverridesOf(request, model)), null);
    }

    public static OpenAIError NoResponse(string id, string? param) => new(
        404, OpenAIError.Invalid, "not_found", $"There is no response `{Primitives.Excerpt.Of(id, 100)}`.", param);

    /// <summary>Makes the chat of a response that names none: in the archive, with a title of its own. Made again for
    /// the same message it is the same chat.</summary>
    public async Task<string> CreateAsync(string userId, TurnPlace place, string messageId, CancellationToken ct)
    {
        var id = NamedIds.Of(userId, ChatOrigins.OpenAI, "chat", messageId);
        if (await chats.AddAsync(userId, NewChat(id, null, place.Model)) == Outcome.Committed
            || await chats.ExistsAsync(userId, id, ct))
            return id;
        // It was deleted: an earlier try could not store its message.
        id = clock.NewId();
        await chats.AddAsync(userId, NewChat(id, null, place.Model));
        return id;
    }

    /// <summary>A chat of this dialect.</summary>
    public static ChatCreation NewChat(string id, JsonElement? metadata, string? model)
    {
        var pairs = metadata?.GetRawText();
        return new(id, null,
            [
                ChatFields.Archived(true), new($"origin = {ChatOrigins.OpenAI}", null),
                new($"metadata = {pairs}", null), new($"model = {model}", null),
            ],
            IsTemporary: false,
            Fingerprint.Of(json => json.WriteString("origin"u8, ChatOrigins.OpenAI)));
    }

    /// <summary>Deletes a chat whose first message could not be stored.</summary>
    public Task DropAsync(string userId, string chatId, CancellationToken ct) =>
        delete.DoAsync(
        userId, chatId,
        $"not exists (select 1 from messages m where m.user_id = c.user_id and m.chat_id = c.id)", ct);

    static ReplyOverrides? OverridesOf(TurnRequest request, string? model)
    {
        var echo = request.Echo is { PreviousResponseId: null, Metadata: null, IsBackground: false } ? null
            : (JsonElement?)request.Echo.ToJson();
        var options = request.Instructions is null && request.ToolChoice is null && request.Format is null
            && echo is null ? null
            : new ReplyOptions(request.Instructions, request.ToolChoice, request.Format, echo);
        return model is null && request.Temperature is null && request.MaxTokens is null
            && request.ReasoningEffort is null && options is null ? null
            : new(model, request.Temperature, request.MaxTokens, request.ReasoningEffort, options);
    }
}
