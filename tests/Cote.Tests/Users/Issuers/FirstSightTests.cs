using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class FirstSightTests(IssuerApp shared) : IClassFixture<IssuerApp>
{
    [Theory]
    [InlineData("Ada.Lovelace-{0}", null, "ada.lovelace-{0}")]
    [InlineData("Ada {0}", null, "ada-{0}")]
    [InlineData("ada{0}@firm.example", null, "ada{0}-firm.example")]
    [InlineData("Zoë{0}", null, "zo-{0}")]
    [InlineData(null, "Bob.{0}@example.com", "bob.{0}")]
    [InlineData("", "b-{0}@example.com", "b-{0}")]
    [InlineData(null, null, "auth0-{0}")]
    public async Task A_username_comes_of_the_name_the_address_or_the_subject(
        string? name, string? email, string username)
    {
        var part = IssuerApp.NewSubject()[20..];
        using var ada = shared.Bearer($"auth0|{part}", x =>
        {
            x["preferred_username"] = name?.Replace("{0}", part, StringComparison.Ordinal);
            x["email"] = email?.Replace("{0}", part, StringComparison.Ordinal);
        });

        (await ada.GetAsync("/users/me")).Ok()["username"]
            .ShouldBe(username.Replace("{0}", part, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_long_name_is_cut_and_one_that_is_taken_gets_a_number()
    {
        var name = IssuerApp.NewSubject()[..24];
        using var first = await shared.App.RegisterAsync(name);
        var names = new List<string>();
        foreach (var subject in new[] { "a", "b", "c" })
        {
            using var client = shared.Bearer(
                subject + IssuerApp.NewSubject(), x => x["preferred_username"] = name.ToUpperInvariant());
            names.Add((await client.GetAsync("/users/me")).Ok()["username"]);
        }
        using var longest = shared.Bearer(IssuerApp.NewSubject(),
            x => x["preferred_username"] = "x" + IssuerApp.NewSubject() + IssuerApp.NewSubject());

        names.ShouldBe([name + "-2", name + "-3", name + "-4"]);
        (await longest.GetAsync("/users/me")).Ok()["username"].Length.ShouldBe(32);
    }

    [Theory]
    [InlineData("verified", true)]
    [InlineData("verified by a word", true)]
    [InlineData("not verified", false)]
    [InlineData("not said to be", false)]
    [InlineData("no address", false)]
    [InlineData("of another account", false)]
    public async Task Only_a_verified_address_that_nobody_has_is_taken_over_and_no_account_is_linked_by_it(
        string kind, bool isTaken)
    {
        using var bob = await shared.App.RegisterAsync();
        var subject = IssuerApp.NewSubject();
        var email = kind switch
        {
            "of another account" => (bob.Username + "@EXAMPLE.com").ToUpperInvariant(),
            "no address" => "no address",
            _ => subject + "@example.com",
        };
        using var ada = shared.Bearer(subject, x =>
        {
            x["email"] = email;
            if (kind != "not said to be")
                x["email_verified"] = kind == "verified by a word" ? "true" : JsonValue.Create(kind != "not verified");
        });

        var me = (await ada.GetAsync("/users/me")).Ok();

        me["id"].ShouldNotBe(bob.Id);
        me["email"].ShouldBe(isTaken ? email : me["id"] + "@users.invalid");
        me.Json.GetProperty("email_verified").GetBoolean().ShouldBe(isTaken);
        (await bob.GetAsync("/users/me")).Ok()["email"].ShouldBe(bob.Username + "@example.com");
    }

    [Fact]
    public async Task An_account_of_an_issuer_has_no_password()
    {
        var subject = IssuerApp.NewSubject();
        using var ada = shared.Bearer(subject);
        (await ada.GetAsync("/users/me")).Ok();
        using var nobody = shared.App.Anonymous();

        foreach (var password in new[] { "", "correct horse battery" })
            (await nobody.FormAsync("/token", ("username", subject), ("password", password)))
                .ShouldBeProblem(401, "wrong_password", "Incorrect username or password");
        (await ada.PatchAsync("/users/me", new { password = "correct horse battery", current_password = "" }))
            .ErrorCode.ShouldBe("wrong_current_password");
    }

    [Fact]
    public async Task One_subject_at_two_issuers_is_two_people()
    {
        var subject = IssuerApp.NewSubject();
        using var home = shared.Bearer(subject);
        using var other = shared.With(shared.Other.Sign(shared.Other.Claims(subject)));

        var first = (await home.GetAsync("/users/me")).Ok();
        var second = (await other.GetAsync("/users/me")).Ok();

        second["id"].ShouldNotBe(first["id"]);
        (first["username"], second["username"]).ShouldBe((subject, subject + "-2"));
    }

    [Fact]
    public async Task First_requests_at_once_make_one_account_and_one_session()
    {
        var subject = IssuerApp.NewSubject();
        var tokens = Enumerable.Range(0, 8).Select(x => shared.TokenOf(subject, c => c["jti"] = $"{x}")).ToList();

        var ids = await Task.WhenAll(tokens.Concat(tokens).Select(async x =>
        {
            using var client = shared.With(x);
            return (await client.GetAsync("/users/me")).Ok()["id"];
        }));

        ids.Distinct().Count().ShouldBe(1);
        using var ada = shared.With(tokens[0]);
        (await ada.GetAsync("/sessions/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Subjects_who_want_one_name_at_once_all_get_in()
    {
        var name = IssuerApp.NewSubject()[..20];
        var names = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var client = shared.Bearer(IssuerApp.NewSubject(), x => x["preferred_username"] = name);
            return (await client.GetAsync("/users/me")).Ok()["username"];
        }));

        names.Order().ShouldBe(Enumerable.Range(2, 7).Select(x => $"{name}-{x}").Prepend(name));
    }

    [Fact]
    public async Task Where_an_issuer_makes_no_accounts_a_new_subject_is_refused_and_one_that_is_linked_gets_in()
    {
        await using var app = await IssuerApp.StartAsync("Auth:Issuers:home:Register=false");
        using var ada = app.Bearer("ada");
        using var bob = await app.App.RegisterAsync();

        (await ada.GetAsync("/users/me"))
            .ShouldBeProblem(403, "registration_closed", "Registration is closed on this server");
        (await app.ExchangeAsync(app.TokenOf("ada", audience: "app"))).ErrorCode.ShouldBe("registration_closed");
        (await bob.PostAsync("/users/me/identities", Linking(app.TokenOf("ada", audience: "app")))).Ok();

        (await ada.GetAsync("/users/me")).Ok()["id"].ShouldBe(bob.Id);
    }

    [Fact]
    public async Task An_identity_is_linked_once_listed_and_belongs_to_one_account()
    {
        var subject = IssuerApp.NewSubject();
        var token = shared.TokenOf(subject, x =>
        {
            x["email"] = subject + "@example.com";
            x["email_verified"] = true;
        }, "app");
        using var bob = await shared.App.RegisterAsync();
        using var eve = await shared.App.RegisterAsync();

        var linked = (await bob.PostAsync("/users/me/identities", Linking(token))).Ok();

        (linked["issuer"], linked["subject"], linked["email"]).ShouldBe(("home", subject, subject + "@example.com"));
        (await bob.PostAsync("/users/me/identities", Linking(token))).Ok()["id"].ShouldBe(linked["id"]);
        (await bob.GetAsync("/users/me/identities")).Ok().Json.EnumerateArray().Single().Text("id")
            .ShouldBe(linked["id"]);
        (await eve.PostAsync("/users/me/identities", Linking(token)))
            .ShouldBeProblem(409, "identity_taken", "This identity belongs to another account");
        (await eve.GetAsync("/users/me/identities")).Ok().Json.GetArrayLength().ShouldBe(0);
        (await bob.PostAsync("/users/me/identities", Linking(shared.TokenOf(subject))))
            .ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
        (await bob.PostAsync("/users/me/identities", new { subject_token = token }))
            .ShouldBeWrong("body.subject_token_type missing");
        using var session = shared.With((await shared.ExchangeAsync(token)).Ok()["access_token"]);
        (await session.GetAsync("/users/me")).Ok()["id"].ShouldBe(bob.Id);
        (await bob.GetAsync("/users/me/export")).Ok().Json.GetProperty("identities").EnumerateArray().Single()
            .Text("subject").ShouldBe(subject);
    }

    static object Linking(string token) =>
        new { subject_token = token, subject_token_type = "urn:ietf:params:oauth:token-type:id_token" };
}
