using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// <c>POST /chats/{chat_id}/fork</c>: a new chat with the settings of this one and copies of a path; with an id, safe
/// to repeat.
/// </summary>
static class ForkChat
{
    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, ChatStore chats, TreeStore tree, ForkStore forks,
        Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadOptionalAsync(http);
        var messageId = request.OptionalId("message_id");
        var id = request.OptionalId("id") ?? clock.NewId();
        var title = request.OptionalText("title", 0, Chat.LongestTitle);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } from)
            return ApiResults.Of(Problems.ChatNotFound);

        var fingerprint = FingerprintOf(from, messageId, title);
        // Where the chat has changed since it was read, nothing happens, and the copy is planned anew.
        while (true)
        {
            if (await chats.FindIdempotencyAsync(user.Id, id, ct) is not null)
            {
                if (await CreateChat.AnswerUsedAsync(http, user, chats, id, fingerprint, ct) is { } refusal)
                    return refusal;
                break;
            }
            if (await chats.FindAsync(user.Id, from, ct) is not { Temporary: false })
                return ApiResults.Of(Problems.ChatNotFound);
            if (await forks.PlanAsync(user.Id, from, messageId, ct) is not { } plan)
                return await RefuseAsync(user.Id, from, messageId, request, chats, tree, ct);
            if (plan.IsTooLong)
                return ApiResults.Of(Problems.PathTooLong);
            if (await forks.AddAsync(user.Id, from, plan, id, title, fingerprint)
                is (Outcome.Committed, Happened: true))
                break;
        }
        return await GetChat.Handle(id, user, chats, ct);
    }

    static async Task<IResult> RefuseAsync(
        string userId, string chatId, string? messageId, RequestReader request, ChatStore chats, TreeStore tree,
        CancellationToken ct)
    {
        if (messageId is null || !await chats.ExistsAsync(userId, chatId, ct))
            return ApiResults.Of(Problems.ChatNotFound);
        if (await tree.FindNodeAsync(userId, chatId, messageId, ct) is null)
            request.AddError("message_id", "no such message in this chat");
        return ApiResults.Of(request.Problem ?? Problems.Busy);
    }

    static string FingerprintOf(string chatId, string? messageId, string? title) => Fingerprint.Of(json =>
    {
        json.WriteString("fork"u8, chatId);
        if (messageId is not null)
            json.WriteString("message_id"u8, messageId);
        if (title is not null)
            json.WriteString("title"u8, title);
    });
}
