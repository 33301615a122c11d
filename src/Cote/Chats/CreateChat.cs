using Cote.Models;
using Cote.Tools;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>POST /chats/</c>: a new chat; with an id, safe to repeat.</summary>
static class CreateChat
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser user, ChatStore chats, ModelCatalogue models, ToolRegistry tools, Clock clock,
        CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var isAuto = request.OptionalFlag("auto_title") ?? false;
        if (isAuto && request.HasValue("title"))
            request.AddError("auto_title", "a chat has a title or makes its own: leave one of the two out");
        var title = isAuto ? null : request.Text("title", 0, Chat.LongestTitle);
        var id = request.OptionalId("id") ?? clock.NewId();
        var fields = await ChatFields.ReadAsync(request, models, tools, ct);
        var isTemporary = request.OptionalFlag("temporary") ?? false;
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var chat = new ChatCreation(id, title, fields, isTemporary, FingerprintOf(title, fields, isTemporary));
        if (await chats.AddAsync(user.Id, chat) == Outcome.Conflict
            && await AnswerUsedAsync(http, user, chats, id, chat.Fingerprint, ct) is { } refusal)
            return refusal;

        return await chats.FindAsync(user.Id, id, ct) is { } made
            ? ApiResults.Json(made, ChatsJson.Default.Chat)
            : ApiResults.Of(Problems.Gone);
    }

    /// <summary>The fingerprint of a chat with a title alone.</summary>
    public static string FingerprintOf(string title) => FingerprintOf(title, [], isTemporary: false);

    /// <summary>The fingerprint of a chat that makes its own title.</summary>
    public static string FingerprintOfAuto() => FingerprintOf(null, [], isTemporary: false);

    /// <summary>The id is taken: null where the same request has made its chat, which is to be answered.</summary>
    public static async Task<IResult?> AnswerUsedAsync(
        HttpContext http, CurrentUser user, ChatStore chats, string id, string fingerprint, CancellationToken ct)
    {
        var record = await chats.FindIdempotencyAsync(user.Id, id, ct);
        if (record is null or { IsDeleted: true })
            return ApiResults.Of(Problems.Gone);
        if (record.Value.Fingerprint != fingerprint)
            return ApiResults.Of(Problems.IdConflict);
        http.Response.Headers["Idempotent-Replayed"] = "true";
        return null;
    }

    // What is as by default leaves no trace: a client that sends less than a newer one means the same.
    static string FingerprintOf(string? title, IReadOnlyList<ChatField> fields, bool isTemporary) =>
        Fingerprint.Of(json =>
        {
            if (title is null)
                json.WriteBoolean("auto_title"u8, true);
            else
                json.WriteString("title"u8, title);
            foreach (var field in fields)
                field.Print?.Invoke(json);
            if (isTemporary)
                json.WriteBoolean("temporary"u8, true);
        });
}
