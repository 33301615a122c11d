using System.Text.Json.Nodes;
using Cote.Tests.Harness;
using Cote.Tests.Usage;
using Cote.Users;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Users;

/// <summary>What has ended does not begin again by a token from before.</summary>
public sealed class IssuerEndTests(IssuerApp shared) : IClassFixture<IssuerApp>
{
    readonly string _subject = IssuerApp.NewSubject();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_logout_of_a_session_is_the_end_of_what_was_exchanged_for_it(bool hasSid)
    {
        void Later(JsonObject claims, long seconds)
        {
            claims["iat"] = (long)claims["iat"]! + seconds;
            if (hasSid)
                claims["sid"] = "sid of " + _subject;
        }
        var token = shared.TokenOf(_subject, x => Later(x, 40), "app");
        using var phone = shared.With((await shared.ExchangeAsync(token)).Ok()["access_token"]);
        using var tablet = shared.With((await shared.ExchangeAsync(token)).Ok()["access_token"]);

        (await phone.PostAsync("/logout/all")).Ok();

        (await tablet.GetAsync("/users/me")).Status.ShouldBe(401);
        (await shared.ExchangeAsync(token)).ErrorCode.ShouldBe("invalid_token");
        (await shared.ExchangeAsync(shared.TokenOf(_subject, x => Later(x, 50), "app"))).Status
            .ShouldBe(hasSid ? 401 : 200);
    }

    [Theory]
    [InlineData("nothing", 1)]
    [InlineData("disabled_at = 1", 0)]
    [InlineData("erased_at = 1", 0)]
    [InlineData("a logout", 0)]
    [InlineData("an identity that went", 0)]
    public async Task A_session_does_not_begin_for_who_was_shut_out_since_it_was_looked_up(string since, int added)
    {
        await using var app = await IssuerApp.StartAsync();
        using var ada = app.Bearer("ada", x => x["sid"] = "s");
        var id = (await ada.GetAsync("/users/me")).Ok()["id"];
        var services = app.App.Services;
        var (token, _) = await services.GetRequiredService<IssuerTokenReader>().ReadAsync(
            app.TokenOf("ada", x => x["sid"] = since == "a logout" ? "s" : "t"), TokenDoor.Bearer, default);
        if (since == "a logout")
            (await ada.PostAsync("/logout")).Ok();
        else if (since == "an identity that went")
            await app.App.SetRowsAsync("delete from identities");
        else if (added == 0)
            await app.App.SetRowsAsync($"update users set {since}");
        var now = services.GetRequiredService<Clock>().Now;
        var batch = new WriteBatch();

        var statement = IdentityStore.AddSession(batch, new(
            "late", id, "home", "", now, now, now + TimeSpan.FromDays(1), "home", token!.Expires), token);
        await services.GetRequiredService<Database>().WriteAsync(batch);

        statement.Changed.ShouldBe(added);
    }

    [Fact]
    public async Task A_session_is_listed_as_long_as_its_token_works()
    {
        await using var app = await IssuerApp.StartAsync("Auth:SessionDays=1");
        using var ada = app.Bearer("ada", x =>
        {
            x["iat"] = (long)x["iat"]! + 50;
            x["exp"] = (long)x["iat"]! + 24 * 3_600;
        });
        (await ada.GetAsync("/users/me")).Ok();

        app.Time.Shift = TimeSpan.FromDays(1) + TimeSpan.FromSeconds(30);

        (await ada.GetAsync("/sessions/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task After_an_erasure_a_later_token_of_the_same_sid_makes_no_account()
    {
        await using var app = await IssuerApp.StartAsync();
        using var ada = app.Bearer("ada", x => x["sid"] = "s");
        (await ada.DeleteAsync("/users/me")).Ok();
        using var later = app.Bearer("ada", x => (x["sid"], x["iat"]) = ("s", (long)x["iat"]! + 50));

        (await later.GetAsync("/users/me")).Status.ShouldBe(401);

        (await app.App.RowsAsync())["identities"].ShouldBeEmpty();
    }

    [Fact]
    public async Task An_erasure_counts_by_the_clock_of_the_issuer_too()
    {
        await using var app = await IssuerApp.StartAsync();
        using var ada = app.Bearer("ada", x => x["iat"] = (long)x["iat"]! + 50);
        (await ada.DeleteAsync("/users/me")).Ok();
        using var before = app.Bearer("ada", x => (x["azp"], x["iat"]) = ("phone", (long)x["iat"]! + 40));
        using var after = app.Bearer("ada", x => (x["azp"], x["iat"]) = ("phone", (long)x["iat"]! + 58));

        (await before.GetAsync("/users/me")).Status.ShouldBe(401);
        (await after.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task Where_nobody_is_asked_for_the_header_is_not_read()
    {
        await using var app = await IssuerApp.StartAsync("RateLimits:LoginPerMinute=3");
        using var bad = app.Bearer("ada", x => x["aud"] = "eve");
        using var good = app.Bearer("ada");

        for (var i = 0; i < 5; i++)
        {
            (await bad.GetAsync("/health/live")).Ok();
            (await good.GetAsync("/limits")).Ok();
        }

        (await app.App.RowsAsync())["identities"].ShouldBeEmpty();
        (await bad.GetAsync("/users/me")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_socket_that_is_refused_pays_once()
    {
        await using var app = await IssuerApp.StartAsync("RateLimits:LoginPerMinute=2");
        var bad = app.TokenOf("ada", x => x["aud"] = "eve");

        for (var i = 0; i < 2; i++)
        {
            await using var socket = await TestSocket.ConnectAsync(
                app.App.Url, "/ws", awaitReady: false,
                x => x.SetRequestHeader("Authorization", "Bearer " + bad));
            (await socket.Closed).ShouldBe(1008);
        }
    }

    [Fact]
    public async Task What_an_account_of_two_identities_had_used_counts_once()
    {
        await using var app = await IssuerApp.StartAsync("Budgets:DayTokens=100000");
        using var ada = app.Bearer("ada");
        (await LinkAsync(ada, 0)).Ok();
        var chat = await ada.CreateChatAsync();
        var question = await ada.AskAsync(chat, "Hi");
        await ada.EndOfAsync(chat, question.Text("reply_id"));
        var used = await UsedAsync(ada);
        used.ShouldBeGreaterThan(0);
        (await ada.DeleteAsync("/users/me")).Ok();

        using var again = app.Bearer("ada", x => x["iat"] = (long)x["iat"]! + 50);
        (await LinkAsync(again, 50)).Ok();

        (await UsedAsync(again)).ShouldBe(used);

        Task<Reply> LinkAsync(CoteClient client, long issued)
        {
            var claims = app.Other.Claims("ada elsewhere", "app");
            claims["iat"] = (long)claims["iat"]! + issued;
            return client.PostAsync("/users/me/identities", new
            {
                subject_token = app.Other.Sign(claims),
                subject_token_type = "urn:ietf:params:oauth:token-type:id_token",
            });
        }
    }

    static async Task<long> UsedAsync(CoteClient client) => (await client.GetAsync("/usage/budget")).Ok().Json
        .EnumerateArray().Single(x => x.Text("window") == "day").GetProperty("used").GetInt64();
}
