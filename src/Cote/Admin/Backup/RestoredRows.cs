using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Replies;
using Cote.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Admin;

/// <summary>
/// What a restore changes in the rows of the backup: what was under way then does not go on, and nobody comes in by
/// what was taken back since.
/// </summary>
sealed class RestoredRows(IServiceProvider services, TextWriter error)
{
    const int MostInBatch = 100;

    /// <summary>
    /// The tables that are emptied: what was to be sent has been sent, or is too late, and codes and tickets may have
    /// been used since. A table of that kind joins here.
    /// </summary>
    public static readonly IReadOnlyList<string> Emptied =
    [
        "mails", "mail_codes", "tickets", "browser_logins", "login_codes", "nodes", "webhooks", "webhook_endpoints",
        "pushes", "devices",
    ];

    // The tables of what an admin enables again.
    static readonly string[] Disabled = ["api_keys", "shares"];

    readonly Clock _clock = services.GetRequiredService<Clock>();
    readonly Database _db = services.GetRequiredService<Database>();

    /// <summary>Changes them, and erases these accounts again.</summary>
    public async Task ApplyAsync(IReadOnlyList<string> erased, CancellationToken ct)
    {
        await services.GetRequiredService<Revocations>().RevokeAsync($"1 = 1", (batch, _) =>
        {
            Empty(batch);
            foreach (var table in Disabled)
                batch.Execute($"update {Sql.Names(table)} set disabled_at = {_clock.Now} where disabled_at is null");
            MediaStore.KeepBefore(batch, _clock.Now);
        });
        await InterruptAsync(ct);
        await SettleAsync(ct);
        await EraseAsync(erased, ct);
        var told = new WriteBatch();
        Empty(told); // what was ended and erased here was added to them again
        await _db.WriteAsync(told);
    }

    static void Empty(WriteBatch batch)
    {
        foreach (var table in Emptied)
            batch.Execute($"delete from {Sql.Names(table)}");
    }

    async Task InterruptAsync(CancellationToken ct)
    {
        var replies = services.GetRequiredService<OpenReplies>();
        var count = 0;
        while (await replies.InterruptAsync(MostInBatch, ct) is > 0 and var some)
            count += some;
        if (count > 0)
            await error.WriteLineAsync($"{count} open replies are interrupted.");
    }

    // Titles, transcripts and calls of the gateway, which nobody makes any more.
    async Task SettleAsync(CancellationToken ct)
    {
        var users = await _db.ListAsync(
            $"select distinct user_id from calls where state <> 1", row => row.GetString(0), ct);
        foreach (var userId in users)
        {
            var batch = new WriteBatch();
            EventTransaction.LockHead(batch, userId);
            LostCalls.Settle(batch, userId, $"1 = 1");
            await _db.WriteAsync(batch);
        }
    }

    async Task EraseAsync(IReadOnlyList<string> erased, CancellationToken ct)
    {
        var (accounts, users) = (services.GetRequiredService<AccountStore>(), services.GetRequiredService<UserStore>());
        var count = 0;
        foreach (var userId in erased)
            if (await users.FindAsync(userId, ct) is not null)
            {
                await accounts.EraseAsync(userId, Audit.Console, "restore");
                count++;
            }
        foreach (var userId in await accounts.ListErasedAsync(ct))
            await accounts.RemoveAsync(userId);
        if (erased.Count > 0)
            await error.WriteLineAsync($"{count} of the {erased.Count} erased accounts were in the backup.");
        var media = services.GetRequiredService<MediaStore>();
        while (await media.ListOrphansAsync("", null, MostInBatch, ct) is { Count: > 0 } orphans)
            await media.DeleteOrphansAsync(orphans);
    }
}
