using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

[Trait("Rows", "none")]
public sealed class IssuerTokenTests(IssuerApp shared) : IClassFixture<IssuerApp>
{
    FakeIssuer Home => shared.Home;

    [Theory]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("ES256")]
    [InlineData("PS256 of a key for PS256")]
    [InlineData("of type at+jwt")]
    [InlineData("of no type")]
    [InlineData("one of two audiences")]
    [InlineData("expired within the skew")]
    [InlineData("issued within the skew")]
    [InlineData("with a fraction of a second")]
    public async Task A_bearer_of_a_trusted_issuer_is_taken(string kind)
    {
        var subject = IssuerApp.NewSubject();
        using var ada = shared.With(Make(subject, kind));

        (await ada.GetAsync("/users/me")).Ok()["username"].ShouldBe(subject);
        (await ada.PostAsync("/chats/", new { title = "a" })).Ok();
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("without an end")]
    [InlineData("without an issue")]
    [InlineData("with an issue that is a text")]
    [InlineData("issued in the future")]
    [InlineData("not yet valid")]
    [InlineData("made for longer than a day")]
    [InlineData("an end beyond all years")]
    [InlineData("another audience")]
    [InlineData("no audience")]
    [InlineData("an id token")]
    [InlineData("an id token by its own word")]
    [InlineData("the issuer with a slash")]
    [InlineData("no issuer")]
    [InlineData("no subject")]
    [InlineData("a subject that is a number")]
    [InlineData("a subject with a null")]
    [InlineData("a subject too long")]
    [InlineData("alg none, unsigned")]
    [InlineData("alg none, signed")]
    [InlineData("HS256 with the public key")]
    [InlineData("RS512")]
    [InlineData("ES256 said of an RSA key")]
    [InlineData("RS256 said of an EC key")]
    [InlineData("RS256 of a key for PS256")]
    [InlineData("a key for encryption")]
    [InlineData("a key that is too short")]
    [InlineData("a key of another issuer")]
    [InlineData("a forged key under a known id")]
    [InlineData("no key id")]
    [InlineData("an extension that must be understood")]
    [InlineData("a logout token by its type")]
    [InlineData("a logout token by its events")]
    [InlineData("an issuer twice")]
    [InlineData("a letter changed")]
    [InlineData("cut")]
    [InlineData("very long")]
    public async Task What_is_not_one_to_the_letter_is_refused_and_changes_nothing(string kind)
    {
        var subject = IssuerApp.NewSubject();
        using var eve = shared.With(Make(subject, kind));

        (await eve.GetAsync("/users/me")).ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
        (await eve.PostAsync("/chats/", new { title = "a" })).ShouldBeProblem(
            401, "invalid_token", "Could not validate credentials");

        var rows = await shared.App.RowsAsync();
        rows["identities"].ShouldNotContain(x => x.Contains(subject));
        rows["users"].ShouldNotContain(x => x.Contains(subject));
    }

    [Theory]
    [InlineData("an id token", true)]
    [InlineData("an id token for both", true)]
    [InlineData("an access token", false)]
    [InlineData("an access token for the client", false)]
    [InlineData("an access token by its own word", false)]
    [InlineData("another audience", false)]
    [InlineData("expired", false)]
    [InlineData("HS256 with the public key", false)]
    [InlineData("alg none, unsigned", false)]
    [InlineData("a token of our own", false)]
    [InlineData("garbage", false)]
    public async Task An_id_token_is_exchanged_for_a_session_and_nothing_else_is(string kind, bool good)
    {
        var subject = IssuerApp.NewSubject();
        var claims = Home.Claims(subject, "app");
        using var bob = await shared.App.RegisterAsync();
        var token = kind switch
        {
            "an id token" => Home.Sign(claims),
            "an id token for both" => Home.Sign(With(claims, "aud", new JsonArray("app", "api"))),
            "an access token" => Home.Sign(With(claims, "aud", "api")),
            "an access token for the client" => Home.Sign(claims, head: x => x["typ"] = "at+jwt"),
            "an access token by its own word" => Home.Sign(With(claims, "typ", "Bearer")),
            "another audience" => Home.Sign(With(claims, "aud", "eve")),
            "expired" => Home.Sign(With(claims, "exp", Seconds(-120))),
            "HS256 with the public key" => Home.Sign(claims, "HS256"),
            "alg none, unsigned" => Home.Sign(claims, "none"),
            "a token of our own" => bob.Token!,
            _ => "garbage",
        };

        var reply = await shared.ExchangeAsync(token);

        if (!good)
        {
            reply.ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
            return;
        }
        reply.Ok()["issued_token_type"].ShouldBe("urn:ietf:params:oauth:token-type:access_token");
        using var ada = shared.With(reply["access_token"]);
        (await ada.GetAsync("/users/me")).Ok()["username"].ShouldBe(subject);
        var session = (await ada.GetAsync("/sessions/")).Ok().Json.EnumerateArray().Single();
        (session.Text("device"), session.Text("issuer")).ShouldBe(("Ada's phone", "home"));
        using var nobody = shared.App.Anonymous();
        (await nobody.FormAsync(
            "/token", ("grant_type", "refresh_token"), ("refresh_token", reply["refresh_token"]))).Ok();
        (await shared.ExchangeAsync(token)).Ok();
        (await ada.GetAsync("/users/me")).Ok()["id"].ShouldBe((await ada.GetAsync("/users/me"))["id"]);
    }

    [Theory]
    [InlineData("subject_token", "body.subject_token missing")]
    [InlineData("subject_token_type", "body.subject_token_type missing")]
    public async Task An_exchange_without_its_fields_is_a_422(string missing, string wrong)
    {
        using var nobody = shared.App.Anonymous();
        (string, string)[] all =
        [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("subject_token", "a"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ];

        (await nobody.FormAsync("/token", [.. all.Where(x => x.Item1 != missing)])).ShouldBeWrong(wrong);
        (await shared.ExchangeAsync("a", "urn:ietf:params:oauth:token-type:access_token"))
            .ShouldBeWrong("body.subject_token_type literal_error");
    }

    [Fact]
    public async Task Where_audience_and_client_are_one_a_token_passes_both_doors()
    {
        await using var one = await IssuerApp.StartAsync("Auth:Issuers:home:Audience=app");
        var token = one.TokenOf("ada", audience: "app");
        using var ada = one.With(token);

        var id = (await ada.GetAsync("/users/me")).Ok()["id"];
        using var exchanged = one.With((await one.ExchangeAsync(token)).Ok()["access_token"]);

        (await exchanged.GetAsync("/users/me")).Ok()["id"].ShouldBe(id);
    }

    string Make(string subject, string kind)
    {
        var claims = Home.Claims(subject);
        switch (kind)
        {
            case "RS256" or "PS256" or "ES256" or "RS512":
                return Home.Sign(claims, kind);
            case "of type at+jwt":
                return Home.Sign(claims, head: x => x["typ"] = "at+jwt");
            case "of no type":
                return Home.Sign(claims, head: x => x.Remove("typ"));
            case "RS256 of a key for PS256":
                return Home.Sign(claims, head: x => x["kid"] = "only-ps");
            case "PS256 of a key for PS256":
                return Home.Sign(claims, "PS256", x => x["kid"] = "only-ps");
            case "a key for encryption":
                return Home.Sign(claims, head: x => x["kid"] = "enc");
            case "a key that is too short":
                return SignedBy(Home.Weak, claims, "weak");
            case "a key of another issuer":
                return shared.Other.Sign(claims, head: x => x["kid"] = "rsa" + Home.Generation);
            case "a forged key under a known id":
                using (var forged = RSA.Create(2_048))
                    return SignedBy(forged, claims, "rsa" + Home.Generation);
            case "alg none, unsigned":
                return Home.Sign(claims, "none");
            case "alg none, signed":
                return Home.Sign(claims, "RS256", x => x["alg"] = "none");
            case "HS256 with the public key":
                return Home.Sign(claims, "HS256");
            case "ES256 said of an RSA key":
                return Home.Sign(claims, "ES256", x => x["kid"] = "rsa" + Home.Generation);
            case "RS256 said of an EC key":
                return Home.Sign(claims, "RS256", x => x["kid"] = "ec" + Home.Generation);
            case "no key id":
                return Home.Sign(claims, head: x => x.Remove("kid"));
            case "an extension that must be understood":
                return Home.Sign(claims, head: x => x["crit"] = new JsonArray("exp"));
            case "a logout token by its type":
                return Home.Sign(claims, head: x => x["typ"] = "logout+jwt");
            case "an issuer twice":
                return Home.SignText(claims.ToJsonString().Replace("{", $$"""{"iss":"{{shared.Other.Url}}",""",
                    StringComparison.Ordinal));
            case "a letter changed":
                var whole = Home.Sign(claims);
                var at = whole.LastIndexOf('.') + 1;
                return whole[..at] + (whole[at] == 'A' ? 'B' : 'A') + whole[(at + 1)..];
            case "cut":
                return Home.Sign(claims)[..^3];
            default:
                return Home.Sign(Changed(claims, kind));
        }
    }

    static JsonObject Changed(JsonObject claims, string kind) => kind switch
    {
        "one of two audiences" => With(claims, "aud", new JsonArray("elsewhere", "api")),
        "expired within the skew" => With(claims, "exp", Seconds(-30)),
        "issued within the skew" => With(claims, "iat", Seconds(30)),
        "with a fraction of a second" => With(claims, "exp", Seconds(60) + 0.25),
        "expired" => With(claims, "exp", Seconds(-90)),
        "without an end" => With(claims, "exp", null),
        "without an issue" => With(claims, "iat", null),
        "with an issue that is a text" => With(claims, "iat", Seconds(0).ToString()),
        "issued in the future" => With(claims, "iat", Seconds(90)),
        "not yet valid" => With(claims, "nbf", Seconds(90)),
        "made for longer than a day" => With(claims, "exp", Seconds(86_500)),
        "an end beyond all years" => With(claims, "exp", 1e300),
        "another audience" => With(claims, "aud", "eve"),
        "no audience" => With(claims, "aud", null),
        "an id token" => With(claims, "aud", "app"),
        "an id token by its own word" => With(claims, "typ", "ID"),
        "the issuer with a slash" => With(claims, "iss", claims["iss"] + "/"),
        "no issuer" => With(claims, "iss", null),
        "no subject" => With(claims, "sub", null),
        "a subject that is a number" => With(claims, "sub", 7),
        "a subject with a null" => With(claims, "sub", "a\0b"),
        "a subject too long" => With(claims, "sub", claims["sub"] + new string('a', 250)),
        "a logout token by its events" => With(claims, "events", new JsonObject()),
        "very long" => With(claims, "x", new string('x', 20_000)),
        _ => throw new ArgumentException(kind),
    };

    string SignedBy(RSA rsa, JsonObject claims, string id)
    {
        var parts = Home.Sign(claims, head: x => x["kid"] = id).Split('.');
        var signature = rsa.SignData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1);
        return $"{parts[0]}.{parts[1]}.{System.Buffers.Text.Base64Url.EncodeToString(signature)}";
    }

    static JsonObject With(JsonObject claims, string name, JsonNode? value)
    {
        if (value is null)
            claims.Remove(name);
        else
            claims[name] = value;
        return claims;
    }

    static long Seconds(long fromNow) => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + fromNow;
}
