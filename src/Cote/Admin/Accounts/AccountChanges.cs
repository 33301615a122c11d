using Cote.Http;
using Cote.Users;
using Microsoft.AspNetCore.Http;

namespace Cote.Admin;

/// <summary>Who changes an account, for the audit.</summary>
/// <param name="Id">A user's id, or <see cref="Audit.Console"/>.</param>
/// <param name="Ip">Where the request came from.</param>
readonly record struct Actor(string Id, string Ip)
{
    /// <summary>The command line.</summary>
    public static readonly Actor Console = new(Audit.Console, "control");

    /// <summary>The admin of a request.</summary>
    public static Actor Of(HttpContext http) => new(CurrentUser.Of(http)!.Id, RateLimits.AddressOf(http));
}

/// <summary>
/// What is done to an account by the command line or by an admin. An account that is disabled has no sessions and no
/// keys from the same moment on.
/// </summary>
sealed class AccountChanges(Database db, Revocations revocations, Audit audit, Clock clock)
{
    /// <summary>Ends every session and key of the user at once, on every device, and refuses further logins.</summary>
    public Task DisableAsync(string userId, Actor by) => DisableAsync(userId, by, $"1 = 1");

    /// <summary>The same, unless it is the last admin who can log in; false then, and nothing has changed.</summary>
    public Task<bool> TryDisableAsync(string userId, Actor by) => DisableAsync(userId, by, $"""
        (users.role <> {Roles.Admin} or exists (
          select 1 from users o where o.role = 'admin' and o.id <> {userId} and o.disabled_at is null
            and o.erased_at is null))
        """);

    /// <summary>Lets the user log in again.</summary>
    public async Task EnableAsync(string userId, Actor by)
    {
        Sql disabled = $"""
            select 1 from users where id = {userId} and erased_at is null and disabled_at is not null
            """;
        var batch = new WriteBatch();
        batch.Lock(disabled); // of two at once one enables it, and tells of it
        audit.Add(batch, AuditActions.UserEnabled, userId, by.Id, by.Ip, guard: $"exists ({disabled})");
        UserStore.Set(batch, userId, $"disabled_at = null");
        await db.WriteAsync(batch);
    }

    /// <summary>Sets a password and ends every session; keys go on.</summary>
    public async Task SetPasswordAsync(string userId, string hash, Actor by)
    {
        var batch = new WriteBatch();
        UserStore.Set(batch, userId, $"password_hash = {hash}");
        MailStore.EndCodes(batch, userId, MailPurposes.Reset, clock.Now);
        audit.Add(batch, AuditActions.PasswordReset, userId, by.Id, by.Ip, guard: $"""
            exists (select 1 from users u where u.id = {userId} and u.erased_at is null)
            """);
        var ended = revocations.Add(batch, $"s.user_id = {userId}");
        await db.WriteAsync(batch);
        revocations.Apply(ended);
    }

    async Task<bool> DisableAsync(string userId, Actor by, Sql guard)
    {
        var batch = new WriteBatch();
        // Two admins may disable each other at the same moment, or a third: one of them comes second.
        batch.Lock($"select 1 from users where role = 'admin' or id = {userId} order by id");
        audit.Add(batch, AuditActions.UserDisabled, userId, by.Id, by.Ip, guard: $"""
            exists (select 1 from users
              where users.id = {userId} and users.erased_at is null and users.disabled_at is null and {guard})
            """);
        var disabled = batch.Execute($"""
            update users set disabled_at = coalesce(disabled_at, {clock.Now})
            where id = {userId} and erased_at is null and {guard}
            """);
        Sql isDisabled = $"exists (select 1 from users d where d.id = {userId} and d.disabled_at is not null)";
        var ended = revocations.Add(batch, $"s.user_id = {userId} and {isDisabled}");
        var endedKeys = revocations.AddKeys(batch, $"s.user_id = {userId} and {isDisabled}");
        await db.WriteAsync(batch);
        revocations.Apply(ended);
        revocations.Apply(endedKeys);
        return disabled.Changed > 0;
    }
}
