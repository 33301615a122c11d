using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// <c>PUT /chats/{chat_id}/leaf</c>: the path through a message becomes active, on every device.
/// </summary>
static class SwitchLeaf
{
    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, ChatStore chats, TreeStore tree, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var target = request.Id("message_id");
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } chat)
            return ApiResults.Of(Problems.ChatNotFound);

        // Where the chat has changed since it was read, nothing happens, and the path is planned anew.
        while (true)
        {
            if (await tree.FindNodeAsync(user.Id, chat, target, ct) is not { } node)
            {
                if (!await chats.ExistsAsync(user.Id, chat, ct))
                    return ApiResults.Of(Problems.ChatNotFound);
                request.AddError("message_id", "no such message in this chat");
                return ApiResults.Of(request.Problem!);
            }
            if (node.IsOnPath)
                break;
            if (await tree.FindLeafBelowAsync(user.Id, chat, target, ct) is not { } leaf
                || await tree.PlanAsync(user.Id, chat, leaf, ct) is not { } change)
                continue;
            if (change.IsTooLong)
                return ApiResults.Of(Problems.PathTooLong);
            if (await tree.SwitchAsync(user.Id, chat, leaf, change))
                break;
        }
        return await GetChat.Handle(chat, user, chats, ct);
    }
}
