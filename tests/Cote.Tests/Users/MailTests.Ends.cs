using Cote.Tests.Harness;
using Cote.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

// Whose mails are sent no more.
public sealed partial class MailTests
{
    [Fact]
    public async Task With_an_account_goes_the_mail_that_waits_for_its_address()
    {
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x => MailApp.Add(x), mail.Settings);
        using var ada = await app.RegisterAsync();
        mail.Mood = MailServerMood.IsBusy;
        (await ada.ForgetAsync(ada.Address().ToUpperInvariant())).Ok();
        (await app.RowsAsync())["mails"].Count.ShouldBe(1);

        (await ada.DeleteAsync("/users/me")).Ok();

        (await app.RowsAsync())["mails"].ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_mail_was_switched_off_what_waits_is_removed_after_two_hours()
    {
        await using var app = await CoteApp.StartAsync();
        var (mails, now) = (app.Services.GetRequiredService<MailStore>(), app.Services.GetRequiredService<Clock>().Now);
        await mails.AddAsync("old", MailPurposes.Reset, null, "ada@example.com", now + TimeSpan.FromHours(-3));
        await mails.AddAsync("new", MailPurposes.Reset, null, "bob@example.com", now);

        await mails.PurgeAsync(now);

        (await app.RowsAsync())["mails"].ShouldHaveSingleItem().ShouldContain("bob@example.com");
    }

    [Theory]
    [InlineData("nothing", "the template made no mail")]
    [InlineData("no text", "the template made no mail")]
    [InlineData("an error", "the template threw InvalidOperationException")]
    public async Task A_template_that_makes_no_mail_is_a_failure_of_that_mail_alone(string makes, string why)
    {
        var made = "";
        MailText make(MailRecipient _, string code)
        {
            made = code;
            return makes == "an error" ? throw new InvalidOperationException(code)
                : makes == "no text" ? new("Hello", null!) : null!;
        }
        await using var mail = FakeMailServer.Start();
        await using var app = await CoteApp.StartAsync(x =>
        {
            MailApp.Add(x);
            x.UseMailTemplates(new() { PasswordReset = make });
        }, mail.Settings);
        using var ada = await app.RegisterAsync();

        (await ada.ForgetAsync()).Ok();
        await app.LoggedAsync(why);
        (await ada.VerifyAsync()).Ok();

        (await ada.VerifyAsync((await mail.NextAsync(ada.Address())).Code)).Ok();
        app.Logs.ShouldNotContain(x => x.Contains("failed in a round"));
        app.Logs.ShouldNotContain(x => x.Contains(made), "nobody reads codes");
    }
}
