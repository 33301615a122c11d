using Cote.Tests.Harness;

namespace Cote.Tests.Users;

[Trait("Rows", "none")]
[Trait("Rows", "none")]
public sealed class IssuerOptionsTests
{
    [Theory]
    [InlineData("http://login.example", "Authority is wrong: it must be a URL that begins with https://")]
    [InlineData("https://login.example?a=b", "Authority is wrong: it must be a URL that begins with https://")]
    [InlineData("login.example", "Authority is wrong: it must be a URL that begins with https://")]
    public async Task An_authority_that_cannot_be_trusted_is_said_before_the_server_starts(string url, string says) =>
        (await MessageAsync($"Auth:Issuers:home:Authority={url}", "Auth:Issuers:home:Audience=api"))
            .ShouldStartWith("Cote__Auth__Issuers__home__" + says);

    [Fact]
    public async Task What_would_take_no_token_or_two_of_one_kind_is_said_too()
    {
        const string home = "Auth:Issuers:home:Authority=https://login.example";

        (await MessageAsync("Auth:Issuers:home:Audience=api"))
            .ShouldStartWith("Cote__Auth__Issuers__home__Authority is wrong:");
        (await MessageAsync(home)).ShouldBe("Cote__Auth__Issuers__home__Audience is wrong: "
            + "one of Audience and ClientId must be set: no token would be taken.");
        (await MessageAsync(home, "Auth:Issuers:home:Audience=api", "Auth:Issuers:home:ClientSecret=a")).ShouldBe(
            "Cote__Auth__Issuers__home__ClientSecret is wrong: it belongs to a ClientId, and there is none.");
        (await MessageAsync(home, "Auth:Issuers:home:Audience=api", "Auth:Issuers:b:Authority=https://login.example",
            "Auth:Issuers:b:Audience=api")).ShouldContain("another issuer has the same Authority.");
        (await MessageAsync("Auth:Issuers:a_b:Authority=https://login.example", "Auth:Issuers:a_b:Audience=api"))
            .ShouldContain("its name has up to 32 ASCII letters, digits and dashes.");
        (await MessageAsync("Auth:Issuers:home:Authoritty=a"))
            .ShouldStartWith("Cote__Auth__Issuers__home__Authoritty is not a setting of Cote.");
    }

    [Theory]
    [InlineData("javascript:alert(1)", "has a scheme that no app can be called by.")]
    [InlineData("http://app.example/back", "is http on another machine; use https.")]
    [InlineData("https://app.example/#a", "has a fragment.")]
    [InlineData("/login", "")]
    [InlineData("com.example.app:/lögin", "is not an absolute URI in ASCII.")]
    public async Task An_address_that_nobody_may_be_led_to_is_said_before_the_server_starts(string uri, string says) =>
        (await MessageAsync($"Auth:RedirectUris={uri}"))
            .ShouldStartWith($"Cote__Auth__RedirectUris is wrong: `{uri}` {says}");

    static async Task<string> MessageAsync(params string[] settings) =>
        (await Should.ThrowAsync<StartupException>(() => CoteApp.StartAsync(settings))).Message;
}
