using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>The body of <c>POST /users/me/verify-email</c>; none at all asks for a mail.</summary>
sealed record EmailCode(string? Code = null);

/// <summary>
/// <c>POST /users/me/verify-email</c>: without a code mails one to the user's address, with it the address is verified.
/// </summary>
static class VerifyEmail
{
    static readonly Problem TooManyMails = Problems.TooManyRequests with
    {
        Detail = "Several mails were sent to this address; look for the newest, or wait",
        RetryAfter = TimeSpan.FromMinutes(10),
    };

    public static async Task<IResult> Handle(
        HttpContext http, CurrentUser current, UserStore users, MailStore mails, MailLoop loop, Audit audit,
        Database db, MailOptions options, Clock clock, CancellationToken ct)
    {
        if (!options.IsConfigured)
            return ApiResults.Of(Problems.MailNotConfigured);
        var request = await Body.ReadOptionalAsync(http);
        var code = request.OptionalText("code", 0, MailCode.LongestTyped);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (await users.FindAsync(current.Id, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidToken);
        if (code is null)
            return await AskAsync(account, mails, loop, clock, ct);

        var (hash, now) = (MailCode.HashOf(code), clock.Now);
        var batch = new WriteBatch();
        batch.Lock($"select 1 from users where id = {current.Id}");
        MailStore.Lock(batch, hash);
        Sql works = MailStore.Works(hash, MailPurposes.Verify, now);
        audit.Add(batch, AuditActions.EmailVerified, current.Id, http, guard: $"""
            exists (select 1 from users u
              where u.id = {current.Id} and u.erased_at is null and u.email_verified = 0 and {works})
            """);
        var verified = batch.Execute($"""
            update users as u set email_verified = 1
            where u.id = {current.Id} and u.erased_at is null and {works}
            """);
        // Only where it was one: a wrong guess must not end the right code.
        batch.Execute($"""
            update mail_codes set used_at = {now} where user_id = {current.Id} and purpose = {MailPurposes.Verify}
              and used_at is null and exists (select 1 from mail_codes c where c.hash = {hash}
              and c.user_id = {current.Id} and c.purpose = {MailPurposes.Verify} and c.expires_at > {now})
            """);
        await db.WriteAsync(batch);
        return verified.Changed == 0 ? ApiResults.Of(Problems.InvalidCode) : ApiResults.Success;
    }

    static async Task<IResult> AskAsync(
        Account account, MailStore mails, MailLoop loop, Clock clock, CancellationToken ct)
    {
        if (account.User.EmailVerified)
            return ApiResults.Success;
        if (await mails.CountRecentAsync(account.Id, MailPurposes.Verify, "", clock.Now, ct) >= MailLoop.MostAnHour)
            return ApiResults.Of(TooManyMails);
        if (!await mails.AddAsync(
            clock.NewId(), MailPurposes.Verify, account.Id, account.User.Email, clock.Now))
            return ApiResults.Of(Problems.Busy);
        loop.Wake();
        return ApiResults.Success;
    }
}
