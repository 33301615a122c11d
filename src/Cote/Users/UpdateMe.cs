using Cote.Data;
using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>PATCH /users/me</c>: a new name, address or password. A new password ends the other sessions.</summary>
static class UpdateMe
{
    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, UserStore users, Passwords passwords, Revocations revocations, Audit audit,
        Database db, RateLimits limits, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        if (await users.FindAsync(current.Id, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidToken);
        var username = request.Has("username") ? Credentials.Username(request) : account.User.Username;
        var email = request.Has("email") ? Credentials.Email(request) : account.User.Email;
        var password = request.Has("password") ? Credentials.Password(request, username, email) : null;
        var given = password is null ? null : request.Text("current_password", 0, 1_024);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (given is not null)
        {
            // A stolen token must not be enough to try passwords with.
            if (limits.AcquireLogin(UserStore.Fold(account.User.Username)) is { } tooMany)
                return ApiResults.Of(tooMany);
            if (!(await passwords.VerifyAsync(account.PasswordHash, given, ct)).Right)
            {
                await audit.WriteAsync(AuditActions.LoginFailed, account.Id, http, "wrong current password");
                return ApiResults.Of(Problems.WrongCurrentPassword);
            }
        }

        var batch = new WriteBatch();
        UserStore.Set(batch, current.Id, $"""
            username = {username}, username_key = {UserStore.Fold(username)}, email = {email}, email_key = {UserStore.Fold(email)}
            """);
        if (username != account.User.Username || email != account.User.Email)
            audit.Add(batch, AuditActions.AccountChanged, current.Id, http);
        Query<string>? ended = null;
        if (password is not null)
        {
            UserStore.Set(batch, current.Id, $"password_hash = {await passwords.HashAsync(password, ct)}");
            ended = revocations.Add(batch, $"s.user_id = {current.Id} and s.id <> {current.SessionId}");
            audit.Add(batch, AuditActions.PasswordChanged, current.Id, http);
        }
        if (await db.WriteAsync(batch) == Outcome.Conflict)
            return ApiResults.Of(await ConflictAsync(users, account, username, email, ct));
        if (ended is not null)
            revocations.Apply(ended);

        return ApiResults.Json(new User(current.Id, username, email), UsersJson.Default.User);
    }

    static async Task<Problem> ConflictAsync(UserStore users, Account account, string username, string email, CancellationToken ct) =>
        UserStore.Fold(username) != UserStore.Fold(account.User.Username) && await users.IsUsernameTakenAsync(username, ct)
            ? Problems.UsernameTaken
            : Problems.EmailTaken;
}
