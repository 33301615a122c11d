using System.Runtime.CompilerServices;
using Cote.Chats;
using Cote.Events;
using Cote.Media;
using Cote.Notices;
using Cote.Primitives;
using Cote.Users;

namespace Cote.Admin;

/// <summary>
/// What the commands do. The same code runs in the server, which a command asks through the control socket, and in the
/// command itself where no server runs: then the command holds the database's lock.
/// </summary>
sealed class Control(
    Database db, UserStore users, Passwords passwords, AccountChanges changes, Audit audit, EventLog events,
    RunningImports imports, MediaFolders folders, Outbox outbox, BackupDatabase backup, CheckDatabase check,
    Clock clock)
{
    const int LongestPath = 4_096;
    static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(2);

    /// <summary>Creates an account, also where registration is closed.</summary>
    public async Task<AdminResult> CreateUserAsync(RequestReader request, CancellationToken ct)
    {
        var username = Credentials.Username(request);
        var email = Credentials.Email(request);
        var password = Credentials.Password(request, username, email);
        var admin = request.OptionalFlag("admin") ?? false;
        if (request.Problem is { } wrong)
            return AdminResult.Of(wrong);
        var user = new User(clock.NewId(), username, email);
        var batch = new WriteBatch();
        var hash = await passwords.HashAsync(password, ct);
        UserStore.Add(batch, user, hash, admin ? Roles.Admin : Roles.User, clock.Now);
        outbox.Add(batch, NoticeTypes.UserCreated, user.Id, clock.Now);
        audit.Add(batch, AuditActions.UserCreated, user.Id, Actor.Console.Id, Actor.Console.Ip,
            admin ? Roles.Admin : Roles.User);
        return await db.WriteAsync(batch) == Outcome.Conflict
            ? AdminResult.Of(await Credentials.FindConflictAsync(users, username, email, ct) ?? Problems.Busy)
            : await AnswerAsync(user.Id, ct);
    }

    /// <summary>Sets a password and ends every session.</summary>
    public async Task<AdminResult> ResetPasswordAsync(RequestReader request, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(request, ct);
        if (account is null)
            return AdminResult.Of(problem!);
        var password = Credentials.Password(request, account.User.Username, account.User.Email);
        if (request.Problem is { } wrong)
            return AdminResult.Of(wrong);
        var hash = await passwords.HashAsync(password, ct);
        await changes.SetPasswordAsync(account.Id, hash, Actor.Console);
        return await AnswerAsync(account.Id, ct);
    }

    /// <summary>Ends every session of the user at once, on every device, and refuses further logins.</summary>
    public async Task<AdminResult> DisableUserAsync(RequestReader request, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(request, ct);
        if (account is null)
            return AdminResult.Of(problem!);
        await changes.DisableAsync(account.Id, Actor.Console);
        return await AnswerAsync(account.Id, ct);
    }

    /// <summary>Lets the user log in again.</summary>
    public async Task<AdminResult> EnableUserAsync(RequestReader request, CancellationToken ct)
    {
        var (account, problem) = await FindAsync(request, ct);
        if (account is null)
            return AdminResult.Of(problem!);
        await changes.EnableAsync(account.Id, Actor.Console);
        return await AnswerAsync(account.Id, ct);
    }

    /// <summary>
    /// Imports the chats of a file for a user: a line of JSON that says how far it is, after the first and every two
    /// seconds, and the report.
    /// </summary>
    public async Task<AdminResult> ImportAsync(RequestReader request, CancellationToken ct)
    {
        var path = request.Text("path", 1, LongestPath);
        var again = request.OptionalFlag("again") ?? false;
        var (account, problem) = await FindAsync(request, ct);
        if (account is null)
            return AdminResult.Of(problem!);
        folders.Create(); // the command may be the first that uses the data directory
        try
        {
            var file = await imports.OpenAsync(path, ct);
            return new(null, (output, stop) => ImportAsync(account.Id, file, again, output, stop));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            request.AddError("path", $"the file cannot be read: {error.Message}");
            return AdminResult.Of(request.Problem!);
        }
        catch (ProblemException error)
        {
            return AdminResult.Of(error.Problem);
        }
    }

    async Task ImportAsync(string userId, ImportFile file, bool again, Stream output, CancellationToken ct)
    {
        await using var opened = file;
        long? reported = null;
        var report = await imports.RunAsync(userId, again, int.MaxValue, file, ReportAsync, ct)
            ?? throw new ProblemException(Problems.NotFound);
        await output.WriteAsync(ApiResults.Write(report, ImportJson.Default.ImportReport), ct);

        async Task ReportAsync(long items)
        {
            if (reported is { } at && clock.Since(at) < ReportEvery)
                return;
            reported = clock.Ticks;
            var line = ApiResults.Write(new ImportProgress(items, file.Items), AccountJson.Default.ImportProgress);
            await output.WriteAsync((byte[])[.. line, (byte)'\n'], ct);
            await output.FlushAsync(ct);
        }
    }

    /// <summary>Writes a backup of this moment.</summary>
    public AdminResult Backup(RequestReader request)
    {
        var to = request.Text("to", 1, LongestPath);
        var withoutKey = request.OptionalFlag("without_key") ?? false;
        var skipLost = request.OptionalFlag("skip_lost_media") ?? false;
        return request.Problem is { } wrong ? AdminResult.Of(wrong)
            : CommandConsole.Run((console, ct) => backup.RunAsync(to, withoutKey, skipLost, console, ct));
    }

    /// <summary>Looks for faults in everything that is stored.</summary>
    public AdminResult Check(RequestReader request)
    {
        var deep = request.OptionalFlag("deep") ?? false;
        return request.Problem is { } wrong ? AdminResult.Of(wrong)
            : CommandConsole.Run((console, ct) => check.RunAsync(deep, console, ct));
    }

    /// <summary>Begins a new epoch: every client fetches its whole state anew, on every node within a second.</summary>
    public async Task<AdminResult> NewEpochAsync(CancellationToken ct)
    {
        await events.RenewEpochAsync();
        await events.RefreshAsync(ct);
        return AdminResult.Of(new NewEpoch(events.Epoch), AccountJson.Default.NewEpoch);
    }

    /// <summary>All accounts, oldest first, read page by page while they are written.</summary>
    public AdminResult ListUsers() =>
        AdminResult.Of(ReadUsersAsync(), AccountJson.Default.IAsyncEnumerableAccountInfo);

    async IAsyncEnumerable<AccountInfo> ReadUsersAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        for (string? after = null; ;)
        {
            var page = await users.ListAsync(after, Page.MostItems, ct);
            foreach (var account in page)
                yield return AccountInfo.Of(account);
            if (page.Count < Page.MostItems)
                break;
            after = page[^1].Id;
        }
    }

    async Task<(Account?, Problem?)> FindAsync(RequestReader request, CancellationToken ct)
    {
        var username = request.Text("username", 1, Credentials.MaxEmailLength);
        return request.Problem is { } wrong ? (null, wrong)
            : await users.FindByLoginAsync(username, ct) is { } account ? (account, null)
            : (null, Problems.NotFound with { Detail = "No such user" });
    }

    async Task<AdminResult> AnswerAsync(string userId, CancellationToken ct) =>
        await users.FindAsync(userId, ct) is { } account
            ? AdminResult.Of(AccountInfo.Of(account), AccountJson.Default.AccountInfo)
            : AdminResult.Of(Problems.NotFound); // erased in the same moment
}
