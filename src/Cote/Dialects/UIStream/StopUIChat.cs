using Cote.Chats;
using Cote.Replies;
using Microsoft.AspNetCore.Http;

namespace Cote.Dialects.UIStream;

/// <summary><c>POST /api/chat/{id}/stop</c>: ends the open replies of a chat, as <c>POST /chats/{id}/stop</c>.
/// </summary>
static class StopUIChat
{
    public static Task<IResult> Handle(
        string id, CurrentUser user, ChatStore chats, StopReplies stop, CancellationToken ct) =>
        StopReplies.Handle(UIChatRequest.IdInPath(user.Id, id), user, chats, stop, ct);
}
