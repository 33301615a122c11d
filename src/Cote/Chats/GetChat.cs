using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>GET /chats/{chat_id}</c>.</summary>
static class GetChat
{
    public static async Task<IResult> Handle(string chatId, CurrentUser user, ChatStore chats, CancellationToken ct) =>
        Ids.Parse(chatId) is { } id && await chats.FindAsync(user.Id, id, ct) is { } chat
            ? ApiResults.Json(chat, ChatsJson.Default.Chat)
            : ApiResults.Of(Problems.ChatNotFound);
}
