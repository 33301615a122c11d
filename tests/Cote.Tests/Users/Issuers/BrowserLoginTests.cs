using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.WebUtilities;

namespace Cote.Tests.Users;

/// <summary>The browser login, with an issuer whose pages the test plays itself.</summary>
public sealed class BrowserLoginTests(IssuerApp shared) : IClassFixture<IssuerApp>
{
    const string App = "com.example.app:/login";
    const string Verifier = "a-verifier-of-an-app-that-is-long-enough-to-be-one";

    readonly string _subject = IssuerApp.NewSubject();

    static string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    [Theory]
    [InlineData(App)]
    [InlineData("http://127.0.0.1/back")]
    [InlineData("http://127.0.0.1:53124/back")]
    public async Task A_browser_leads_an_app_to_a_session(string app)
    {
        var sent = await BeginAsync(app);
        sent["response_type"].ShouldBe("code");
        sent["client_id"].ShouldBe("app");
        sent["scope"].ShouldContain("openid");
        sent["code_challenge_method"].ShouldBe("S256");
        sent["redirect_uri"].ShouldBe($"{shared.App.Url}auth/home/callback");
        Answer(sent["nonce"]);

        var back = await ReturnAsync($"?code=theirs&state={sent["state"]}");

        back.Status.ShouldBe(302);
        back.Header("Cache-Control").ShouldBe("no-store");
        back.Header("Referrer-Policy").ShouldBe("no-referrer");
        var location = back.Header("Location")!;
        location.ShouldStartWith(app + "?");
        var query = QueryOf(location);
        query["state"].ShouldBe("state of the app/&=");
        var form = shared.Home.Redeemed.Last(x => x["code"] == "theirs");
        form["redirect_uri"].ShouldBe(sent["redirect_uri"]);
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"])))
            .ShouldBe(sent["code_challenge"]);
        var tokens = (await RedeemAsync(query["code"], app)).Ok();
        using var ada = shared.With(tokens["access_token"]);
        (await ada.GetAsync("/users/me")).Ok()["username"].ShouldBe(_subject);
        var session = (await ada.GetAsync("/sessions/")).Ok().Json.EnumerateArray().Single();
        (session.Text("issuer"), session.Text("device")).ShouldBe(("home", "Ada's phone"));
        using var nobody = shared.App.Anonymous();
        (await nobody.FormAsync(
            "/token", ("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]))).Ok();
    }

    [Theory]
    [InlineData("the right one", 200)]
    [InlineData("used", 400)]
    [InlineData("another verifier", 400)]
    [InlineData("another address", 400)]
    [InlineData("another port", 400)]
    [InlineData("after a minute", 400)]
    [InlineData("the challenge itself", 400)]
    [InlineData("a code of the issuer", 400)]
    public async Task A_code_works_once_for_a_minute_and_for_whoever_began(string kind, int status)
    {
        var app = kind == "another port" ? "http://127.0.0.1:53124/back" : App;
        var code = await CodeAsync(app);
        if (kind == "used")
            (await RedeemAsync(code, app)).Ok();
        if (kind == "after a minute")
            shared.Time.Shift += TimeSpan.FromSeconds(61);

        var reply = kind switch
        {
            "another verifier" => await RedeemAsync(code, app, Verifier + "x"),
            "another address" => await RedeemAsync(code, "http://127.0.0.1/back"),
            "another port" => await RedeemAsync(code, "http://127.0.0.1:53125/back"),
            "the challenge itself" => await RedeemAsync(code, app, Challenge),
            "a code of the issuer" => await RedeemAsync("theirs", app),
            _ => await RedeemAsync(code, app),
        };

        reply.Status.ShouldBe(status);
        if (status == 400)
        {
            reply.ShouldBeProblem(400, "invalid_code", "The code is wrong, was used or has expired; get a new one");
            // A wrong guess spends a code.
            (await RedeemAsync(code, app)).Status.ShouldBe(kind == "a code of the issuer" ? 200 : 400);
        }
    }

    [Theory]
    [InlineData("code_verifier", "body.code_verifier missing")]
    [InlineData("redirect_uri", "body.redirect_uri missing")]
    [InlineData("code", "body.code missing")]
    public async Task A_code_without_what_belongs_to_it_is_a_422(string missing, string wrong)
    {
        using var nobody = shared.App.Anonymous();
        (string Name, string Value)[] form =
        [
            ("grant_type", "authorization_code"), ("code", "a"), ("code_verifier", Verifier), ("redirect_uri", App),
        ];

        (await nobody.FormAsync("/token", [.. form.Where(x => x.Name != missing)])).ShouldBeWrong(wrong);
    }

    [Theory]
    [InlineData("")]
    [InlineData("com.example.app:/login/")]
    [InlineData("com.example.app:/Login")]
    [InlineData("com.example.app:/login?x=1")]
    [InlineData("https://eve.example/back")]
    [InlineData("http://127.0.0.1:1@eve.example/back")]
    [InlineData("http://127.0.0.1:1:2/back")]
    [InlineData("http://127.0.0.1:123456/back")]
    [InlineData("http://127.0.0.1.eve.example/back")]
    [InlineData("http://localhost/back")]
    [InlineData("http://[::1]/back")]
    [InlineData("https://127.0.0.1/back")]
    [InlineData("http://127.0.0.1/back#")]
    [InlineData("http://127.0.0.1/back\r\nx: y")]
    [InlineData("javascript:alert(1)")]
    public async Task To_an_address_that_is_not_on_the_list_nothing_is_sent(string app)
    {
        using var browser = shared.App.Anonymous();

        var reply = await browser.GetAsync(Path(app));

        reply.Status.ShouldBe(400);
        reply.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        reply.Header("Location").ShouldBeNull();
        reply.Header("Cache-Control").ShouldBe("no-store");
        reply.Text.ShouldNotContain("eve");
    }

    [Theory]
    [InlineData("state", "query.state missing")]
    [InlineData("code_challenge", "query.code_challenge missing")]
    [InlineData("code_challenge_method", "query.code_challenge_method missing")]
    public async Task A_login_without_PKCE_or_state_is_not_begun(string missing, string wrong)
    {
        using var browser = shared.App.Anonymous();
        var path = string.Join('&', Path(App).Split('&').Where(x => !x.StartsWith(missing + '=')));

        (await browser.GetAsync(path)).ShouldBeWrong(wrong);
        (await browser.GetAsync(Path(App).Replace("S256", "plain", StringComparison.Ordinal)))
            .ShouldBeWrong("query.code_challenge_method value_error");
        (await browser.GetAsync(Path(App).Replace("/home", "/nobody", StringComparison.Ordinal))).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("twice")]
    [InlineData("at another issuer")]
    [InlineData("after ten minutes")]
    [InlineData("never begun")]
    [InlineData("without a state")]
    public async Task What_comes_back_counts_once_within_ten_minutes_and_from_where_it_went(string kind)
    {
        var sent = await BeginAsync(App);
        Answer(sent["nonce"]);
        if (kind == "twice")
            (await ReturnAsync($"?code=theirs&state={sent["state"]}")).Status.ShouldBe(302);
        if (kind == "after ten minutes")
            shared.Time.Shift += TimeSpan.FromSeconds(601);
        var redeemed = shared.Home.Redeemed.Count;

        var back = kind switch
        {
            "at another issuer" => await ReturnAsync($"?code=theirs&state={sent["state"]}", "other"),
            "never begun" => await ReturnAsync("?code=theirs&state=made-up"),
            "without a state" => await ReturnAsync("?code=theirs"),
            _ => await ReturnAsync($"?code=theirs&state={sent["state"]}"),
        };

        back.Status.ShouldBe(400);
        back.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        (shared.Home.Redeemed.Count, shared.Other.Redeemed.Count).ShouldBe((redeemed, 0));
    }

    [Theory]
    [InlineData("denied", "access_denied")]
    [InlineData("an error of the issuer", "server_error")]
    [InlineData("no code", "server_error")]
    [InlineData("the code refused", "server_error")]
    [InlineData("the issuer away", "server_error")]
    [InlineData("no id token", "server_error")]
    [InlineData("another nonce", "server_error")]
    [InlineData("no nonce", "server_error")]
    [InlineData("a token for another client", "server_error")]
    [InlineData("a forged token", "server_error")]
    [InlineData("a token of another issuer", "server_error")]
    [InlineData("an answer of another issuer", "server_error")]
    public async Task What_fails_goes_back_to_the_app_as_one_of_two_words(string kind, string error)
    {
        var sent = await BeginAsync(App);
        Answer(sent["nonce"], kind);

        var back = await ReturnAsync($"?state={sent["state"]}&" + kind switch
        {
            "denied" => "error=access_denied&error_description=no",
            "an error of the issuer" => "error=%3Cscript%3E",
            "no code" => "x=y",
            "an answer of another issuer" => $"code=theirs&iss={Uri.EscapeDataString(shared.Other.Url)}",
            _ => "code=theirs",
        });

        shared.Home.IsAway = false;
        back.Header("Location").ShouldBe($"{App}?error={error}&state=state%20of%20the%20app%2F%26%3D");
        (await shared.App.RowsAsync())["identities"].ShouldNotContain(x => x.Contains(_subject));
        shared.App.Logs.ShouldNotContain(x => x.Contains("theirs") || x.Contains("<script>"));
    }

    [Fact]
    public async Task Whom_an_issuer_may_not_make_is_denied_and_a_secret_is_shown_to_its_token_endpoint_alone()
    {
        await using var app = await IssuerApp.StartAsync(
            "Auth:Issuers:home:Register=false", "Auth:Issuers:home:ClientSecret=s:ecret");
        var login = new BrowserLoginTests(app);
        var sent = await login.BeginAsync(App);
        login.Answer(sent["nonce"]);

        (await login.ReturnAsync($"?code=theirs&state={sent["state"]}")).Header("Location")!
            .ShouldStartWith($"{App}?error=access_denied&");
        app.Home.Redeemed.Single()["Authorization"].ShouldBe(
            "Basic " + Convert.ToBase64String("app:s%3Aecret"u8));
        string.Join('\n', app.App.Logs).ShouldNotContain("s:ecret");
    }

    [Fact]
    public async Task While_the_issuer_is_away_the_app_is_told_at_once()
    {
        await using var app = await IssuerApp.StartAsync();
        app.Home.IsAway = true;
        using var browser = app.App.Anonymous();

        (await browser.GetAsync(Path(App))).Header("Location")!.ShouldStartWith($"{App}?error=server_error&state=");
    }

    static string Path(string app) => $"/auth/home?redirect_uri={Uri.EscapeDataString(app)}"
        + $"&state={Uri.EscapeDataString("state of the app/&=")}&code_challenge={Challenge}&code_challenge_method=S256";

    // What the issuer's page gets.
    async Task<Dictionary<string, string>> BeginAsync(string app)
    {
        using var browser = shared.App.Anonymous();
        var sent = await browser.GetAsync(Path(app));
        sent.Status.ShouldBe(302, sent.Text);
        sent.Header("Cache-Control").ShouldBe("no-store");
        sent.Header("Location")!.ShouldStartWith(shared.Home.Url + "/authorize?");
        return QueryOf(sent.Header("Location")!);
    }

    async Task<Reply> ReturnAsync(string query, string issuer = "home")
    {
        using var browser = shared.App.Anonymous();
        return await browser.GetAsync($"/auth/{issuer}/callback{query}");
    }

    async Task<string> CodeAsync(string app)
    {
        var sent = await BeginAsync(app);
        Answer(sent["nonce"]);
        return QueryOf((await ReturnAsync($"?code=theirs&state={sent["state"]}")).Header("Location")!)["code"];
    }

    async Task<Reply> RedeemAsync(string code, string app, string verifier = Verifier)
    {
        using var nobody = shared.App.Anonymous();
        return await nobody.FormAsync("/token", ("grant_type", "authorization_code"), ("code", code),
            ("code_verifier", verifier), ("redirect_uri", app), ("device_name", "Ada's phone"));
    }

    // What the token endpoint says from now on.
    void Answer(string nonce, string kind = "")
    {
        var shift = (long)shared.Time.Shift.TotalSeconds;
        var issuer = kind == "a token of another issuer" ? shared.Other : shared.Home;
        var claims = issuer.Claims(_subject, kind == "a token for another client" ? "eve" : "app", shift);
        if (kind != "no nonce")
            claims["nonce"] = kind == "another nonce" ? nonce + "x" : nonce;
        var token = issuer.Sign(claims, kind == "a forged token" ? "HS256" : "RS256");
        shared.Home.IsAway = kind == "the issuer away";
        shared.Home.Redeem = _ => kind == "the code refused" ? null
            : kind == "no id token" ? new JsonObject { ["access_token"] = "a" }
            : new JsonObject { ["access_token"] = "a", ["id_token"] = token };
    }

    static Dictionary<string, string> QueryOf(string url) =>
        QueryHelpers.ParseQuery(url[url.IndexOf('?')..]).ToDictionary(x => x.Key, x => x.Value.ToString());
}
