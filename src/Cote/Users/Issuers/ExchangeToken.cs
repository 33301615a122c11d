using Cote.Http;
using Cote.Primitives;
using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// <c>POST /token</c> with <c>grant_type=urn:ietf:params:oauth:grant-type:token-exchange</c> (RFC 8693): an id token of
/// an issuer becomes a session.
/// </summary>
sealed class ExchangeToken(
    IssuerTokenReader reader, FirstSight firstSight, IssuerSessions sessions)
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:token-exchange";
    public const string IdToken = "urn:ietf:params:oauth:token-type:id_token";

    const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    public async Task<IResult> HandleAsync(HttpContext http, RequestReader request, CancellationToken ct)
    {
        var subjectToken = ReadToken(request);
        var device = LogIn.ReadDevice(request, http);
        if (request.Problem is { } wrong)
            return ApiResults.Of(wrong);
        var (token, bad) = await reader.ReadAsync(subjectToken, TokenDoor.Id, ct);
        if (token is null)
            return ApiResults.Of(bad!);
        var (standing, problem) = await firstSight.FindAsync(token, http, isNewLogin: false, ct);
        if (problem is not null)
            return ApiResults.Of(problem);

        return await sessions.BeginAsync(standing.UserId!, token.Issuer.Name, device, http, token, AccessToken);
    }

    /// <summary>The id token of a request, with its type.</summary>
    public static string ReadToken(RequestReader request)
    {
        var token = request.Text("subject_token", 1, IssuerTokenReader.MaxLength);
        if (!request.HasValue("subject_token_type"))
            request.Text("subject_token_type", 1, 1);
        request.OptionalChoice("subject_token_type", IdToken);
        return token;
    }
}
