using Cote.Chats;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary><c>DELETE /chats/?archived=</c>: all archived chats go, or all others, in the background.</summary>
static class DeleteChats
{
    public static async Task<IResult> Handle(
        CurrentUser user, ChatJobStore jobs, ChatJobLoop loop, string? archived)
    {
        var request = new RequestReader();
        var isArchived = request.QueryFlag("archived", archived, isRequired: true) ?? false;
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        await jobs.AddAsync(user.Id, deletes: true, isArchived);
        loop.Wake();

        return ApiResults.Accepted;
    }
}

/// <summary><c>POST /chats/archive</c>: all chats are archived, in the background.</summary>
static class ArchiveChats
{
    public static async Task<IResult> Handle(CurrentUser user, ChatJobStore jobs, ChatJobLoop loop)
    {
        await jobs.AddAsync(user.Id, deletes: false, isArchived: false);
        loop.Wake();

        return ApiResults.Accepted;
    }
}

/// <summary>
/// Does what is to be done to many chats, each in a transaction of its own, whose condition is looked at again there:
/// after a restart it goes on, and two nodes may do the same job.
/// </summary>
sealed class ChatJobLoop(
    ChatJobStore jobs, ChatStore chats, DeleteChat delete, Clock clock, ILogger<ChatJobLoop> log)
    : PeriodicLoop(TimeSpan.FromSeconds(30), clock, log)
{
    const int PageRows = 200;

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        foreach (var job in await jobs.ListAsync(ct))
        {
            while (await RunAsync(job, ct)) ;
            await jobs.RemoveAsync(job);
        }
    }

    // One pass, upwards: a chat that is used meanwhile is met again. False where it found nothing left.
    async Task<bool> RunAsync(ChatJob job, CancellationToken ct)
    {
        var found = false;
        for (var after = long.MinValue; ;)
        {
            var page = await jobs.ListChatsAsync(job, after, PageRows, ct);
            foreach (var (id, _) in page)
            {
                ct.ThrowIfCancellationRequested();
                await (job.Deletes ? delete.DoAsync(job.UserId, id, job.Scope, ct)
                    : chats.UpdateAsync(job.UserId, id, [ChatFields.Archived(true).Column], job.Scope));
            }
            found |= page.Count > 0;
            if (page.Count < PageRows)
                return found;
            after = page[^1].Activity;
        }
    }
}

/// <summary>Deletes temporary chats whose time is over. One with an open reply is in use.</summary>
sealed class TemporaryChatLoop(
    ChatJobStore jobs, DeleteChat delete, ChatsOptions options, Clock clock, ILogger<TemporaryChatLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(1), clock, log)
{
    const int PageRows = 200;

    protected override bool RunsAtStart => true;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        var before = Clock.Now - TimeSpan.FromHours(options.TemporaryHours);
        while (await jobs.ListLapsedAsync(before, PageRows, ct) is { Count: > 0 } page)
            foreach (var (userId, id) in page)
                await delete.DoAsync(userId, id, ChatJobStore.Lapsed(before), ct);
    }
}
