using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

public sealed partial class MailTests(MailApp mailApp) : IClassFixture<MailApp>
{
    const string Another = "another horse battery";
    const string Wrong = "00000-00000-00000-00000";

    readonly CoteApp _app = mailApp.App;
    readonly FakeMailServer _mail = mailApp.Mail;

    [Fact]
    public async Task A_code_by_mail_sets_a_new_password_once_and_ends_every_session()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        using var robot = await ada.WithKeyAsync("read");
        await using var socket = await ada.ConnectAsync();
        (await ada.GetAsync("/users/me")).Ok().Json.GetProperty("email_verified").GetBoolean().ShouldBeFalse();

        (await nobody.ForgetAsync(ada.Address().ToUpperInvariant())).Ok().Text.ShouldBe("""{"success":true}""");
        var mail = await _mail.NextAsync(ada.Address());
        var reset = (await nobody.ResetAsync(mail.Code.ToLowerInvariant().Replace('-', ' '), Another)).Ok();

        mail.From.ShouldBe("cote@example.org");
        mail.To.ShouldBe([ada.Address()]);
        mail.Header("To").ShouldBe(ada.Address());
        mail.Text.ShouldContain($"Hello {ada.Username},");
        reset.Text.ShouldBe("""{"success":true,"api_keys":1}""");
        (await socket.Closed).ShouldBe(4503);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await nobody.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", ada.RefreshToken!)))
            .Status.ShouldBe(401);
        (await nobody.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Status.ShouldBe(401);
        nobody.Token = (await nobody.FormAsync("/token", ("username", ada.Username), ("password", Another)))
            .Ok()["access_token"];
        (await nobody.GetAsync("/users/me")).Ok().Json.GetProperty("email_verified").GetBoolean().ShouldBeTrue();
        (await robot.GetAsync("/users/me")).Ok();
        (await nobody.ResetAsync(mail.Code, "third horse battery")).ShouldBeProblem(
            400, "invalid_code", "The code is wrong, was used or has expired; get a new one");
        using var root = await _app.RegisterAdminAsync();
        (await root.GetAsync($"/admin/audit?user_id={ada.Id}")).Ok().Json.EnumerateArray()
            .Count(x => x.Text("action") == "password_reset").ShouldBe(1);
    }

    [Fact]
    public async Task Whether_an_address_has_an_account_is_told_by_nothing()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var unknown = $"nobody-{Guid.CreateVersion7():N}@example.com";

        var (of, ofNobody) = ((await nobody.ForgetAsync(ada.Address())).Ok(), (await nobody.ForgetAsync(unknown)).Ok());
        await _mail.NextAsync(ada.Address());
        (await nobody.ForgetAsync(ada.Username + "@EXAMPLE.com")).Ok();
        await _mail.NextAsync(ada.Address(), 2);
        await Patience.UntilAsync(async () => (await _app.RowsAsync())["mails"].All(
            x => !x.Contains(unknown) && !x.Contains(ada.Address())), "both are done");

