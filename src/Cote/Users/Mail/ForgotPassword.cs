using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Users;

/// <summary>The body of <c>POST /password/forgot</c>.</summary>
sealed record ForgottenPassword(string Email);

/// <summary>
/// <c>POST /password/forgot</c>: asks for a mail with a code. Whether the address has an account is not looked up
/// here, so neither the answer nor its time tells.
/// </summary>
static class ForgotPassword
{
    public static async Task<IResult> Handle(
        HttpContext http, MailStore mails, MailLoop loop, MailOptions options, Clock clock,
        ILogger<MailLoop> log)
    {
        if (!options.IsConfigured)
            return ApiResults.Of(Problems.MailNotConfigured);
        var request = await Body.ReadAsync(http);
        var email = Credentials.Email(request);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);

        if (!await mails.AddAsync(clock.NewId(), MailPurposes.Reset, null, email, clock.Now))
            log.MailDropped();
        loop.Wake();

        return ApiResults.Success;
    }
}
