using Cote.Data;
using Cote.Events;
using Cote.Primitives;
using Cote.Users;

namespace Cote.Admin;

/// <summary>
/// What the command line can do. The same code runs in the server, when it is asked through the control socket, and in
/// the command itself, when no server runs: then the command holds the database's lock.
/// </summary>
sealed class Control(
    Database db, UserStore users, Passwords passwords, Revocations revocations, Audit audit, EventLog events, Clock clock)
{
    const string Place = "control";

    /// <summary>Makes an account, whatever registration says.</summary>
    public async Task<(Account? Account, Problem? Problem)> CreateUserAsync(RequestReader request, CancellationToken ct)
    {
        var username = Credentials.Username(request);
        var email = Credentials.Email(request);
        var password = Credentials.Password(request, username, email);
        var admin = request.OptionalFlag("admin") ?? false;
        if (request.Problem is { } wrong)
            return (null, wrong);
        var user = new User(clock.NewId(), username, email);
        var batch = new WriteBatch();
        UserStore.Add(batch, user, await passwords.HashAsync(password, ct), admin ? Roles.Admin : Roles.User, clock.Now);
        audit.Add(batch, AuditActions.UserCreated, user.Id, Audit.Console, Place, admin ? Roles.Admin : Roles.User);
        return await db.WriteAsync(batch) == Outcome.Conflict
            ? (null, await Credentials.FindConflictAsync(users, username, email, ct) ?? Problems.Busy)
            : (await users.FindAsync(user.Id, ct), null);
    }

    /// <summary>Sets a password and ends every session.</summary>
    public async Task<(Account? Account, Problem? Problem)> ResetPasswordAsync(RequestReader request, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(request, ct);
        if (account is null)
            return (null, problem);
        var password = Credentials.Password(request, account.User.Username, account.User.Email);
        if (request.Problem is { } wrong)
            return (null, wrong);
        var hash = await passwords.HashAsync(password, ct);
        return await ChangeAsync(account, $"password_hash = {hash}", AuditActions.PasswordReset, endSessions: true, ct);
    }

    /// <summary>The user is out at once, on every device, and cannot log in.</summary>
    public async Task<(Account? Account, Problem? Problem)> DisableUserAsync(RequestReader request, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(request, ct);
        return account is null ? (null, problem)
            : await ChangeAsync(account, $"disabled_at = {clock.Now}", AuditActions.UserDisabled, endSessions: true, ct);
    }

    /// <summary>The user may log in again.</summary>
    public async Task<(Account? Account, Problem? Problem)> EnableUserAsync(RequestReader request, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(request, ct);
        return account is null ? (null, problem)
            : await ChangeAsync(account, $"disabled_at = null", AuditActions.UserEnabled, endSessions: false, ct);
    }

    /// <summary>Every client begins again from its whole state, on every node within a second; the name of the new epoch.</summary>
    public async Task<string> NewEpochAsync(CancellationToken ct)
    {
        await events.RenewEpochAsync();
        await events.RefreshAsync(ct);
        return events.Epoch;
    }

    public Task<IReadOnlyList<Account>> ListUsersAsync(string? after, CancellationToken ct) =>
        users.ListAsync(after, Page.MostItems, ct);

    async Task<(Account?, Problem?)> FindAsync(RequestReader request, CancellationToken ct)
    {
        var username = request.Text("username", 1, Credentials.MaxEmailLength);
        return request.Problem is { } wrong ? (null, wrong)
            : await users.FindByLoginAsync(username, ct) is { } account ? (account, null)
            : (null, Problems.NotFound with { Detail = "No such user" });
    }

    async Task<(Account?, Problem?)> ChangeAsync(
        Account account, Sql columns, string action, bool endSessions, CancellationToken ct)
    {
        var batch = new WriteBatch();
        UserStore.Set(batch, account.Id, columns);
        audit.Add(batch, action, account.Id, Audit.Console, Place);
        var ended = endSessions ? revocations.Add(batch, $"s.user_id = {account.Id}") : null;
        await db.WriteAsync(batch);
        if (ended is not null)
            revocations.Apply(ended);
        return (await users.FindAsync(account.Id, ct), null);
    }
}
