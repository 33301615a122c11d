using Cote.Tests.Harness;

namespace Cote.Tests.Users;

/// <summary>Which uses of a spent refresh token are a tab or a lost answer, and which a theft.</summary>
public sealed class RefreshTests
{
    const string Home = "192.0.2.1", Strange = "198.51.100.1";
    const string FirstKey = "a first key of more than 32 bytes for tests",
        SecondKey = "a second key of more than 32 bytes for tests";

    [Fact]
    public async Task A_second_tab_gets_the_same_token_however_late_while_it_is_unused_and_both_go_on()
    {
        await using var app = await CoteApp.StartAsync("Http:TrustedProxies=127.0.0.0/8");
        using var ada = await app.RegisterAsync();
        var first = (await RefreshAsync(app, ada.RefreshToken!, Home)).Ok();
        await ForgetWhenAsync(app);

        var second = (await RefreshAsync(app, ada.RefreshToken!, Home)).Ok();

        second["refresh_token"].ShouldBe(first["refresh_token"]);
        foreach (var token in new[] { first["access_token"], second["access_token"] })
        {
            ada.Token = token;
            (await ada.GetAsync("/users/me")).Ok();
        }
        (await RefreshAsync(app, first["refresh_token"], Home)).Ok();
    }

    [Fact]
    public async Task From_another_address_a_spent_token_is_a_theft_but_for_the_seconds_in_which_an_answer_may_be_lost()
    {
        await using var app = await CoteApp.StartAsync("Http:TrustedProxies=127.0.0.0/8");
        using var ada = await app.RegisterAsync();
        var first = (await RefreshAsync(app, ada.RefreshToken!, Home)).Ok();
        (await RefreshAsync(app, ada.RefreshToken!, Strange)).Ok()["refresh_token"].ShouldBe(first["refresh_token"]);
        await ForgetWhenAsync(app);

        (await RefreshAsync(app, ada.RefreshToken!, Strange)).ErrorCode.ShouldBe("invalid_refresh_token");

        (await RefreshAsync(app, first["refresh_token"], Home)).Status.ShouldBe(401);
        ada.Token = first["access_token"];
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        app.Logs.ShouldContain(x => x.Contains("was used again: the session is revoked"));
    }

    [Fact]
    public async Task A_spent_token_whose_successor_was_used_is_a_theft_from_the_same_address_too()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var first = (await RefreshAsync(app, ada.RefreshToken!)).Ok();
        var second = (await RefreshAsync(app, first["refresh_token"])).Ok();

        (await RefreshAsync(app, ada.RefreshToken!)).Status.ShouldBe(401);

        (await RefreshAsync(app, second["refresh_token"])).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_change_of_the_signing_key_ends_no_session_whose_answer_was_lost()
    {
        await using var app = await CoteApp.StartAsync($"Auth:SigningKey={FirstKey}");
        using var ada = await app.RegisterAsync();
        var first = (await RefreshAsync(app, ada.RefreshToken!)).Ok();

        await app.RestartAsync(
            $"Auth:SigningKey={SecondKey}", $"Auth:PreviousSigningKey={FirstKey}",
            "Auth:PreviousSigningKeyUntil=2099-01-01T00:00:00Z");

        (await RefreshAsync(app, ada.RefreshToken!)).Ok()["refresh_token"].ShouldBe(first["refresh_token"]);
        (await RefreshAsync(app, first["refresh_token"])).Ok();
    }

    [Fact]
    public async Task Neither_does_the_loss_of_the_signing_key()
    {
        await using var app = await CoteApp.StartAsync($"Auth:SigningKey={FirstKey}");
        using var ada = await app.RegisterAsync();
        var first = (await RefreshAsync(app, ada.RefreshToken!)).Ok();

        await app.RestartAsync($"Auth:SigningKey={SecondKey}");

        var again = (await RefreshAsync(app, ada.RefreshToken!)).Ok();
        again["refresh_token"].ShouldNotBe(first["refresh_token"]);
        (await RefreshAsync(app, first["refresh_token"])).Status.ShouldBe(401);
        (await RefreshAsync(app, again["refresh_token"])).Ok();
    }

    [Fact]
    public async Task The_list_of_sessions_tells_the_last_use_before_it_is_written_and_a_stop_writes_it()
    {
        var time = new ShiftedTime();
        await using var app = await CoteApp.StartAsync(x => x.Services.Add(new(typeof(TimeProvider), time)));
        using var ada = await app.RegisterAsync();
        var login = (await ada.GetAsync("/sessions/")).Ok().Json[0].GetProperty("created_at").GetDateTimeOffset();
        var stored = (await app.RowsAsync())["sessions"].ShouldHaveSingleItem();
        time.Shift = TimeSpan.FromHours(3);

        var seen = (await ada.GetAsync("/sessions/")).Ok().Json[0].GetProperty("last_seen_at").GetDateTimeOffset();

        seen.ShouldBeGreaterThan(login.AddHours(2));
        (await app.RowsAsync())["sessions"].ShouldHaveSingleItem().ShouldBe(stored);
        await app.StopAsync();
        (await app.RowsAsync())["sessions"]
            .ShouldHaveSingleItem().ShouldContain(seen.ToUnixTimeMilliseconds().ToString());
    }

    // Ten seconds by the database's clock, without waiting for them.
    static Task ForgetWhenAsync(CoteApp app) =>
        Rows.ExecuteAsync(app, "update sessions set rotated_at = rotated_at - 11000 where parent_hash is not null");

    static async Task<Reply> RefreshAsync(CoteApp app, string token, string from = Home)
    {
        using var client = app.Anonymous();
        return await client.SendAsync(HttpMethod.Post, "/token", change: x =>
        {
            x.Headers.Add("X-Forwarded-For", from);
            x.Content = new FormUrlEncodedContent([new("grant_type", "refresh_token"), new("refresh_token", token)]);
        });
    }
}
