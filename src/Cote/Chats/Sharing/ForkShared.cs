using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Chats;

/// <summary>The copies that run on this node: one for each user, since each holds the writer once.</summary>
sealed class RunningCopies() : UserLimit(1);

/// <summary>What copies are made with.</summary>
sealed record CopiesFrom(SharedCopies Copies, OpenShares Open, RunningCopies Running);

/// <summary>
/// <c>POST /shared/{token}/fork</c>: a new chat of the caller's with copies of what a link shows; with an id, safe to
/// repeat.
/// </summary>
static class ForkShared
{
    static readonly Problem AlreadyRunning = Problems.TooManyRequests with
    {
        Detail = "A copy for this account is being made; wait until it is",
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    public static async Task<IResult> Handle(
        string token, HttpContext http, CurrentUser user, SharedAccess access, CopiesFrom from, ChatStore chats,
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
            if (!from.Running.TryBegin(user.Id))
                return ApiResults.Of(AlreadyRunning);
            try
            {
                (var outcome, problem) = await CopyAsync(user.Id, share, id, title, fingerprint, from, ct);
                if (problem is not null)
                    return ApiResults.Of(problem);
                if (outcome == Outcome.Committed)
                    return await GetChat.Handle(id, user, chats, ct);
            }
            finally
            {
                from.Running.End(user.Id);
            }
        }
        return await CreateChat.AnswerUsedAsync(http, user, chats, id, fingerprint, ct)
            ?? await GetChat.Handle(id, user, chats, ct);
    }

    // It ends with the share, as whatever else is sent of it.
    static async Task<(Outcome Outcome, Problem? Problem)> CopyAsync(
        string userId, ShownShare share, string id, string? title, string fingerprint, CopiesFrom from,
        CancellationToken ct)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var opened = from.Open.Open(share.Id, ends.Cancel);
        try
        {
            return await from.Copies.CopyAsync(userId, share, id, title, fingerprint, ends.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (Outcome.Conflict, Problems.ShareNotFound);
        }
    }

    static string FingerprintOf(string token, string? title) => Fingerprint.Of(json =>
    {
        json.WriteString("shared"u8, SecureTokens.Hash(token));
        if (title is not null)
            json.WriteString("title"u8, title);
    });
}
