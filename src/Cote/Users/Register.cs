using System.Security.Cryptography;
using System.Text;
using Cote.Http;
using Cote.Notices;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary><c>POST /users/</c>: creates an account.</summary>
static class Register
{
    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, Passwords passwords, Audit audit, Database db, RateLimits limits,
        AuthOptions options, Outbox outbox, Clock clock, CancellationToken ct)
    {
        var request = await Body.ReadAsync(http);
        var username = Credentials.Username(request);
        var email = Credentials.Email(request);
        var password = Credentials.Password(request, username, email);
        var code = request.OptionalText("invitation_code", 0, 1_000);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (Refusal(options, code) is { } refusal)
            // A wrong code may be a guess at it: it costs as much as an account.
            return ApiResults.Of(
                refusal == Problems.WrongInvitation ? limits.Acquire(Limit.Registration, http) ?? refusal : refusal);
        if (await Credentials.FindConflictAsync(users, username, email, ct) is { } taken)
            return ApiResults.Of(taken);
        // Only from here on it counts: what an office mistypes must not keep the office from registering.
        if (limits.Acquire(Limit.Registration, http) is { } tooMany)
            return ApiResults.Of(tooMany);

        var user = new User(clock.NewId(), username, email);
        var hash = await passwords.HashAsync(password, ct);
        var batch = new WriteBatch();
        UserStore.Add(batch, user, hash, Roles.User, clock.Now);
        outbox.Add(batch, NoticeTypes.UserCreated, user.Id, clock.Now);
        audit.Add(batch, AuditActions.Registered, user.Id, http);
        if (await db.WriteAsync(batch) == Outcome.Conflict)
            return ApiResults.Of(await Credentials.FindConflictAsync(users, username, email, ct) ?? Problems.Busy);

        return ApiResults.Json(user, UsersJson.Default.User);
    }

    static Problem? Refusal(AuthOptions options, string? code) => options.Registration switch
    {
        "closed" => Problems.RegistrationClosed,
        "invitation" when code is null || options.InvitationCode is null || !CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(code), Encoding.UTF8.GetBytes(options.InvitationCode.Reveal())) =>
            Problems.WrongInvitation,
        _ => null,
    };
}
