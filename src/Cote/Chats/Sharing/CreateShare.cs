using Cote.Http;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary><c>POST /chats/{chat_id}/shares</c>: a link to a chat, whose token is shown once.</summary>
static class CreateShare
{
    static readonly Problem TooMany = Problems.TooManyRequests with
    {
        Detail = "This account has as many links to chats as it may have; delete one first",
        RetryAfter = TimeSpan.FromHours(1),
    };

    public static async Task<IResult> Handle(
        string chatId, HttpContext http, CurrentUser user, ChatStore chats, ShareStore shares, Audit audit,
        Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadOptionalAsync(http);
        var life = request.OptionalInteger("expires_in", Share.ShortestLife, Share.LongestLife);
        var isLive = request.OptionalFlag("live") ?? false;
        var include = IncludeOf(request);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Ids.Parse(chatId) is not { } id || await chats.FindAsync(user.Id, id, ct) is not { Temporary: false })
            return ApiResults.Of(Problems.ChatNotFound);

        var (now, token) = (clock.Now, SecureTokens.LinkToken());
        var share = new Share(clock.NewId(), id, isLive, include, now,
            life is { } seconds ? now + TimeSpan.FromSeconds(seconds) : null);
        if (!await shares.AddAsync(user.Id, share, SecureTokens.Hash(token),
                (batch, itIs) => audit.Add(batch, AuditActions.ShareCreated, user.Id, http, share.Id, itIs)))
            return ApiResults.Of(await chats.ExistsAsync(user.Id, id, ct) ? TooMany : Problems.ChatNotFound);

        return ApiResults.Json(share with { Url = SharedPaths.PageOf(token) }, SharingJson.Default.Share);
    }

    static IReadOnlyList<string> IncludeOf(RequestReader request)
    {
        var include = request.Texts("include", 20, 100);
        if (include.Except(ShareParts.All).Any())
            request.AddError("include", $"it holds nothing but {string.Join(" and ", ShareParts.All)}");
        return [.. ShareParts.All.Where(include.Contains)];
    }
}
