using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary><c>POST /v1/conversations/{conversation_id}</c>: replaces the client's own pairs.</summary>
static class UpdateConversation
{
    public static async Task Handle(string conversationId, HttpContext http, CurrentUser user, ChatStore chats)
    {
        if (await OpenAIBody.ReadAsync(http, Body.ReadAsync(http)) is not { } body)
            return;
        var reader = new TurnReader(body);
        var metadata = reader.ReadMetadata();
        if (reader.Error is null && metadata is null)
            reader.Refuse(OpenAIError.Wrong("metadata", "`metadata` is what can be changed."));
        if (reader.Error is { } error)
        {
            await error.WriteAsync(http);
            return;
        }
        if (await ConversationPath.FindAsync(conversationId, http, user, chats) is not { } chat)
            return;
        var pairs = metadata!.Value.GetRawText();
        await chats.UpdateAsync(user.Id, chat.Id, [$"metadata = {pairs}"]);
        await ConversationPath.WriteAsync(http, chat with { Metadata = pairs });
    }
}
