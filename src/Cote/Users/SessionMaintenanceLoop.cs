using Cote.Primitives;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>
/// Writes every minute when sessions were last used, and removes sessions and audit lines that have expired.
/// </summary>
sealed class SessionMaintenanceLoop(
    SessionStore sessions, IdentityStore identities, Audit audit, AuthOptions options, Clock clock,
    ILogger<SessionMaintenanceLoop> log)
    : PeriodicLoop(TimeSpan.FromMinutes(1), clock, log)
{
    const int PurgeRows = 1_000;

    protected override async Task RunRoundAsync(CancellationToken ct)
    {
        await sessions.WriteSeenAsync(ct);
        await sessions.PurgeAsync(Clock.Now, PurgeRows);
        if (options.Issuers.Count > 0)
            await identities.PurgeAsync(Clock.Now - options.LongestIssued);
        await audit.TrimAsync(Clock.Now - TimeSpan.FromDays(options.AuditDays));
    }

    protected override Task FinishAsync() => sessions.WriteSeenAsync(CancellationToken.None);
}
