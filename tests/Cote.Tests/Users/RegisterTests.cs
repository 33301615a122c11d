using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class RegisterTests(SharedApp shared)
{
    const string Good = "correct horse battery";

    readonly CoteApp _app = shared.App;

    static string Unique() => $"u{Guid.CreateVersion7():N}";

    [Fact]
    public async Task A_new_user_is_answered_without_any_secret_and_can_log_in()
    {
        using var nobody = _app.Anonymous();
        var name = Unique();

        var user =
            (await nobody.PostAsync("/users/", new { username = name, email = name + "@Example.com", password = Good }))
            .Ok().Json;
        var token = (await nobody.FormAsync("/token", ("username", name), ("password", Good))).Ok()["access_token"];
        nobody.Token = token;

        user.Fields().ShouldBe(["id", "username", "email", "instructions", "email_verified"]);
        Guid.Parse(user.Text("id")).ToString().ShouldBe(user.Text("id"));
        (user.Text("username"), user.Text("email")).ShouldBe((name, name + "@Example.com"));
        (await nobody.GetAsync("/users/me")).Ok().Text.ShouldBe(user.ToString());
        (await nobody.GetAsync("/users/me/")).Ok().Text.ShouldBe(user.ToString());
    }

    [Theory]
    [InlineData("ab", "a@b.example", Good, "body.username string_too_short")]
    [InlineData("", "a@b.example", Good, "body.username string_too_short")]
    [InlineData("a da", "a@b.example", Good, "body.username value_error")]
    [InlineData("a@da", "a@b.example", Good, "body.username value_error")]
    [InlineData("Ünal", "a@b.example", Good, "body.username value_error")]
    [InlineData("ada\n", "a@b.example", Good, "body.username value_error")]
    [InlineData("ada", "", Good, "body.email value_error")]
    [InlineData("ada", "a", Good, "body.email value_error")]
    [InlineData("ada", "a@b", Good, "body.email value_error")]
    [InlineData("ada", "a@b.", Good, "body.email value_error")]
    [InlineData("ada", "@b.example", Good, "body.email value_error")]
    [InlineData("ada", "a b@c.example", Good, "body.email value_error")]
    [InlineData("ada", "Ada <a@b.example>", Good, "body.email value_error")]
    [InlineData("ada", "\"a\"@b.example", Good, "body.email value_error")]
    [InlineData("ada", "a@b.example,c@d.example", Good, "body.email value_error")]
    [InlineData("ada", "a@b.example\n", Good, "body.email value_error")]
    [InlineData("ada", "a@b.example", "", "body.password string_too_short")]
    [InlineData("ada", "a@b.example", "1234567", "body.password string_too_short")]
    [InlineData("ada", "a@b.example", "password123", "body.password value_error")]
    [InlineData("ada", "a@b.example", "PassWord123", "body.password value_error")]
    [InlineData("ada", "a@b.example", "12345678", "body.password value_error")]
    [InlineData("ada", "a@b.example", "abababababab", "body.password value_error")]
    [InlineData("adalovelace", "a@b.example", "AdaLovelace", "body.password value_error")]
    [InlineData("ada", "Ada@b.example", "ada@B.example", "body.password value_error")]
    [InlineData("ada", "a@b.example", "nul\0nul\0nul", "body.password value_error")]
    [InlineData("a\0da", "a\0@b.example", Good, "body.username value_error|body.email value_error")]
    [InlineData("a", "b", "c", "body.username string_too_short|body.email value_error|body.password string_too_short")]
    [Trait("Rows", "none")]
    public async Task What_an_account_may_not_be_is_a_422_that_names_the_field(
        string username, string email, string password, string wrong)
    {
        using var nobody = _app.Anonymous();

        var reply = await nobody.PostAsync("/users/", new { username, email, password });

        reply.ShouldBeWrong(wrong.Split('|'));
        if (password.Length > 0 && !wrong.Contains("email"))
            reply.Text.ShouldNotContain($"\"{password}\"");
        (await nobody.FormAsync("/token", ("username", username), ("password", password))).Status.ShouldBeOneOf(401,
            422);
    }

    [Fact]
    public async Task Nothing_may_be_too_long_and_everything_may_be_as_long_as_it_says()
    {
        using var nobody = _app.Anonymous();
        var name = Unique().PadRight(64, 'x');
        var mail = Unique() + "@" + new string('a', 63)
            + "." + new string('b', 63) + "." + new string('c', 63) + ".example";

        (await nobody.PostAsync("/users/",
            new
            {
                username = name + "x",
                email = "a@" + new string('b', 300) + ".example",
                password = Good + new string('x', 108)
            }))
            .ShouldBeWrong("body.username string_too_long", "body.email string_too_long",
                "body.password string_too_long");
        (await nobody.PostAsync("/users/",
            new { username = name, email = mail, password = Good + new string('x', 107) }))
            .Ok()["email"].ShouldBe(mail);
        (await nobody.FormAsync("/token", ("username", mail), ("password", Good + new string('x', 107)))).Ok();
    }

    [Theory]
    [InlineData("{}", "body.username missing|body.email missing|body.password missing")]
    [InlineData("""{"username":null,"email":1,"password":[]}""",
        "body.username missing|body.email string_type|body.password string_type")]
    [Trait("Rows", "none")]
    public async Task Every_field_that_is_wrong_is_named(string body, string wrong)
    {
        using var nobody = _app.Anonymous();

        (await nobody.PostAsync("/users", body)).ShouldBeWrong(wrong.Split('|'));
    }

    [Fact]
    public async Task A_name_and_an_address_are_taken_once_in_whatever_case()
    {
        using var nobody = _app.Anonymous();
        var name = Unique();
        Task<Reply> Register(string username, string email) =>
            nobody.PostAsync("/users/", new { username, email, password = Good });
        (await Register(name, name + "@b.example")).Ok();

        foreach (var same in new[] { name, name.ToUpperInvariant() })
        {
            (await Register(same, Unique() + "@b.example"))
                .ShouldBeProblem(400, "username_taken", "Username already registered");
            (await Register(same, name + "@b.example"))
                .ShouldBeProblem(400, "username_taken", "Username already registered");
            (await Register(Unique(), same + "@B.example"))
                .ShouldBeProblem(400, "email_taken", "Email already registered");
        }
        (await Register(Unique(), Unique() + "@b.example")).Ok();
    }

    [Fact]
    public async Task Of_ten_who_want_one_name_at_once_one_gets_it()
    {
        using var nobody = _app.Anonymous();
        var name = Unique();

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            nobody.PostAsync("/users/", new { username = name, email = $"{name}{i}@b.example", password = Good })));

        replies.Count(x => x.Status == 200).ShouldBe(1);
        foreach (var refused in replies.Where(x => x.Status != 200))
            refused.ShouldBeProblem(400, "username_taken", "Username already registered");
    }
}
