using Cote.Tests.Harness;

namespace Cote.Tests.Notices;

/// <summary>What a wrong setting of a webhook says at the start.</summary>
[Trait("Rows", "none")]
public sealed class WebhookOptionsTests
{
    const string Url = "Webhooks:a:Url=https://hooks.example/a";
    static readonly string Secret = "Webhooks:a:Secret=" + WebhookSteps.Secret;

    [Fact]
    public async Task One_that_has_all_it_needs_starts()
    {
        await using var app = await CoteApp.StartAsync(
            Url, Secret, "Webhooks:a:Events=reply.ended, user.created", "Webhooks:a:Allow=10.0.0.0/8,hooks.example");
    }

    [Theory]
    [InlineData("Url=", "Cote__Webhooks__a__Url is wrong: it names the endpoint and must be set.")]
    [InlineData("Url=http://hooks.example/", "Cote__Webhooks__a__Url is wrong: it is no URL that begins with https:")]
    [InlineData("Secret=", "Cote__Webhooks__a__Secret is wrong: it signs what is told and must be set.")]
    [InlineData("Secret=whsec_c2hvcnQ=", "Cote__Webhooks__a__Secret is wrong: a secret is `whsec_` and 24 to 64 bytes")]
    [InlineData("Secret=MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Cote__Webhooks__a__Secret is wrong: a secret is `whsec_`")]
    [InlineData("Events=reply.began", "Cote__Webhooks__a__Events is wrong: `reply.began` is none of reply.ended,")]
    [InlineData("Allow=10.0.0.0/40", "Cote__Webhooks__a__Allow is wrong: `10.0.0.0/40` is no host name, address")]
    public async Task A_mistake_is_one_sentence_that_names_the_setting(string setting, string sentence)
    {
        var error = await Should.ThrowAsync<StartupException>(
            () => CoteApp.StartAsync(Url, Secret, "Webhooks:a:" + setting));

        error.Message.ShouldStartWith(sentence);
        error.Message.ShouldNotContain("MfKQ");
    }

    [Fact]
    public async Task A_name_has_letters_digits_and_hyphens() =>
        (await Should.ThrowAsync<StartupException>(
            () => CoteApp.StartAsync(Url.Replace(":a:", ":a b:"), Secret.Replace(":a:", ":a b:"))))
            .Message.ShouldBe(
                "Cote__Webhooks__a b is no name of a webhook: it has up to 32 letters, digits and hyphens.");
}
