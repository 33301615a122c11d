using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>The ways to a session of our own but for a password, by their <c>grant_type</c>.</summary>
sealed class Grants(RefreshSession refresh, ExchangeToken exchange, RedeemCode redeem)
{
    public const string Password = "password";
    public const string RefreshToken = "refresh_token";

    /// <summary>Every way, the password first.</summary>
    public static string[] All => [Password, RefreshToken, ExchangeToken.GrantType, RedeemCode.GrantType];

    public Task<IResult> HandleAsync(string grant, HttpContext http, RequestReader request, CancellationToken ct) =>
        grant switch
        {
            RefreshToken => refresh.HandleAsync(http, request),
            ExchangeToken.GrantType => exchange.HandleAsync(http, request, ct),
            _ => redeem.HandleAsync(http, request, ct),
        };
}
