using Cote.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

public sealed partial class MailTests
{
    [Theory]
    [InlineData("none")]
    [InlineData("starttls")]
    [InlineData("tls")]
    public async Task Mail_goes_as_the_settings_say_with_name_and_password(string security)
    {
        await using var mail = FakeMailServer.Start(security, "cote:s3cret");
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x, mail), mail.Settings);
        using var ada = await app.RegisterAsync();

        (await ada.ForgetAsync()).Ok();
        var got = await mail.NextAsync(ada.Address());

        got.Login.ShouldBe("cote:s3cret");
        got.IsEncrypted.ShouldBe(security != "none");
        (await ada.ResetAsync(got.Code, Another)).Ok();
        app.Logs.ShouldNotContain(x => x.Contains("s3cret"));
    }

    [Theory]
    [InlineData("starttls", "starttls")]
    [InlineData("tls", "tls")]
    [InlineData("none", "starttls")] // somebody in between has cut the offer out
    public async Task Nothing_is_told_to_a_server_that_is_not_the_one(string offered, string wanted)
    {
        await using var mail = FakeMailServer.Start(offered, "cote:s3cret");
        await using var app = await CoteApp.StartAsync(
            x => MailApp.Add(x), [.. mail.Settings, $"Mail:Security={wanted}"]);
        using var ada = await app.RegisterAsync();

        (await ada.ForgetAsync()).Ok();
        await Patience.UntilAsync(() => Task.FromResult(mail.Connections >= 2), "it was tried again");

        mail.To(ada.Address()).ShouldBeEmpty();
        mail.Lines.ShouldNotContain(x => x.StartsWith("AUTH") || x.StartsWith("MAIL") || x.StartsWith("RCPT"));
        app.Logs.ShouldContain(x => x.Contains("could not be sent"));
    }

    [Theory]
    [InlineData(MailServerMood.IsBusy)]
    [InlineData(MailServerMood.HangsUp)]
    public async Task A_mail_that_a_server_does_not_take_is_tried_again(MailServerMood mood)
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = mood;

        (await ada.ForgetAsync()).Ok();
        await Patience.UntilAsync(() => Task.FromResult(mail.Connections >= 2), "it was tried again");
        mail.To(ada.Address()).ShouldBeEmpty();
        mail.Mood = MailServerMood.Works;

        (await ada.ResetAsync((await mail.NextAsync(ada.Address())).Code, Another)).Ok();
        app.Logs.ShouldContain(x => x.StartsWith("Warning Mail ") && x.Contains("It is tried again."));
        app.Logs.ShouldNotContain(x => x.Contains(ada.Address()));
    }

    [Fact]
    public async Task A_server_that_wants_a_login_and_gets_none_is_a_failure_like_others()
    {
        await using var mail = FakeMailServer.Start("none", "cote:s3cret");
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x),
            [.. mail.Settings.Where(x => !x.Contains("Username") && !x.Contains("Password"))]);
        await using var wrong = await CoteApp.StartAsync(
            x => MailApp.Add(x), [.. mail.Settings, "Mail:Password=guess"]);

        foreach (var one in new[] { app, wrong })
        {
            using var ada = await one.RegisterAsync();
            (await ada.ForgetAsync()).Ok();
            await Patience.UntilAsync(
                () => Task.FromResult(one.Logs.Count(x => x.Contains("could not be sent")) >= 2), "it was tried again");
            mail.To(ada.Address()).ShouldBeEmpty();
            one.Logs.ShouldNotContain(x => x.Contains("failed in a round") || x.Contains("guess"));
        }
    }

    [Fact]
    public async Task After_half_an_hour_a_mail_is_given_up()
    {
        var time = new ShiftedTime();
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x =>
        {
            MailApp.Add(x);
            x.Services.AddSingleton<TimeProvider>(time);
        }, mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = MailServerMood.IsBusy;
        (await ada.ForgetAsync()).Ok();
        await Patience.UntilAsync(() => Task.FromResult(mail.Connections >= 2), "it was tried again");

        time.Shift = TimeSpan.FromMinutes(31);
        await Patience.UntilAsync(async () => (await app.RowsAsync())["mails"].Count == 0, "it is given up");
        mail.Mood = MailServerMood.Works;
        (await ada.VerifyAsync()).Ok();
        await mail.NextAsync(ada.Address());

        mail.To(ada.Address()).ShouldHaveSingleItem().Text.ShouldContain("24 hours");
        app.Logs.ShouldContain(x => x.StartsWith("Error Mail ") && x.Contains("was given up"));
    }

    [Fact]
    public async Task A_mail_that_may_have_arrived_comes_again_and_either_code_works()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = MailServerMood.TakesAndHangsUp;

        (await ada.ForgetAsync()).Ok();
        var first = await mail.NextAsync(ada.Address());
        mail.Mood = MailServerMood.Works;
        var second = await mail.NextAsync(ada.Address(), 2);
        await Patience.UntilAsync(async () => (await app.RowsAsync())["mails"].Count == 0, "it is sent");

        second.Code.ShouldNotBe(first.Code);
        second.Header("Message-Id").ShouldBe(first.Header("Message-Id"));
        (await ada.ResetAsync(first.Code, Another)).Ok();
        (await ada.ResetAsync(mail.To(ada.Address())[^1].Code, Another)).ErrorCode.ShouldBe("invalid_code");
    }

    [Fact]
    public async Task A_mailbox_that_is_not_there_is_tried_once_and_named_nowhere()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = MailServerMood.RefusesRecipient;

        (await ada.ForgetAsync()).Ok();
        await app.LoggedAsync("was given up after 1 tries");

        (await app.RowsAsync())["mails"].ShouldBeEmpty();
        app.Logs.ShouldNotContain(x => x.Contains(ada.Address()));
        mail.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_says_nothing_keeps_nobody_waiting()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = MailServerMood.IsSilent;

        (await ada.ForgetAsync()).Ok();
        await Patience.UntilAsync(() => Task.FromResult(mail.Connections == 1), "it is tried");
        (await ada.ForgetAsync("unknown@example.com")).Ok(); // the first is still being sent
        (await ada.ForgetAsync()).Ok();
        (await ada.VerifyAsync()).Ok();

        mail.To(ada.Address()).ShouldBeEmpty();
        await app.StopAsync(); // and the program does not wait for it either
    }

    [Fact]
    public async Task A_mail_that_was_asked_for_is_sent_after_a_restart()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = MailServerMood.IsBusy;
        (await ada.ForgetAsync()).Ok();
        await Patience.UntilAsync(() => Task.FromResult(mail.Connections >= 1), "it is tried");

        await app.StopAsync();
        mail.Mood = MailServerMood.Works;
        mail.To(ada.Address()).ShouldBeEmpty();
        await app.StartAgainAsync();

        using var nobody = app.Anonymous();
        (await nobody.ResetAsync((await mail.NextAsync(ada.Address())).Code, Another)).Ok();
    }

    [Fact]
    public async Task A_server_of_ones_own_says_it_in_its_own_words_and_cannot_break_the_headers()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x =>
        {
            MailApp.Add(x);
            x.UseMailTemplates(new()
            {
                PasswordReset = (to, code) => new(
                    $"Für {to.Username}\r\nBcc: eve@example.com", $"Öffne https://app.example/reset#{code}",
                    $"<p>Öffne <b>{code}</b></p>"),
            });
        }, mail.Settings);
        using var ada = await app.RegisterAsync();

        (await ada.ForgetAsync()).Ok();
        var own = await mail.NextAsync(ada.Address());
        (await ada.VerifyAsync()).Ok();
        var cotes = await mail.NextAsync(ada.Address(), 2);

        own.To.ShouldBe([ada.Address()]);
        own.Header("Bcc").ShouldBe("");
        own.Header("Content-Type").ShouldStartWith("multipart/alternative");
        own.Header("Auto-Submitted").ShouldBe("auto-generated");
        cotes.Text.ShouldContain($"Hello {ada.Username},");
    }

    [Theory]
    [InlineData("a@example.com\r\nBcc: eve@example.com")]
    [InlineData("a@example.com\nRCPT TO:<eve@example.com>")]
    [InlineData("a@example.com>\r\nRCPT TO:<eve@example.com")]
    [InlineData("a@example.com, eve@example.com")]
    [InlineData("a,eve@example.com")]
    [InlineData("a;eve@example.com")]
    [InlineData("a<eve@example.com")]
    [InlineData("a(eve)@example.com")]
    [InlineData("a:eve@example.com;")]
    public async Task No_address_is_two(string email)
    {
        using var ada = await _app.RegisterAsync();
        var before = _mail.Lines.Count;

        var changed = await ada.PatchAsync("/users/me", new { email });
        (await ada.ForgetAsync(email)).Status.ShouldBeOneOf(200, 422);
        (await ada.VerifyAsync()).Ok();
        if (changed.Status == 422)
        {
            (await _mail.NextAsync(ada.Address())).To.ShouldBe([ada.Address()]);
            return;
        }
        await Patience.UntilAsync(async () => !(await _app.RowsAsync())["mails"].Any(x => x.Contains(email)), "done");
        _mail.Lines.Skip(before).Where(x => x.StartsWith("RCPT")).ShouldNotContain(x => x.Contains("<eve@"));
    }

    [Fact]
    public async Task No_code_stands_in_the_database_or_in_a_log_however_talkative()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(
            x => MailApp.Add(x), [.. mail.Settings, "--Logging:LogLevel:Default=Trace"]);
        using var ada = await app.RegisterAsync();
        (await ada.ForgetAsync()).Ok();
        (await ada.VerifyAsync()).Ok();
        await mail.NextAsync(ada.Address(), 2);
        var codes = mail.To(ada.Address()).Select(x => x.Code).ToList();
        (await ada.ResetAsync(codes[0][..^1] + "*", Another)).Status.ShouldBe(400);
        (await ada.PostAsync("/password/reset", new { code = codes[0], password = "x" })).Status.ShouldBe(422);

        var kept = (await app.RowsAsync()).ToDictionary(x => x.Key, x => string.Join('\n', x.Value));
        kept["mail_codes"].ShouldNotBeEmpty();
        foreach (var code in codes.SelectMany(x => new[] { x, x.Replace("-", "") }))
        {
            foreach (var (table, rows) in kept)
                rows.Contains(code, StringComparison.OrdinalIgnoreCase).ShouldBeFalse(table);
            app.Logs.ShouldNotContain(x => x.Contains(code, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("Mail:Host=localhost", "Cote__Mail__From")]
    [InlineData("Mail:Host=localhost|Mail:From=nonsense", "Cote__Mail__From")]
    [InlineData("Mail:Host=localhost|Mail:From=a@example.com|Mail:Username=a", "Cote__Mail__Password")]
    [InlineData("Mail:Host=localhost|Mail:From=a@example.com|Mail:Security=ssl", "Cote__Mail__Security")]
    [InlineData("Mail:Host=localhost|Mail:From=a@example.com|Mail:Port=0", "Cote__Mail__Port")]
    [Trait("Rows", "none")]
    public void Settings_that_cannot_work_stop_the_start(string settings, string names) =>
        Should.Throw<StartupException>(() => CoteHost.Create(
            [.. settings.Split('|').Select(x => "--Cote:" + x)])).Message.ShouldContain(names);
}
