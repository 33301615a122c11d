using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// <c>POST /token</c> with <c>grant_type=authorization_code</c>: the code of a browser login becomes a session, for
/// whoever began it.
/// </summary>
sealed class RedeemCode(BrowserLoginStore logins, UserStore users, IssuerSessions sessions, Clock clock)
{
    public const string GrantType = "authorization_code";

    public async Task<IResult> HandleAsync(HttpContext http, RequestReader request, CancellationToken ct)
    {
        var code = request.Text("code", 1, 100);
        var verifier = request.Text("code_verifier", 43, 128);
        var redirectUri = request.Text("redirect_uri", 1, 2_000);
        var device = LogIn.ReadDevice(request, http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        if (await logins.TakeCodeAsync(code, clock.Now) is not { } login || login.RedirectUri != redirectUri
            || !IsOf(login.Challenge, verifier) || await users.FindAsync(login.UserId, ct) is not { } account)
            return ApiResults.Of(Problems.InvalidCode);
        if (account.DisabledAt is not null)
            return ApiResults.Of(Problems.AccountDisabled with { Status = 401 });

        return await sessions.BeginAsync(account.Id, login.Issuer, device, http);
    }

    static bool IsOf(string challenge, string verifier) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(challenge), Encoding.UTF8.GetBytes(CodeFlow.ChallengeOf(verifier)));
}
