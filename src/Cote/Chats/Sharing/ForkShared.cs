using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>
/// <c>POST /shared/{token}/fork</c>: a new chat of the caller's with copies of what a link shows; with an id, safe to
/// repeat.
/// </summary>
static class ForkShared
{
    public static async Task<IResult> Handle(
        string token, HttpContext http, CurrentUser user, SharedAccess access, SharedCopies copies, ChatStore chats,
        Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadOptionalAsync(http);
        var id = request.OptionalId("id") ?? clock.NewId();
        var title = request.OptionalText("title", 0, Chat.LongestTitle);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var fingerprint = FingerprintOf(token, title);
        if (await chats.FindIdempotencyAsync(user.Id, id, ct) is null)
        {
            var (share, problem) = await access.FindAsync(token, http, ct);
            if (share is null)
                return ApiResults.Of(problem!);
            if (await copies.MakeAsync(user.Id, share, ct) is not { } rows)
                return ApiResults.Of(Problems.PathTooLong);
            if (await copies.AddAsync(user.Id, id, title ?? share.Title, rows, fingerprint) == Outcome.Committed)
                return await GetChat.Handle(id, user, chats, ct);
        }
        return await CreateChat.AnswerUsedAsync(http, user, chats, id, fingerprint, ct)
            ?? await GetChat.Handle(id, user, chats, ct);
    }

    static string FingerprintOf(string token, string? title) => Fingerprint.Of(json =>
    {
        json.WriteString("shared"u8, SecureTokens.Hash(token));
        if (title is not null)
            json.WriteString("title"u8, title);
    });
}
