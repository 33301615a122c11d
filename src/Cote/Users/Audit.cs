using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>One line of the audit.</summary>
/// <param name="Actor">The one who did it: a user's id, <c>anonymous</c>, or <c>console</c> for the command
/// line.</param>
sealed record AuditEntry(
    string Id, Timestamp At, string Action, string? UserId, string Actor, string Ip, string Detail);

/// <summary>What is audited. The names stand in the database: they may never change.</summary>
static class AuditActions
{
    public const string Registered = "registered";
    public const string LoggedIn = "logged_in";
    public const string LoginFailed = "login_failed";
    public const string LoggedOut = "logged_out";
    public const string SessionRevoked = "session_revoked";
    public const string RefreshReused = "refresh_reused";
    public const string AccountChanged = "account_changed";
    public const string PasswordChanged = "password_changed";
    public const string PasswordReset = "password_reset";
    public const string EmailVerified = "email_verified";
    public const string KeyCreated = "key_created";
    public const string KeyDeleted = "key_deleted";
    public const string UserCreated = "user_created";
    public const string UserDisabled = "user_disabled";
    public const string UserEnabled = "user_enabled";
    public const string AccountErased = "account_erased";
    public const string Exported = "exported";
    public const string BudgetChanged = "budget_changed";
    public const string IdentityLinked = "identity_linked";
    public const string ShareCreated = "share_created";
    public const string ShareDeleted = "share_deleted";
    public const string ShareEnabled = "share_enabled";
    public const string KeyEnabled = "key_enabled";
    public const string DeviceRemoved = "device_removed";
    public const string ReplyStopped = "reply_stopped";
    public const string WebhookRetried = "webhook_retried";
    public const string WebhookDropped = "webhook_dropped";
}

/// <summary>All SQL of the audit. A line is written in the batch of what it tells of, wherever there is one.</summary>
sealed class Audit(Database db, Clock clock)
{
    public const string Anonymous = "anonymous";
    public const string Console = "console";

    const int MaxDetailLength = 200;

    /// <summary>
    /// Adds a line to a batch, where the guard holds. <paramref name="detail"/> is shown to admins: never a secret.
    /// </summary>
    public void Add(
        WriteBatch batch, string action, string? userId, string actor, string ip, string detail = "",
        Sql? guard = null) =>
        batch.Execute($"""
        insert into audit (id, at, action, user_id, actor, ip, detail)
        select {clock.NewId()}, {clock.Now}, {action}, {userId}, {actor}, {ip}, {Excerpt.Of(detail, MaxDetailLength)}
        where {guard ?? $"1 = 1"}
        """);

    /// <summary>The same for a request: its user and its address.</summary>
    public void Add(
        WriteBatch batch, string action, string? userId, HttpContext http, string detail = "", Sql? guard = null) =>
        Add(batch, action, userId, CurrentUser.Of(http)?.Id ?? Anonymous, RateLimits.AddressOf(http), detail, guard);

    /// <summary>Adds the line of a login to a batch, unless its session was not added.</summary>
    public void AddLogin(WriteBatch batch, Session session, HttpContext http, string detail) => batch.Execute($"""
        insert into audit (id, at, action, user_id, actor, ip, detail)
        select {clock.NewId()}, {clock.Now}, {AuditActions.LoggedIn}, s.user_id,
          {CurrentUser.Of(http)?.Id ?? Anonymous}, {RateLimits.AddressOf(http)}, {Excerpt.Of(detail, MaxDetailLength)}
        from sessions s where s.id = {session.Id}
        """);

    /// <summary>Writes a line by itself: a failure has no batch.</summary>
    public Task WriteAsync(string action, string? userId, HttpContext http, string detail = "")
    {
        var batch = new WriteBatch();
        Add(batch, action, userId, http, detail);
        return db.WriteAsync(batch);
    }

    /// <summary>
    /// Newest first, from the one before <paramref name="before"/> on; of one user where one is named.
    /// </summary>
    public Task<IReadOnlyList<AuditEntry>> ListAsync(string? userId, string? before, long limit, CancellationToken ct)
    {
        Sql which = $"id < {before ?? "~"}";
        if (userId is not null)
            which = $"{which} and user_id = {userId}";
        return db.ListAsync(
            $"""
            select id, at, action, user_id, actor, ip, detail from audit where {which} order by id desc limit {limit}
            """,
            row => new AuditEntry(row.GetString(0), new(row.GetInt64(1)), row.GetString(2),
                row.GetStringOrNull(3), row.GetString(4), row.GetString(5), row.GetString(6)), ct);
    }

    public async Task TrimAsync(Timestamp before)
    {
        var batch = new WriteBatch();
        batch.Execute($"delete from audit where at < {before}");
        await db.WriteAsync(batch);
    }
}
