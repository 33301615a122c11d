using Cote.Chats;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Finds the response that a path names, whichever dialect began its reply.</summary>
static class ResponsePath
{
    /// <summary>The response; null where there is none, and the request is answered.</summary>
    public static async Task<StartedTurn?> FindAsync(
        string responseId, HttpContext http, CurrentUser user, MessageStore messages, OpenAITurnStore store)
    {
        var ct = http.RequestAborted;
        if (OpenAIIds.ResponseIn(responseId) is { } key
            && await messages.FindAsync(user.Id, null, key.ReplyId, ct, PartsView.All)
                is { Sender: Senders.Ai, Generation: not null } reply
            && (key.Index == 0 || await store.ListWaitsAsync(user.Id, reply.Id, ct) is var waits
                && key.Index <= waits.Count && waits[key.Index - 1].IsAnswered))
            return new(reply, key.Index);
        await TurnChats.NoResponse(responseId, null).WriteAsync(http);
        return null;
    }
}
