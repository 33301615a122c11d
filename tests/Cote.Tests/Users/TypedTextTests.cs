using Cote.Tests.Harness;
using Microsoft.AspNetCore.Identity;

namespace Cote.Tests.Users;

/// <summary>What a person types on one keyboard must be found again from another.</summary>
public sealed class TypedTextTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    // Composed and decomposed: the framework's own Normalize does nothing here, so both stand as they are typed.
    public static TheoryData<string, string> Passwords => new()
    {
        { "Stra\u00dfenk\u00e4se-\u00dcberflu\u00df", "Stra\u00dfenka\u0308se-U\u0308berflu\u00df" },
        { "ma\u00f1ana-se\u00f1or-ni\u00f1o", "man\u0303ana-sen\u0303or-nin\u0303o" },
        { "Vi\u1ec7t Nam \u0111\u1eb9p l\u1eafm", "Vie\u0323\u0302t Nam \u0111e\u0323p la\u0306\u0301m" },
        { "\u30d1\u30b9\u30ef\u30fc\u30c9\u304c\u304e\u3050\u3052",
            "\u30cf\u309a\u30b9\u30ef\u30fc\u30c8\u3099\u304b\u3099\u304d\u3099\u304f\u3099\u3051\u3099" },
        { "\ube44\ubc00\ubc88\ud638\uc785\ub2c8\ub2e4\uc548\ub155",
            "\u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab\u1112\u1169\u110b\u1175\u11b8\u1102\u1175\u1103\u1161\u110b\u1161\u11ab\u1102\u1167\u11bc" },
        { "correct horse\u3000battery", "correct horse battery" }, // an ideographic space
    };

    [Theory, MemberData(nameof(Passwords))]
    public async Task A_password_is_the_same_on_every_keyboard(string composed, string decomposed)
    {
        composed.ShouldNotBe(decomposed);
        foreach (var (registered, typed) in new[] { (composed, decomposed), (decomposed, composed) })
        {
            using var anyone = _app.Anonymous();
            var name = Unique();
            (await RegisterAsync(anyone, name, registered)).Ok();

            (await LogInAsync(anyone, name, typed)).Ok();
            (await LogInAsync(anyone, name, registered)).Ok();
            (await LogInAsync(anyone, name, typed[..^1])).Status.ShouldBe(401);
        }
    }

    [Fact]
    public async Task The_length_of_a_password_is_that_of_its_normal_form()
    {
        using var anyone = _app.Anonymous();
        var seven = string.Concat("ÄÖÜäöüé".Select(x => x switch
        {
            'Ä' => "A\u0308",
            'Ö' => "O\u0308",
            'Ü' => "U\u0308",
            'ä' => "a\u0308",
            'ö' => "o\u0308",
            'ü' => "u\u0308",
            _ => "e\u0301",
        }));
        seven.Length.ShouldBe(14);

        (await RegisterAsync(anyone, Unique(), seven)).ShouldBeWrong("body.password string_too_short");
        // 128, typed as 254
        (await RegisterAsync(anyone, Unique(), string.Concat(Enumerable.Repeat(seven, 18)) + "xy")).Ok();
        (await RegisterAsync(anyone, Unique(), string.Concat(Enumerable.Repeat(seven, 18)) + "xyz"))
            .ShouldBeWrong("body.password string_too_long");
    }

    [Fact]
    public async Task A_hash_of_what_was_typed_before_still_holds_and_is_made_anew_at_the_next_login()
    {
        const string composed = "Stra\u00dfenk\u00e4se", decomposed = "Stra\u00dfenka\u0308se";
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var before = new PasswordHasher<object>().HashPassword(null!, decomposed);
        await Rows.ExecuteAsync(app, $"update users set password_hash = '{before}' where id = '{ada.Id}'");
        (await LogInAsync(ada, ada.Username, composed)).Status.ShouldBe(401);

        (await LogInAsync(ada, ada.Username, decomposed)).Ok();

        (await LogInAsync(ada, ada.Username, composed)).Ok();
        (await LogInAsync(ada, ada.Username, decomposed)).Ok();
        (await app.RowsAsync())["users"].ShouldHaveSingleItem().ShouldNotContain(before);
    }

    [Fact]
    public async Task A_password_can_be_changed_from_another_keyboard()
    {
        using var ada = _app.Anonymous();
        var name = Unique();
        (await RegisterAsync(ada, name, "ma\u00f1ana ma\u00f1ana")).Ok();
        ada.Token = (await LogInAsync(ada, name, "man\u0303ana man\u0303ana")).Ok()["access_token"];

        (await ada.PatchAsync("/users/me",
            new { password = "pasado man\u0303ana", current_password = "man\u0303ana man\u0303ana" })).Ok();

        (await LogInAsync(ada, name, "pasado ma\u00f1ana")).Ok();
    }

    [Theory]
    [InlineData("", " ")]
    [InlineData(" ", "")]
    [InlineData("", "\u00a0")]
    [InlineData("\u200f", "\u200e ")]
    [InlineData("\ufeff", "\u3000")]
    public async Task What_a_keyboard_adds_around_a_name_or_an_address_is_removed_and_nothing_of_a_password(
        string before, string after)
    {
        using var anyone = _app.Anonymous();
        var name = Unique();

        var user = (await anyone.PostAsync("/users/", new
        {
            username = before + name + after,
            email = $"{before}{name}@example.com{after}",
            password = " correct horse ",
        })).Ok();

        (user["username"], user["email"]).ShouldBe((name, name + "@example.com"));
        (await LogInAsync(anyone, before + name + after, " correct horse ")).Ok();
        (await LogInAsync(anyone, $"{before}{name}@example.com{after}", " correct horse ")).Ok();
        (await LogInAsync(anyone, name, "correct horse")).Status.ShouldBe(401);
        anyone.Token = (await LogInAsync(anyone, name, " correct horse ")).Ok()["access_token"];
        (await anyone.PatchAsync("/users/me", new { username = before + name + "x" + after }))
            .Ok()["username"].ShouldBe(name + "x");
    }

    [Fact]
    public async Task One_mailbox_is_one_account_however_its_host_is_written()
    {
        using var anyone = _app.Anonymous();
        var name = Unique();
        (await RegisterAsync(anyone, name, "correct horse", name + "@Bücher.example"))
            .Ok()["email"].ShouldBe(name + "@xn--bcher-kva.example");

        foreach (var same in new[] { "@bücher.example", "@BU\u0308CHER.example", "@xn--bcher-kva.example",
            "@XN--BCHER-KVA.EXAMPLE" })
        {
            (await RegisterAsync(anyone, Unique(), "correct horse", name + same)).ErrorCode.ShouldBe("email_taken");
            (await LogInAsync(anyone, name + same, "correct horse")).Ok();
        }
    }

    [Fact]
    public async Task An_account_from_before_hosts_were_punycode_is_found_by_both_and_its_address_is_taken()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        await Rows.ExecuteAsync(app,
            $"update users set email = 'Ada@bücher.example', email_key = 'ada@bücher.example' where id = '{ada.Id}'");

        foreach (var email in new[] { "ada@bücher.example", "ada@xn--bcher-kva.example" })
        {
            (await LogInAsync(ada, email, ada.Password)).Ok();
            (await RegisterAsync(ada, Unique(), "correct horse", email)).ErrorCode.ShouldBe("email_taken");
            (await eve.PatchAsync("/users/me", new { email })).ErrorCode.ShouldBe("email_taken");
        }
        (await ada.PatchAsync("/users/me", new { email = "ada@bücher.example" }))
            .Ok()["email"].ShouldBe("ada@xn--bcher-kva.example");
        (await LogInAsync(ada, "ada@bücher.example", ada.Password)).Ok();
    }

    static string Unique() => $"u{Guid.CreateVersion7():N}";

    static Task<Reply> RegisterAsync(CoteClient client, string username, string password, string? email = null) =>
        client.PostAsync("/users/", new { username, email = email ?? username + "@example.com", password });

    static Task<Reply> LogInAsync(CoteClient client, string username, string password) =>
        client.FormAsync("/token", ("username", username), ("password", password));
}
