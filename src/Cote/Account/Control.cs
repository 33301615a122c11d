using Cote.Data;
using Cote.Events;
using Cote.Primitives;
using Cote.Users;

namespace Cote.Account;

/// <summary>
/// What the command line can do. The same code runs in the server, when it is asked through the control socket, and in
/// the command itself, when no server runs: then the command holds the database's lock.
/// </summary>
sealed class Control(
    Database db, UserStore users, Passwords passwords, Revocations revocations, Audit audit, EventLog events, Clock clock)
{
    const string Place = "control";

    /// <summary>Makes an account, whatever registration says.</summary>
    public async Task<(Users.Account? Account, Problem? Problem)> CreateUserAsync(RequestReader check, CancellationToken ct)
    {
        var username = Credentials.Username(check);
        var email = Credentials.Email(check);
        var password = Credentials.Password(check, username, email);
        var admin = check.OptionalFlag("admin") ?? false;
        if (check.Problem is { } wrong)
            return (null, wrong);
        var user = new User(clock.NewId(), username, email);
        var unit = new WriteBatch();
        UserStore.Add(unit, user, await passwords.HashAsync(password, ct), admin ? Roles.Admin : Roles.User, clock.Now);
        audit.Add(unit, AuditActions.UserCreated, user.Id, Audit.Console, Place, admin ? Roles.Admin : Roles.User);
        return await db.WriteAsync(unit) == Outcome.Conflict
            ? (null, await Credentials.FindConflictAsync(users, username, email, ct) ?? Problems.Busy)
            : (await users.FindAsync(user.Id, ct), null);
    }

    /// <summary>Sets a password and ends every session.</summary>
    public async Task<(Users.Account? Account, Problem? Problem)> ResetPasswordAsync(RequestReader check, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(check, ct);
        if (account is null)
            return (null, problem);
        var password = Credentials.Password(check, account.User.Username, account.User.Email);
        if (check.Problem is { } wrong)
            return (null, wrong);
        var hash = await passwords.HashAsync(password, ct);
        return await ChangeAsync(account, $"password_hash = {hash}", AuditActions.PasswordReset, endSessions: true, ct);
    }

    /// <summary>The user is out at once, on every device, and cannot log in.</summary>
    public async Task<(Users.Account? Account, Problem? Problem)> DisableUserAsync(RequestReader check, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(check, ct);
        return account is null ? (null, problem)
            : await ChangeAsync(account, $"disabled_at = {clock.Now}", AuditActions.UserDisabled, endSessions: true, ct);
    }

    /// <summary>The user may log in again.</summary>
    public async Task<(Users.Account? Account, Problem? Problem)> EnableUserAsync(RequestReader check, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(check, ct);
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

    public Task<IReadOnlyList<Users.Account>> ListUsersAsync(string? after, CancellationToken ct) =>
        users.ListAsync(after, Page.MostItems, ct);

    async Task<(Users.Account?, Problem?)> FindAsync(RequestReader check, CancellationToken ct)
    {
        var username = check.Text("username", 1, Credentials.LongestEmail);
        return check.Problem is { } wrong ? (null, wrong)
            : await users.FindByLoginAsync(username, ct) is { } account ? (account, null)
            : (null, Problems.NotFound with { Detail = "No such user" });
    }

    async Task<(Users.Account?, Problem?)> ChangeAsync(
        Users.Account account, Sql columns, string action, bool endSessions, CancellationToken ct)
    {
        var unit = new WriteBatch();
        UserStore.Set(unit, account.Id, columns);
        audit.Add(unit, action, account.Id, Audit.Console, Place);
        var ended = endSessions ? revocations.Add(unit, $"s.user_id = {account.Id}") : null;
        await db.WriteAsync(unit);
        if (ended is not null)
            revocations.Apply(ended);
        return (await users.FindAsync(account.Id, ct), null);
    }
}
