using Cote.Tests.Harness;
using Cote.Users;

namespace Cote.Tests.Users;

/// <summary>Guesses are bounded, and nobody can lock another one out by them.</summary>
public sealed class LoginThrottleTests
{
    const string Home = "192.0.2.1", Strange = "198.51.100.1";

    [Fact]
    public async Task Who_guesses_from_one_address_is_stopped_and_the_owner_gets_in_from_any_other()
    {
        await using var app = await StartAsync(perMinute: 9);
        using var ada = await app.RegisterAsync();
        await GuessAsync(app, ada.Username, Strange, Strange, Strange);

        (await LogInAsync(app, ada.Username, "wrong", Strange)).ErrorCode.ShouldBe("rate_limited");
        (await LogInAsync(app, ada.Username, ada.Password, Strange)).Status.ShouldBe(429);
        (await LogInAsync(app, ada.Username, ada.Password, "203.0.113.9")).Ok();
    }

    [Fact]
    public async Task Where_many_guess_the_owner_gets_in_from_where_he_was_before()
    {
        await using var app = await StartAsync(perMinute: 6);
        using var ada = await app.RegisterAsync();
        (await LogInAsync(app, ada.Username, ada.Password, Home)).Ok();
        await GuessAsync(app, ada.Username, [.. Strangers(6)]);

        (await LogInAsync(app, ada.Username, ada.Password, Strange)).ErrorCode.ShouldBe("rate_limited");
        (await LogInAsync(app, ada.Username, ada.Password, Home)).Ok();
        (await LogInAsync(app, ada.Username, ada.Password, Home)).Ok();
        // A known address has no more guesses than another.
        await GuessAsync(app, ada.Username, Home, Home);
        (await LogInAsync(app, ada.Username, "wrong", Home)).ErrorCode.ShouldBe("rate_limited");
    }

    [Fact]
    public async Task Only_wrong_passwords_count()
    {
        await using var app = await StartAsync(perMinute: 30);
        using var ada = await app.RegisterAsync();

        for (var i = 0; i < 20; i++)
            (await LogInAsync(app, ada.Username, ada.Password, Home)).Ok();
    }

    [Fact]
    public async Task The_name_and_the_address_of_an_account_share_its_guesses()
    {
        await using var app = await StartAsync(perMinute: 4);
        using var ada = await app.RegisterAsync();
        var names = new[] { ada.Username, ada.Username + "@example.com", ada.Username.ToUpperInvariant(),
            ada.Username + "@EXAMPLE.com" };
        await Task.WhenAll(names.Zip(Strangers(4)).Select(x => GuessAsync(app, x.First, x.Second)));

        foreach (var name in names)
            (await LogInAsync(app, name, "wrong", "203.0.113.9")).ErrorCode.ShouldBe("rate_limited");
    }

    [Fact]
    public async Task Guesses_sent_at_once_are_counted_before_they_are_checked()
    {
        await using var app = await StartAsync(perMinute: 9);
        using var ada = await app.RegisterAsync();

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 9).Select(_ => LogInAsync(app, ada.Username, "wrong", Strange)));

        replies.Count(x => x.Status == 401).ShouldBe(3);
        replies.Count(x => x.Status == 429).ShouldBe(6);
    }

    [Fact]
    public async Task A_network_of_IPv6_is_one_address_to_guess_from()
    {
        await using var app = await StartAsync(perMinute: 3);
        using var ada = await app.RegisterAsync();
        await GuessAsync(app, ada.Username, "2001:db8:1:1::1");

        (await LogInAsync(app, ada.Username, "wrong", "2001:db8:1:2::1")).ErrorCode.ShouldBe("rate_limited");
        await GuessAsync(app, ada.Username, "2001:db8:2:1::1");
    }

    [Fact]
    public async Task Logins_from_one_network_of_IPv6_are_bounded_however_many_addresses_it_has()
    {
        await using var app = await StartAsync(perMinute: 1);

        var replies = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => LogInAsync(app, $"user{i}", "wrong", $"2001:db8:1:{i:x}::1")));

        replies.Count(x => x.Status == 401).ShouldBeGreaterThanOrEqualTo(10);
        replies.Count(x => x.Status == 429).ShouldBeGreaterThan(15);
        (await LogInAsync(app, "user", "wrong", "2001:db8:2:1::1")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Guesses_from_outside_keep_nobody_from_a_new_password_and_a_stolen_token_has_few()
    {
        await using var app = await StartAsync(perMinute: 6);
        using var ada = await app.RegisterAsync();
        await GuessAsync(app, ada.Username, [.. Strangers(6)]);
        Task<Reply> Change(string current) =>
            ada.PatchAsync("/users/me", new { password = "a much better one", current_password = current });

        (await Change("wrong")).ErrorCode.ShouldBe("wrong_current_password");
        (await Change(ada.Password)).Ok();
        (await Change("wrong")).ErrorCode.ShouldBe("wrong_current_password");
        (await Change("wrong")).ErrorCode.ShouldBe("rate_limited");
    }

    [Fact]
    public void A_bucket_fills_evenly_and_is_forgotten_when_it_is_full()
    {
        var time = new StoppedTime();
        var buckets = new FailureBuckets(6, new Clock(time));
        for (var i = 0; i < 6; i++)
            buckets.TryTake("ada", out _).ShouldBeTrue();
        buckets.TryTake("ada", out var wait).ShouldBeFalse();
        wait.ShouldBe(TimeSpan.FromSeconds(10));
        buckets.TryTake("eve", out _).ShouldBeTrue();

        time.Now += TimeSpan.FromSeconds(10);
        buckets.TryTake("ada", out _).ShouldBeTrue();
        buckets.TryTake("ada", out _).ShouldBeFalse();
        buckets.Return("ada");
        buckets.TryTake("ada", out _).ShouldBeTrue();
        buckets.Return("eve");
        buckets.Count.ShouldBe(1);

        time.Now += TimeSpan.FromMinutes(2);
        for (var i = 0; i < 5_000; i++)
        {
            buckets.TryTake($"user{i}", out _).ShouldBeTrue();
            time.Now += TimeSpan.FromSeconds(1); // each is full again after ten
        }
        buckets.Count.ShouldBeLessThanOrEqualTo(1_000);
    }

    static Task<CoteApp> StartAsync(int perMinute) =>
        CoteApp.StartAsync($"RateLimits:LoginPerMinute={perMinute}", "Http:TrustedProxies=127.0.0.0/8");

    static IEnumerable<string> Strangers(int count) => Enumerable.Range(101, count).Select(x => $"198.51.100.{x}");

    // At once: a bucket fills while a slow machine hashes.
    static async Task GuessAsync(CoteApp app, string username, params string[] from) =>
        (await Task.WhenAll(from.Select(x => LogInAsync(app, username, "wrong", x)))).ShouldAllBe(x => x.Status == 401);

    static async Task<Reply> LogInAsync(CoteApp app, string username, string password, string from)
    {
        using var client = app.Anonymous();
        return await client.SendAsync(HttpMethod.Post, "/token", change: x =>
        {
            x.Headers.Add("X-Forwarded-For", from);
            x.Content = new FormUrlEncodedContent([new("username", username), new("password", password)]);
        });
    }

    sealed class StoppedTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
