using System.Net;
using Cote.Http;
using Cote.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Cote.Tests.Http;

public sealed class RateLimitTests
{
    const string TooMany = "Too many requests; wait as long as Retry-After says";

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::/64")]
    [InlineData(null, "unknown")]
    public void An_IPv6_host_is_its_64(string? address, string key)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);

        RateLimits.AddressOf(http).ShouldBe(key);
    }

    [Fact]
    public async Task Messages_are_counted_per_user()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:MessagesPerMinute=2");
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        var chat = await ada.CreateChatAsync();
        await ada.AskAsync(chat, "one");
        await ada.AskAsync(chat, "two");

        var refused = await ada.PostAsync($"/chats/{chat}/messages/", new { content = "three" });

        refused.ShouldBeProblem(429, "rate_limited", TooMany);
        int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(1, 30);
        (await ada.GetAsync($"/chats/{chat}")).Ok().Json.Number("last_seq").ShouldBe(4);
        await eve.AskAsync(await eve.CreateChatAsync(), "one");
    }

    [Fact]
    public async Task Requests_are_counted_per_user_and_without_a_token_per_address()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:RequestsPerMinute=8");
        using var ada = await app.RegisterAsync();
        using var eve = await app.RegisterAsync();
        using var nobody = app.Anonymous();
        for (var i = 0; i < 8; i++)
            (await ada.GetAsync("/users/me")).Ok();

        (await ada.GetAsync("/users/me")).ShouldBeProblem(429, "rate_limited", TooMany);
        (await eve.GetAsync("/users/me")).Ok();
        for (var i = 0; i < 4; i++) // the two registrations and logins were four
            (await nobody.GetAsync("/users/me")).ShouldBeAnonymous();
        (await nobody.GetAsync("/users/me")).ShouldBeProblem(429, "rate_limited", TooMany);
        (await nobody.GetAsync("/nothing")).Status.ShouldBe(429);
        (await nobody.GetAsync("/health/ready")).Ok();
        (await eve.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task Registrations_are_counted_per_address()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:RegistrationPerMinute=1");
        using var ada = await app.RegisterAsync();

        (await ada.PostAsync("/users/", new { })).ShouldBeProblem(429, "rate_limited", TooMany);
        (await ada.FormAsync("/token", ("username", ada.Username), ("password", ada.Password))).Ok();
    }

    [Fact]
    public async Task What_is_mistyped_does_not_keep_an_office_from_registering_but_a_guess_at_the_code_counts()
    {
        await using var app = await CoteApp.StartAsync(
            "RateLimits:RegistrationPerMinute=2", "Auth:Registration=invitation", "Auth:InvitationCode=open sesame");
        using var office = app.Anonymous();
        Task<Reply> Register(string name, string code = "open sesame") =>
            office.PostAsync("/users/",
                new
                {
                    username = name,
                    email = name + "@example.com",
                    password = "correct horse",
                    invitation_code = code
                });
        for (var i = 0; i < 5; i++)
            (await office.PostAsync("/users/", new { username = "a" })).Status.ShouldBe(422);
        (await Register("ada")).Ok();
        for (var i = 0; i < 5; i++)
            (await Register("ada")).ErrorCode.ShouldBe("username_taken");

        (await Register("eve", "a guess")).ErrorCode.ShouldBe("wrong_invitation");
        (await Register("eve", "another")).ShouldBeProblem(429, "rate_limited", TooMany);
        (await Register("eve")).ShouldBeProblem(429, "rate_limited", TooMany);
    }

    [Fact]
    public async Task Ten_times_as_many_requests_for_an_account_are_too_many_though_none_is_created()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:RegistrationPerMinute=1");
        using var office = app.Anonymous();

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(_ => office.PostAsync("/users/", new { username = "a" })));

        replies.Count(x => x.Status == 422).ShouldBeInRange(10, 15);
        replies.Count(x => x.Status == 429).ShouldBeInRange(15, 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(59)]
    [InlineData(60)]
    [InlineData(61)]
    [InlineData(90)]
    [InlineData(601)]
    [InlineData(1_200)]
    [InlineData(1_000_000_000)]
    public void A_bucket_fills_at_the_rate_that_is_configured(long perMinute)
    {
        var bucket = RateLimits.Bucket(perMinute);

        (bucket.TokensPerPeriod / bucket.ReplenishmentPeriod.TotalMinutes).ShouldBe(perMinute, perMinute * 0.001);
        bucket.TokenLimit.ShouldBe((int)perMinute);
        bucket.ReplenishmentPeriod.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(99));
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48")]
    [InlineData("2001:db8:1:ffff::1", "2001:db8:1::/48")]
    public void An_IPv6_site_is_its_48(string address, string key)
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Parse(address);

        RateLimits.SiteOf(http).ShouldBe(key);
    }

    [Fact]
    public async Task Logins_are_counted_per_address_whatever_a_stranger_says_of_where_he_comes_from()
    {
        await using var app = await CoteApp.StartAsync("RateLimits:LoginPerMinute=3");

        for (var i = 0; i < 3; i++)
            (await LogInAsync(app, $"user{i}", $"192.0.2.{i}")).Status.ShouldBe(401);
        (await LogInAsync(app, "user3", "192.0.2.3")).ShouldBeProblem(429, "rate_limited", TooMany);
    }

    [Fact]
    public async Task What_a_trusted_proxy_says_counts_but_not_what_was_told_to_it()
    {
        await using var app = await CoteApp.StartAsync(
            "RateLimits:LoginPerMinute=3", "Http:TrustedProxies=127.0.0.1, 10.0.0.0/8");

        for (var i = 0; i < 5; i++)
            (await LogInAsync(app, $"user{i}", $"192.0.2.{i}")).Status.ShouldBe(401);
        for (var i = 0; i < 3; i++)
            (await LogInAsync(app, $"other{i}", $"198.51.100.{i}, 203.0.113.7, 10.1.2.3")).Status.ShouldBe(401);
        (await LogInAsync(app, "other3", "198.51.100.3, 203.0.113.7, 10.1.2.3"))
            .ShouldBeProblem(429, "rate_limited", TooMany);
    }

    [Fact]
    public async Task An_account_is_guarded_against_guesses_from_everywhere()
    {
        await using var app = await CoteApp.StartAsync(
            "RateLimits:LoginPerMinute=3", "Http:TrustedProxies=127.0.0.0/8");

        for (var i = 0; i < 3; i++)
            (await LogInAsync(app, i == 1 ? "ADA" : "ada", $"192.0.2.{i}")).Status.ShouldBe(401);
        (await LogInAsync(app, "ada", "192.0.2.3")).ShouldBeProblem(429, "rate_limited", TooMany);
        (await LogInAsync(app, "eve", "192.0.2.3")).Status.ShouldBe(401);
    }

    static async Task<Reply> LogInAsync(CoteApp app, string username, string forwardedFor)
    {
        using var client = app.Anonymous();
        return await client.SendAsync(HttpMethod.Post, "/token", change: x =>
        {
            x.Headers.Add("X-Forwarded-For", forwardedFor);
            x.Content = new FormUrlEncodedContent([new("username", username), new("password", "wrong")]);
        });
    }
}
