using Microsoft.AspNetCore.Http;

namespace Cote.Users;

/// <summary>
/// <c>GET /.well-known/jwks.json</c>: the public keys of our access tokens, so that other services can check them.
/// </summary>
static class GetKeys
{
    public static IResult Handle(HttpContext http, Es256Keys keys)
    {
        http.Response.Headers.CacheControl = "public, max-age=300";
        return ApiResults.Json(keys.KeySet, UsersJson.Default.KeySet);
    }
}
