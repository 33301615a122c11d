using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>The body of <c>POST /password/reset</c>.</summary>
sealed record NewPassword(string Code, string Password);

/// <summary>What a reset answers: how many API keys go on working.</summary>
sealed record PasswordWasReset(bool Success, long ApiKeys);

/// <summary><c>POST /password/reset</c>: a new password by a code of a mail. Every session ends.</summary>
static class ResetPassword
{
    public static async Task<IResult> Handle(
        HttpContext http, UserStore users, Passwords passwords, Revocations revocations, ApiKeyStore keys, Audit audit,
        Database db, MailOptions options, Clock clock, CancellationToken ct)
    {
        if (!options.IsConfigured)
            return ApiResults.Of(Problems.MailNotConfigured);
        var request = await Body.ReadAsync(http);
        var code = request.Text("code", 0, MailCode.LongestTyped);
        var password = request.Text(
            "password", Credentials.ShortestPassword, Credentials.LongestPassword, TypedText.Password);
        if (request.Problem is { } unreadable)
            return ApiResults.Of(unreadable);
        var (hash, now) = (MailCode.HashOf(code), clock.Now);
        if (await users.FindByCodeAsync(hash, MailPurposes.Reset, now, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidCode);
        if (Passwords.WhyWeak(password, account.User.Username, account.User.Email) is { } weak)
            request.AddError("password", weak);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        var hashed = await passwords.HashAsync(password, ct);
        var batch = new WriteBatch();
        // First: a login by the old password that has the row makes its session before they are ended.
        batch.Lock($"select 1 from users where id = {account.Id}");
        MailStore.Lock(batch, hash);
        Sql mayReset = $"""
            u.id = {account.Id} and u.disabled_at is null and u.erased_at is null
              and {MailStore.Works(hash, MailPurposes.Reset, now)}
            """;
        Sql itMay = $"exists (select 1 from users u where {mayReset})";
        // All of these look at the code, which the last statement ends.
        var revoked = revocations.Add(batch, $"s.user_id = {account.Id} and {itMay}");
        audit.Add(batch, AuditActions.PasswordReset, account.Id, http, "by mail", itMay);
        // A code that came by mail has shown that the address is the user's.
        var changed = batch.Execute(
            $"update users as u set password_hash = {hashed}, email_verified = 1 where {mayReset}");
        MailStore.EndCodes(batch, account.Id, MailPurposes.Reset, now);
        await db.WriteAsync(batch);
        if (changed.Changed == 0)
            return ApiResults.Of(Problems.InvalidCode); // it was used in the same moment
        revocations.Apply(revoked);

        return ApiResults.Json(
            new PasswordWasReset(true, await keys.CountAsync(account.Id, now, ct)),
            UsersJson.Default.PasswordWasReset);
    }
}
