using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// Writes every minute when sessions and API keys were last used, and removes those, codes of mails and audit lines
/// that have expired.
/// </summary>
sealed class SessionMaintenanceLoop(
    SessionStore sessions, ApiKeyStore keys, MailStore mails, IdentityStore identities, Audit audit,
    AuthOptions options, Clock clock, ILogger<SessionMaintenanceLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(1), clock, log)
{
    const int PurgeRows = 1_000;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        await sessions.WriteSeenAsync(ct);
        await keys.WriteUsedAsync(ct);
        await sessions.PurgeAsync(Clock.Now, PurgeRows);
        await keys.PurgeAsync(Clock.Now, PurgeRows);
        await mails.PurgeAsync(Clock.Now);
        if (options.Issuers.Count > 0)
            await identities.PurgeAsync(Clock.Now - options.LongestIssued);
        await audit.TrimAsync(Clock.Now - TimeSpan.FromDays(options.AuditDays));
    }

    protected override async Task FinishAsync()
    {
        await sessions.WriteSeenAsync(CancellationToken.None);
        await keys.WriteUsedAsync(CancellationToken.None);
    }
}
