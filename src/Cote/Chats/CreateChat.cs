using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>POST /chats/</c>: a new chat; with an id, safe to repeat.</summary>
static class CreateChat
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, ChatStore chats, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var title = request.Text("title", 0, Chat.LongestTitle);
        var id = request.OptionalId("id") ?? clock.NewId();
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var fingerprint = Fingerprint.Of(json => json.WriteString("title"u8, title));
        if (await chats.AddAsync(user.Id, id, title, fingerprint, clock.Now) == Outcome.Conflict)
        {
            var record = await chats.FindIdempotencyAsync(user.Id, id, ct);
            if (record is null or { IsDeleted: true })
                return ApiResults.Of(Problems.Gone);
            if (record.Value.Fingerprint != fingerprint)
                return ApiResults.Of(Problems.IdConflict);
            http.Response.Headers["Idempotent-Replayed"] = "true";
        }

        return await chats.FindAsync(user.Id, id, ct) is { } chat
            ? ApiResults.Json(chat, ChatsJson.Default.Chat)
            : ApiResults.Of(Problems.Gone);
    }
}
