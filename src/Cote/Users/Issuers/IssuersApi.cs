using Cote.Http;

namespace Cote.Users;

/// <summary>What the OpenAPI document says of issuers beyond its types.</summary>
static class IssuersApi
{
    public static void Describe(ApiDocument api)
    {
        api.Schema<Identity>().Note("issuer", "Its name here").Note("email", "As the issuer had verified it");
        api.Schema<NewIdentity>().OneOf("subject_token_type", ExchangeToken.IdToken)
            .Note("subject_token", "An id token of an issuer")
            .Example($$"""{"subject_token":"eyJ…","subject_token_type":"{{ExchangeToken.IdToken}}"}""");
        api.Operation(nameof(LinkIdentity)).Refuses(Problems.IdentityTaken, Problems.Unavailable);
        api.Operation(nameof(BeginBrowserLogin)).Refuses(Problems.NotFound)
            .Note("Redirects to the issuer. A `redirect_uri` that is not on the list is a page with status 400.");
        api.Operation(nameof(EndBrowserLogin))
            .Note("Redirects to the app with `code` and `state`, or with `error` and `state`.");
    }
}
