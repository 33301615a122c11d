using Cote.Tests.Harness;

namespace Cote.Tests.Nodes;

/// <summary>An issuer's people are the same on all nodes.</summary>
public sealed class IssuerNodesTests
{
    [Fact]
    public async Task First_requests_on_two_nodes_make_one_account_and_a_logout_on_one_holds_on_the_other()
    {
        await using var app = await IssuerApp.StartAsync();
        await using var there = await app.StartNeighbourAsync();
        for (var i = 0; i < 5; i++)
        {
            var token = app.TokenOf($"ada {i}", x => x["preferred_username"] = "ada");
            using var here = app.With(token);
            using var adaThere = new CoteClient(there.Url) { Token = token };

            var ids = await Task.WhenAll(here.GetAsync("/users/me"), adaThere.GetAsync("/users/me"));

            ids[0].Ok()["id"].ShouldBe(ids[1].Ok()["id"]);
            (await here.GetAsync("/sessions/")).Ok().Json.GetArrayLength().ShouldBe(1);
            (await here.PostAsync("/logout")).Ok();
            await Patience.UntilAsync(
                async () => (await adaThere.GetAsync("/users/me")).Status == 401, "the other node knows");
        }
    }

    [Fact]
    public async Task A_browser_login_goes_on_at_another_node()
    {
        await using var app = await IssuerApp.StartAsync();
        await using var there = await app.StartNeighbourAsync();
        using CoteClient here = app.App.Anonymous(), next = new(there.Url);
        const string verifier = "a-verifier-of-an-app-that-is-long-enough-to-be-one";
        var challenge = System.Buffers.Text.Base64Url.EncodeToString(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(verifier)));
        var sent = System.Web.HttpUtility.ParseQueryString(new Uri((await here.GetAsync(
            "/auth/home?redirect_uri=com.example.app:/login&state=s&code_challenge_method=S256"
            + $"&code_challenge={challenge}")).Header("Location")!).Query);
        var token = app.TokenOf("ada", x => x["nonce"] = sent["nonce"], "app");
        app.Home.Redeem = _ => new() { ["id_token"] = token };

        var back = (await next.GetAsync($"/auth/home/callback?code=theirs&state={sent["state"]}")).Header("Location")!;

        var code = back.Split("code=")[1].Split('&')[0];
        (await here.FormAsync("/token", ("grant_type", "authorization_code"), ("code", code),
            ("code_verifier", verifier), ("redirect_uri", "com.example.app:/login"))).Ok();
        (await next.FormAsync("/token", ("grant_type", "authorization_code"), ("code", code),
            ("code_verifier", verifier), ("redirect_uri", "com.example.app:/login")))
            .ErrorCode.ShouldBe("invalid_code");
    }
}