        ofNobody.Text.ShouldBe(of.Text);
        ofNobody.Message.Headers.Select(x => x.Key).ShouldBe(of.Message.Headers.Select(x => x.Key));
        _mail.To(unknown).ShouldBeEmpty();
        // The username is no address.
        (await nobody.ForgetAsync(ada.Username)).ShouldBeWrong("body.email value_error");
        (await nobody.PostAsync("/password/forgot", "{}")).ShouldBeWrong("body.email missing");
    }

    [Theory]
    [InlineData("""{"password":"another horse battery"}""", "body.code missing")]
    [InlineData("""{"code":"x"}""", "body.password missing")]
    [InlineData("""{"code":7,"password":"another horse battery"}""", "body.code string_type")]
    [InlineData("""{"code":"x","password":"short"}""", "body.password string_too_short")]
    public async Task A_reset_that_is_none_is_refused_and_repeats_no_secret(string body, string wrong)
    {
        using var nobody = _app.Anonymous();

        var answer = await nobody.PostAsync("/password/reset", body);

        answer.ShouldBeWrong(wrong);
        answer.Text.ShouldNotContain("another horse");
        answer.Text.ShouldNotContain("\"short\"");
        (await nobody.ResetAsync(Wrong, Another)).ErrorCode.ShouldBe("invalid_code");
        (await nobody.ResetAsync("", Another)).ErrorCode.ShouldBe("invalid_code");
    }

    [Fact]
    public async Task A_password_that_anyone_would_try_does_not_use_the_code_up()
    {
        using var ada = await _app.RegisterAsync();
        (await ada.ForgetAsync()).Ok();
        var code = (await _mail.NextAsync(ada.Address())).Code;

        (await ada.ResetAsync(code, ada.Username)).ShouldBeWrong("body.password value_error");
        (await ada.ResetAsync(code, "password123")).Status.ShouldBe(422);
        (await ada.GetAsync("/users/me")).Ok();
        (await ada.ResetAsync(code, Another)).Ok();
    }

    [Fact]
    public async Task Of_two_who_use_one_code_at_once_one_is_too_late()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        (await ada.ForgetAsync()).Ok();
        var code = (await _mail.NextAsync(ada.Address())).Code;

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            x => nobody.ResetAsync(code, $"horse battery number {x}")));

        answers.Count(x => x.Status == 200).ShouldBe(1);
        answers.Where(x => x.Status != 200).ShouldAllBe(x => x.ErrorCode == "invalid_code");
        var winner = Array.FindIndex(answers, x => x.Status == 200);
        (await nobody.FormAsync(
            "/token", ("username", ada.Username), ("password", $"horse battery number {winner}"))).Ok();
    }

    [Fact]
    public async Task A_code_ends_by_itself_and_with_what_it_was_for()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x =>
        {
            MailApp.Add(x);
            x.Services.AddSingleton<TimeProvider>(time);
        }, _mail.Settings);
        using var ada = await app.RegisterAsync();
        (await ada.ForgetAsync()).Ok();
        var late = (await _mail.NextAsync(ada.Address())).Code;
        (await ada.VerifyAsync()).Ok();
        var verify = (await _mail.NextAsync(ada.Address(), 2)).Code;

        time.Shift = TimeSpan.FromMinutes(30) + TimeSpan.FromSeconds(1);
        (await ada.ResetAsync(late, Another)).ErrorCode.ShouldBe("invalid_code");
        (await ada.ForgetAsync()).Ok();
        var changed = (await _mail.NextAsync(ada.Address(), 3)).Code;
        (await ada.PatchAsync("/users/me", new { password = Another, current_password = ada.Password })).Ok();
        (await ada.ResetAsync(changed, "third horse battery")).ErrorCode.ShouldBe("invalid_code");
        (await ada.ForgetAsync()).Ok();
        var moved = (await _mail.NextAsync(ada.Address(), 4)).Code;
        (await ada.PatchAsync("/users/me", new { email = "new-" + ada.Address() })).Ok();
        (await ada.ResetAsync(moved, "third horse battery")).ErrorCode.ShouldBe("invalid_code");
        (await ada.VerifyAsync(verify)).ErrorCode.ShouldBe("invalid_code");
        (await ada.GetAsync("/users/me")).Ok();

        (await ada.VerifyAsync()).Ok();
        var last = (await _mail.NextAsync("new-" + ada.Address())).Code;
        time.Shift += TimeSpan.FromHours(23);
        (await ada.VerifyAsync(last)).Ok();
    }

    [Fact]
    public async Task An_address_is_verified_by_its_own_code_once_until_it_changes()
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        (await ada.VerifyAsync()).Ok();
        (await eve.VerifyAsync()).Ok();
        var code = (await _mail.NextAsync(ada.Address())).Code;
        var eves = (await _mail.NextAsync(eve.Address())).Code;

        (await eve.VerifyAsync(code)).ErrorCode.ShouldBe("invalid_code");
        (await eve.VerifyAsync(Wrong)).ErrorCode.ShouldBe("invalid_code");
        (await ada.ResetAsync(code, Another)).ErrorCode.ShouldBe("invalid_code", "it is for something else");
        (await ada.VerifyAsync(code)).Ok().Text.ShouldBe("""{"success":true}""");
        (await ada.VerifyAsync(code)).ErrorCode.ShouldBe("invalid_code");
        (await ada.VerifyAsync()).Ok(); // and no mail: it is verified
        IsVerified(await ada.GetAsync("/users/me")).ShouldBeTrue();
        IsVerified(await eve.GetAsync("/users/me")).ShouldBeFalse();
        (await eve.VerifyAsync(eves)).Ok();

        IsVerified(await ada.PatchAsync("/users/me", new { email = ada.Address().ToUpperInvariant() })).ShouldBeTrue();
        IsVerified(await ada.PatchAsync("/users/me", new { email = "new-" + ada.Address() })).ShouldBeFalse();
        IsVerified(await ada.GetAsync("/users/me")).ShouldBeFalse();
        _mail.To(ada.Address()).Count.ShouldBe(1);
        (await ada.PostAsync("/users/me/verify-email", new { code = 7 })).ShouldBeWrong("body.code string_type");
    }

    [Fact]
    public async Task A_code_of_a_reset_verifies_nothing()
    {
        using var ada = await _app.RegisterAsync();
        (await ada.ForgetAsync()).Ok();
        var code = (await _mail.NextAsync(ada.Address())).Code;

        (await ada.VerifyAsync(code)).ErrorCode.ShouldBe("invalid_code");
        (await ada.ResetAsync(code, Another)).Ok();
    }

    [Fact]
    public async Task A_disabled_account_gets_no_mail_and_its_codes_are_void()
    {
        using var ada = await _app.RegisterAsync();
        using var bob = await _app.RegisterAsync();
        (await ada.ForgetAsync()).Ok();
        var code = (await _mail.NextAsync(ada.Address())).Code;
        (await CoteCommands.RunAsync(["disable-user", ada.Username, .. _app.Place],
            TextReader.Null, TextWriter.Null, TextWriter.Null)).ShouldBe(0);

        (await bob.ResetAsync(code, Another)).ErrorCode.ShouldBe("invalid_code");
        (await bob.ForgetAsync(ada.Address())).Ok();
        (await bob.ForgetAsync()).Ok();
        await _mail.NextAsync(bob.Address());
        await Patience.UntilAsync(async () => (await _app.RowsAsync())["mails"].All(
            x => !x.Contains(ada.Address())), "it is dropped");

        _mail.To(ada.Address()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_is_flooded_with_mails_however_often_they_are_asked_for()
    {
        using var ada = await _app.RegisterAsync();
        for (var i = 1; i <= 5; i++)
        {
            (await ada.ForgetAsync()).Ok();
            (await ada.VerifyAsync()).Ok();
            await _mail.NextAsync(ada.Address(), 2 * i);
        }

        (await ada.ForgetAsync()).Ok();
        (await ada.VerifyAsync()).ErrorCode.ShouldBe("rate_limited");
        await Patience.UntilAsync(async () => (await _app.RowsAsync())["mails"].All(
            x => !x.Contains(ada.Address())), "the last is dropped");
        _mail.To(ada.Address()).Count.ShouldBe(10);
        var newest = _mail.To(ada.Address()).Last(x => x.Text.Contains("30 minutes")).Code;
        (await ada.ResetAsync(newest, Another)).Ok();
        foreach (var mail in _mail.To(ada.Address()))
            (await ada.ResetAsync(mail.Code, Another)).ErrorCode.ShouldBe("invalid_code");
    }

    [Fact]
    public async Task An_address_asks_and_guesses_as_often_as_it_may_log_in()
    {
        await using var app = await CoteApp.StartAsync(
            x => MailApp.Add(x), [.. _mail.Settings, "RateLimits:LoginPerMinute=4"]);
        using var ada = await app.RegisterAsync(); // one login

        (await ada.ForgetAsync("x@example.com")).Ok();
        (await ada.ResetAsync(Wrong, Another)).Status.ShouldBe(400);
        (await ada.VerifyAsync(Wrong)).Status.ShouldBe(400);

        foreach (var refused in new[]
        {
            await ada.ForgetAsync("x@example.com"), await ada.ResetAsync(Wrong, Another), await ada.VerifyAsync(Wrong),
        })
        {
            refused.ErrorCode.ShouldBe("rate_limited");
            refused.Header("Retry-After").ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task Without_mail_the_routes_say_so()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();

        foreach (var answer in new[]
        {
            await nobody.ForgetAsync("x@example.com"), await nobody.ResetAsync(Wrong, Another), await ada.VerifyAsync(),
            await ada.VerifyAsync(Wrong),
        })
            answer.ShouldBeProblem(501, "mail_not_configured", "This server sends no mail");
        (await nobody.VerifyAsync()).ShouldBeAnonymous();
        (await nobody.GetAsync("/limits")).Ok().Json.GetProperty("mail").GetBoolean().ShouldBeFalse();
        using var there = _app.Anonymous();
        (await there.GetAsync("/limits")).Ok().Json.GetProperty("mail").GetBoolean().ShouldBeTrue();
    }

    static bool IsVerified(Reply user) => user.Ok().Json.GetProperty("email_verified").GetBoolean();
}
