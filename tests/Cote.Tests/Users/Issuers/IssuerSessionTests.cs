using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class IssuerSessionTests(IssuerApp shared) : IClassFixture<IssuerApp>
{
    [Fact]
    public async Task A_bearer_works_on_every_route_socket_and_ticket_and_its_session_is_listed()
    {
        using var ada = shared.Bearer(IssuerApp.NewSubject());
        var chat = await ada.CreateChatAsync();
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];

        await using var byQuery = await ada.ConnectAsync();
        await using var byTicket = await TestSocket.ConnectAsync(shared.App.Url, $"/ws?ticket={ticket}");
        await using var byProtocol = await TestSocket.ConnectAsync(shared.App.Url, "/ws", change: x =>
        {
            x.AddSubProtocol("cote.v1");
            x.AddSubProtocol("cote.bearer." + ada.Token);
        });
        var question = await ada.AskAsync(chat, "Hi");
        foreach (var socket in new[] { byQuery, byTicket, byProtocol })
            await socket.EndOfAsync(question.Text("reply_id"));

        var session = (await ada.GetAsync("/sessions/")).Ok().Json.EnumerateArray().Single();
        (session.Text("issuer"), session.Text("device")).ShouldBe(("home", "home"));
        session.GetProperty("current").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Tokens_of_one_key_share_a_session_and_others_do_not()
    {
        var subject = IssuerApp.NewSubject();
        string[] tokens =
        [
            shared.TokenOf(subject), shared.TokenOf(subject, x => x["jti"] = "1"),
            shared.TokenOf(subject, x => x["azp"] = "web"), shared.TokenOf(subject, x => x["client_id"] = "web"),
            shared.TokenOf(subject, x => (x["azp"], x["client_id"]) = ("web", "else")),
            shared.TokenOf(subject, x => (x["azp"], x["sid"]) = ("web", "s1")),
            shared.TokenOf(subject, x => (x["azp"], x["sid"]) = ("phone", "s1")),
            shared.TokenOf(subject, x => x["sid"] = "s2"),
        ];
        foreach (var token in tokens)
        {
            using var client = shared.With(token);
            (await client.GetAsync("/users/me")).Ok();
        }

        using var ada = shared.With(tokens[0]);
        (await ada.GetAsync("/sessions/")).Ok().Json.GetArrayLength().ShouldBe(4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_logout_what_was_issued_before_is_refused_and_of_the_same_sid_everything(bool hasSid)
    {
        var subject = IssuerApp.NewSubject();
        void Sid(JsonObject claims)
        {
            if (hasSid)
                claims["sid"] = "sid of " + subject;
        }
        using var ada = shared.Bearer(subject, Sid);
        using var unseen = shared.Bearer(subject, x =>
        {
            Sid(x);
            x["jti"] = "unseen";
        });
        using var later = shared.Bearer(subject, x =>
        {
            Sid(x);
            x["iat"] = (long)x["iat"]! + 50;
        });
        using var elsewhere = shared.Bearer(subject, x => x["sid"] = "another of " + subject);
        var id = (await ada.GetAsync("/users/me")).Ok()["id"];
        (await elsewhere.GetAsync("/users/me")).Ok();
        await using var socket = await ada.ConnectAsync();

        (await ada.PostAsync("/logout")).Ok();

        (await socket.Closed).ShouldBe(4503);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await unseen.GetAsync("/users/me")).Status.ShouldBe(401);
        (await elsewhere.GetAsync("/users/me")).Ok();
        var again = await later.GetAsync("/users/me");
        again.Status.ShouldBe(hasSid ? 401 : 200);
        if (!hasSid)
            again["id"].ShouldBe(id);
        await shared.App.StopAsync();
        await shared.App.StartAgainAsync(); // what a node remembers is not what refuses them
        using var unseenAgain = shared.With(unseen.Token!);
        (await unseenAgain.GetAsync("/users/me")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_session_can_be_ended_from_another_one()
    {
        var subject = IssuerApp.NewSubject();
        using var ada = shared.Bearer(subject, x => x["azp"] = "a");
        using var lost = shared.Bearer(subject, x => x["azp"] = "b");
        (await ada.GetAsync("/users/me")).Ok();
        (await lost.GetAsync("/users/me")).Ok();
        var session = (await ada.GetAsync("/sessions/")).Ok().Json.EnumerateArray()
            .Single(x => !x.GetProperty("current").GetBoolean()).Text("id");

        (await ada.DeleteAsync($"/sessions/{session}")).Ok();

        (await lost.GetAsync("/users/me")).Status.ShouldBe(401);
        (await ada.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task A_token_from_before_the_logout_is_not_exchanged_either()
    {
        var subject = IssuerApp.NewSubject();
        using var ada = shared.Bearer(subject, x => x["sid"] = subject);
        (await ada.GetAsync("/users/me")).Ok();
        var id = shared.TokenOf(subject, x => x["sid"] = subject, "app");
        (await shared.ExchangeAsync(id)).Ok();

        (await ada.PostAsync("/logout")).Ok();

        (await shared.ExchangeAsync(id)).ErrorCode.ShouldBe("invalid_token");
    }

    [Fact]
    public async Task A_disabled_user_is_told_so_at_every_door_and_comes_back_with_a_new_token()
    {
        var subject = IssuerApp.NewSubject();
        using var ada = shared.Bearer(subject);
        (await ada.GetAsync("/users/me")).Ok();

        await CommandAsync("disable-user", subject);

        (await ada.GetAsync("/users/me")).ShouldBeProblem(401, "account_disabled", "This account is disabled");
        (await shared.ExchangeAsync(shared.TokenOf(subject, audience: "app")))
            .ShouldBeProblem(401, "account_disabled", "This account is disabled");
        await CommandAsync("enable-user", subject);
        (await ada.GetAsync("/users/me")).ErrorCode.ShouldBe("invalid_token");
        using var later = shared.Bearer(subject, x => x["iat"] = (long)x["iat"]! + 50);
        (await later.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task A_token_stops_at_its_end_with_the_skew()
    {
        await using var app = await IssuerApp.StartAsync();
        using var ada = app.Bearer("ada");
        (await ada.GetAsync("/users/me")).Ok();

        app.Time.Shift = TimeSpan.FromSeconds(3_600 + 50);
        (await ada.GetAsync("/users/me")).Ok();
        app.Time.Shift = TimeSpan.FromSeconds(3_600 + 62);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_socket_by_ticket_lives_as_long_as_the_tokens_of_its_session()
    {
        // It ends by the clock alone: in five seconds, of which the requests before it take some.
        using var ada = shared.Bearer(IssuerApp.NewSubject(),
            x => x["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 55);
        var ticket = (await ada.PostAsync("/ws/ticket")).Ok()["ticket"];

        await using var socket = await TestSocket.ConnectAsync(shared.App.Url, $"/ws?ticket={ticket}");

        (await socket.Closed).ShouldBe(4011);
    }

    [Fact]
    public async Task What_fails_costs_its_address_its_logins()
    {
        await using var app = await IssuerApp.StartAsync("RateLimits:LoginPerMinute=3");
        using var good = app.Bearer("ada");
        using var bad = app.Bearer("ada", x => x["aud"] = "eve");
        (await good.GetAsync("/users/me")).Ok();

        for (var i = 0; i < 3; i++)
            (await bad.GetAsync("/users/me")).Status.ShouldBe(401);
        var refused = await bad.GetAsync("/users/me");

        refused.ShouldBeProblem(429, "rate_limited", "Too many requests; wait as long as Retry-After says");
        (await good.GetAsync("/users/me")).Ok();
    }

    async Task CommandAsync(string verb, string name)
    {
        var error = new StringWriter();
        (await CoteCommands.RunAsync([verb, name, .. shared.App.Place], TextReader.Null, TextWriter.Null, error))
            .ShouldBe(0, error.ToString());
    }
}
