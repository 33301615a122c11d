using Cote.Chats;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Notices;
using Cote.Primitives;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>
/// The exports that run on this node: one for each user, since one costs as much as reading the account whole.
/// </summary>
sealed class RunningExports() : UserLimit(1);

/// <summary>What an export reads from.</summary>
sealed record ExportStores(
    UserStore Users, SessionStore Sessions, DeviceStore Devices, ApiKeyStore Keys, IdentityStore Identities,
    ChatStore Chats, MessageStore Messages, MediaStore Media, MediaForms Forms, MediaLinks Links, UsageStore Usage, ShareStore Shares,
    Database Database, IEnumerable<HostTables> Hosts);

/// <summary><c>GET /users/me/export</c>: everything of the user as one JSON stream, of any length.</summary>
static class ExportMe
{
    static readonly Problem AlreadyRunning = Problems.TooManyRequests with
    {
        Detail = "An export of this account is running; wait until it has ended",
        RetryAfter = TimeSpan.FromSeconds(10),
    };

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, ExportStores stores, RunningExports running, Audit audit, Clock clock,
        CancellationToken ct)
    {
        if (await stores.Users.FindAsync(current.Id, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidToken);
        if (!running.TryBegin(current.Id))
            return ApiResults.Of(AlreadyRunning);
        try
        {
            await audit.WriteAsync(AuditActions.Exported, current.Id, http);
            http.Response.ContentType = "application/json; charset=utf-8";
            http.Response.Headers.ContentDisposition = "attachment; filename=\"cote-export.json\"";
            await using var writer = new ExportWriter(http.Response.BodyWriter, stores, current);
            await writer.WriteAsync(account, clock.Now, ct);
        }
        finally
        {
            running.End(current.Id);
        }
        return Results.Empty;
    }
}
