using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// <c>PATCH /users/me</c>: a new name, address or password, or instructions for every chat. A new password ends the
/// other sessions. Only the instructions have a default: <c>null</c> removes them, and means absent for the others.
/// </summary>
static class UpdateMe
{
    public const int LongestInstructions = 8_000;

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, UserStore users, Passwords passwords, LoginThrottle throttle,
        Revocations revocations, ApiKeyStore keys, Audit audit, Database db, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        if (await users.FindAsync(current.Id, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidToken);
        var username = request.HasValue("username") ? Credentials.Username(request) : account.User.Username;
        var email = request.HasValue("email") ? Credentials.Email(request) : account.User.Email;
        var password = request.HasValue("password") ? Credentials.Password(request, username, email) : null;
        var instructions = request.Has("instructions")
            ? request.OptionalText("instructions", 0, LongestInstructions) : account.User.Instructions;
        var given = password is null ? null : request.Text("current_password", 0, 1_024);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (given is not null
            && await CheckCurrentAsync(account, given, http, current, passwords, throttle, audit, ct) is { } refusal)
            return ApiResults.Of(refusal);

        var batch = new WriteBatch();
        UserStore.SetNames(batch, current.Id, username, email);
        if (username != account.User.Username || email != account.User.Email)
            audit.Add(batch, AuditActions.AccountChanged, current.Id, http);
        if (request.Has("instructions"))
            UserStore.Set(batch, current.Id, $"instructions = {instructions}");
        Query<RevokedSession>? revoked = null;
        if (password is not null)
        {
            UserStore.Set(batch, current.Id, $"password_hash = {await passwords.HashAsync(password, ct)}");
            revoked = revocations.Add(batch, $"s.user_id = {current.Id} and s.id <> {current.SessionId}");
            MailStore.EndCodes(batch, current.Id, MailPurposes.Reset, clock.Now);
            audit.Add(batch, AuditActions.PasswordChanged, current.Id, http);
        }
        if (await IsEmailTakenAsync(users, account, email, ct) || await db.WriteAsync(batch) == Outcome.Conflict)
            return ApiResults.Of(await ConflictAsync(users, account, username, ct));
        if (revoked is not null)
            revocations.Apply(revoked);

        long? working = password is null ? null : await keys.CountAsync(current.Id, clock.Now, ct);
        var isVerified = account.User.EmailVerified && UserStore.Fold(email) == UserStore.Fold(account.User.Email);
        return ApiResults.Json(
            new User(current.Id, username, email, instructions, isVerified, working), UsersJson.Default.User);
    }

    static async Task<Problem?> CheckCurrentAsync(
        Account account, string given, HttpContext http, CurrentUser current, Passwords passwords,
        LoginThrottle throttle, Audit audit, CancellationToken ct)
    {
        var (attempt, tooMany) = throttle.BeginInSession(current);
        if (attempt is null)
            return tooMany;
        using var guess = attempt;
        if ((await passwords.VerifyAsync(account.PasswordHash, given, ct)).Right)
            return null;
        guess.WasWrong();
        await audit.WriteAsync(AuditActions.LoginFailed, account.Id, http, "wrong current password");
        return Problems.WrongCurrentPassword;
    }

    // The unique index compares one form; an account made before hosts were punycode holds the other.
    static async Task<bool> IsEmailTakenAsync(UserStore users, Account account, string email, CancellationToken ct) =>
        UserStore.Fold(email) != UserStore.Fold(account.User.Email)
        && await users.IsEmailTakenAsync(email, account.Id, ct);

    static async Task<Problem> ConflictAsync(UserStore users, Account account, string username, CancellationToken ct) =>
        UserStore.Fold(username) != UserStore.Fold(account.User.Username)
        && await users.IsUsernameTakenAsync(username, ct)
            ? Problems.UsernameTaken
            : Problems.EmailTaken;
}
