using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Cote.Tests.Harness;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;

namespace Cote.Tests.Users;

/// <summary>All three doors with tokens that a real provider has made: OpenIddict, in this process.</summary>
public sealed class OpenIddictTests : IAsyncLifetime
{
    const string App = "com.example.app:/login";
    const string Verifier = "a-verifier-of-an-app-that-is-long-enough-to-be-one";
    const string ClientSecret = "the secret of the client/&+";

    WebApplication _issuer = null!;
    CoteApp _app = null!;
    HttpClient _browser = null!;

    string Authority => _issuer.Urls.First() + "/";

    public async ValueTask InitializeAsync()
    {
        _issuer = await StartIssuerAsync();
        _app = await CoteApp.StartAsync($"Auth:Issuers:real:Authority={Authority}", "Auth:Issuers:real:Audience=api",
            "Auth:Issuers:real:ClientId=cote", $"Auth:Issuers:real:ClientSecret={ClientSecret}",
            "Auth:Issuers:real:Register=true", $"Auth:RedirectUris={App}");
        _browser = new(new SocketsHttpHandler { AllowAutoRedirect = false });
        // Its first answers compile it: that takes longer on a busy machine than an issuer may take.
        foreach (var path in new[] { ".well-known/openid-configuration", ".well-known/jwks" })
            (await _browser.GetAsync(Authority + path)).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _app.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Fact]
    public async Task A_browser_login_its_PKCE_included_ends_in_a_session()
    {
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        var page = await LocationOfAsync($"{_app.Url}auth/real?redirect_uri={Uri.EscapeDataString(App)}&state=s"
            + $"&code_challenge={challenge}&code_challenge_method=S256");
        page.ShouldStartWith(Authority, Case.Sensitive, string.Join('\n', _app.Logs));
        var callback = await LocationOfAsync(page);
        callback.ShouldStartWith($"{_app.Url}auth/real/callback?");
        var back = await LocationOfAsync(callback);

        back.ShouldStartWith(App + "?code=", Case.Sensitive, string.Join('\n', _app.Logs));
        var code = QueryHelpers.ParseQuery(back[back.IndexOf('?')..])["code"].ToString();
        using var ada = _app.Anonymous();
        ada.Token = (await ada.FormAsync("/token", ("grant_type", "authorization_code"), ("code", code),
            ("code_verifier", Verifier), ("redirect_uri", App))).Ok()["access_token"];
        var me = (await ada.GetAsync("/users/me")).Ok();
        (me["username"], me["email"]).ShouldBe(("ada.lovelace", "ada@example.com"));
        (await _browser.GetAsync(callback)).StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Its_access_token_is_a_bearer_its_id_token_is_exchanged_and_neither_is_the_other()
    {
        var tokens = await TokensAsync();
        using var bearer = _app.Anonymous();
        bearer.Token = tokens["access_token"];
        using var wrong = _app.Anonymous();
        wrong.Token = tokens["id_token"];

        var id = (await bearer.GetAsync("/users/me")).Ok()["id"];
        await using (var socket = await bearer.ConnectAsync())
            socket.Ready.Data.Text("user_id").ShouldBe(id);
        (await wrong.GetAsync("/users/me")).ErrorCode.ShouldBe("invalid_token");
        (await ExchangeAsync(tokens["access_token"])).ErrorCode.ShouldBe("invalid_token");
        using var exchanged = _app.Anonymous();
        exchanged.Token = (await ExchangeAsync(tokens["id_token"])).Ok()["access_token"];

        (await exchanged.GetAsync("/users/me")).Ok()["id"].ShouldBe(id);
        (await bearer.GetAsync("/sessions/")).Ok().Json.EnumerateArray().Select(x => x.Text("issuer"))
            .ShouldBe(["real", "real"]);
    }

    async Task<Reply> ExchangeAsync(string token)
    {
        using var nobody = _app.Anonymous();
        return await nobody.FormAsync("/token", ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token), ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"));
    }

    async Task<string> LocationOfAsync(string url)
    {
        using var answer = await _browser.GetAsync(url);
        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync());
        return answer.Headers.Location!.OriginalString;
    }

    // As an app gets them that logs in at the provider by itself.
    async Task<Reply> TokensAsync()
    {
        using var provider = new CoteClient(new(Authority));
        return (await provider.FormAsync("/connect/token", ("grant_type", "password"), ("username", "ada"),
            ("password", "a"), ("client_id", "cote"), ("client_secret", ClientSecret),
            ("scope", "openid profile email"))).Ok();
    }

    static async Task<WebApplication> StartIssuerAsync()
    {
        var url = $"http://127.0.0.1:{Ports.Free()}";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddAuthentication();
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.SetIssuer(new Uri(url + "/"));
            server.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token");
            server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange().AllowPasswordFlow();
            server.RegisterScopes("openid", "profile", "email");
            server.AddEphemeralEncryptionKey().AddEphemeralSigningKey().DisableAccessTokenEncryption();
            server.EnableDegradedMode();
            server.UseAspNetCore().DisableTransportSecurityRequirement()
                .EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough();
            server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(x => x.UseInlineHandler(
                context =>
                {
                    if (context.ClientId != "cote")
                        context.Reject("invalid_client");
                    return default;
                }));
            server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(x => x.UseInlineHandler(
                context =>
                {
                    if (context.ClientId != "cote" || context.ClientSecret != ClientSecret)
                        context.Reject("invalid_client");
                    return default;
                }));
        });
        var app = builder.Build();
        app.UseAuthentication();
        app.MapGet("/connect/authorize", SignInAsync);
        app.MapPost("/connect/token", async http =>
        {
            if (http.GetOpenIddictServerRequest()!.IsPasswordGrantType())
            {
                await SignInAsync(http);
                return;
            }
            var known = await http.AuthenticateAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
            await http.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, known.Principal!);
        });
        await app.StartAsync();
        return app;
    }

    static Task SignInAsync(HttpContext http)
    {
        var identity = new ClaimsIdentity("test", "name", "role");
        identity.SetClaim("sub", "4711").SetClaim("preferred_username", "Ada.Lovelace")
            .SetClaim("email", "ada@example.com").SetClaim("email_verified", true);
        var principal = new ClaimsPrincipal(identity);
        principal.SetScopes("openid", "profile", "email").SetResources("api");
        principal.SetDestinations(_ => ["access_token", "id_token"]);
        return http.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, principal);
    }
}
