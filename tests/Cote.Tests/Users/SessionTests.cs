using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class SessionTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task Every_login_is_a_session_with_its_device_and_the_one_that_asks_is_marked()
    {
        using var phone = await _app.RegisterAsync();
        using var laptop = _app.Anonymous();
        var tokens =
            (await laptop.FormAsync("/token", ("username", phone.Username), ("password", phone.Password),
            ("device_name", "Ada's laptop"))).Ok();
        laptop.Token = tokens["access_token"];

        var sessions = (await laptop.GetAsync("/sessions/")).Ok().Json.EnumerateArray().ToList();

        sessions.Count.ShouldBe(2);
        sessions[0].GetProperty("device").GetString().ShouldBe("Ada's laptop");
        sessions[0].GetProperty("current").GetBoolean().ShouldBeTrue();
        sessions[1].GetProperty("current").GetBoolean().ShouldBeFalse();
        sessions[0].GetProperty("ip").GetString().ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task A_refresh_token_works_once_and_again_while_its_answer_may_be_lost()
    {
        using var ada = await _app.RegisterAsync();

        var first = (await RefreshAsync(ada.RefreshToken!)).Ok();
        var again = (await RefreshAsync(ada.RefreshToken!)).Ok();

        again["refresh_token"].ShouldBe(first["refresh_token"]);
        first["refresh_token"].ShouldNotBe(ada.RefreshToken);
        (await RefreshAsync(first["refresh_token"])).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Parallel_refreshes_of_one_token_all_get_the_same_successor()
    {
        using var ada = await _app.RegisterAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RefreshAsync(ada.RefreshToken!)));

        answers.ShouldAllBe(x => x.Status == 200);
        answers.Select(x => x["refresh_token"]).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_token_whose_successor_was_used_ends_the_whole_family()
    {
        using var ada = await _app.RegisterAsync();
        var stolen = ada.RefreshToken!;
        var second = (await RefreshAsync(stolen)).Ok();
        var third = (await RefreshAsync(second["refresh_token"])).Ok();
        ada.Token = third["access_token"];
        (await ada.GetAsync("/users/me")).Status.ShouldBe(200);
        await using var socket = await ada.ConnectAsync();

        var reuse = await RefreshAsync(stolen);

        reuse.Status.ShouldBe(401);
        reuse.ErrorCode.ShouldBe("invalid_refresh_token");
        (await RefreshAsync(third["refresh_token"])).Status.ShouldBe(401);
        (await ada.GetAsync("/users/me")).Status.ShouldBe(401);
        (await socket.Closed).ShouldBe(4503);
    }

    [Fact]
    public async Task Another_session_survives_the_end_of_a_family()
    {
        using var ada = await _app.RegisterAsync();
        using var laptop = await ada.OtherDeviceAsync();
        var second = (await RefreshAsync(ada.RefreshToken!)).Ok();
        (await RefreshAsync(second["refresh_token"])).Ok();

        (await RefreshAsync(ada.RefreshToken!)).Status.ShouldBe(401);

        (await laptop.GetAsync("/users/me")).Status.ShouldBe(200);
        (await RefreshAsync(laptop.RefreshToken!)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task After_logout_the_token_the_socket_and_the_refresh_token_are_dead_and_other_devices_live()
    {
        using var phone = await _app.RegisterAsync();
        using var laptop = await phone.OtherDeviceAsync();
        await using var stolen = await phone.ConnectAsync();
        await using var kept = await laptop.ConnectAsync();

        (await phone.PostAsync("/logout")).Status.ShouldBe(200);

        (await stolen.Closed).ShouldBe(4503);
        var refused = await phone.GetAsync("/users/me");
        refused.Status.ShouldBe(401);
        refused["detail"].ShouldBe("Could not validate credentials");
        (await RefreshAsync(phone.RefreshToken!)).Status.ShouldBe(401);
        await using (var socket = await phone.ConnectAsync(awaitReady: false))
            (await socket.Closed).ShouldBe(1008);
        await kept.SendAsync(new { type = "ping" });
        await kept.NextAsync("pong");
    }

    [Fact]
    public async Task Logout_everywhere_ends_all_sessions_and_only_this_users()
    {
        using var phone = await _app.RegisterAsync();
        using var laptop = await phone.OtherDeviceAsync();
        using var eve = await _app.RegisterAsync();

        (await phone.PostAsync("/logout/all")).Status.ShouldBe(200);

        (await phone.GetAsync("/users/me")).Status.ShouldBe(401);
        (await laptop.GetAsync("/users/me")).Status.ShouldBe(401);
        (await eve.GetAsync("/users/me")).Status.ShouldBe(200);
        (await phone.LogInAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_session_can_be_ended_from_another_device_and_not_by_a_stranger()
    {
        using var phone = await _app.RegisterAsync();
        using var laptop = await phone.OtherDeviceAsync();
        using var eve = await _app.RegisterAsync();
        var lost = (await laptop.GetAsync("/sessions/")).Ok().Json.EnumerateArray()
            .Single(x => !x.GetProperty("current").GetBoolean()).GetProperty("id").GetString()!;

        (await eve.DeleteAsync($"/sessions/{lost}")).ErrorCode.ShouldBe("session_not_found");
        (await phone.GetAsync("/users/me")).Status.ShouldBe(200);
        (await laptop.DeleteAsync($"/sessions/{lost.ToUpperInvariant()}")).Status.ShouldBe(200);
        (await phone.GetAsync("/users/me")).Status.ShouldBe(401);
        (await laptop.DeleteAsync($"/sessions/{lost}")).Status.ShouldBe(404);
        (await laptop.DeleteAsync("/sessions/nonsense")).Status.ShouldBe(404);
        (await laptop.GetAsync("/sessions/")).Ok().Json.GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("GET", "/sessions/")]
    [InlineData("DELETE", "/sessions/0193e2a0-0000-7000-8000-000000000000")]
    [InlineData("POST", "/logout")]
    [InlineData("POST", "/logout/all")]
    [InlineData("PATCH", "/users/me")]
    [InlineData("DELETE", "/users/me")]
    [InlineData("GET", "/users/me/export")]
    [InlineData("GET", "/admin/users")]
    [InlineData("GET", "/admin/audit")]
    public async Task Nobody_gets_in_without_a_token(string method, string path)
    {
        using var anonymous = _app.Anonymous();
        var refused = await anonymous.SendAsync(new HttpMethod(method), path, method == "PATCH" ? new { } : null);
        refused.Status.ShouldBe(401);
        refused.Header("WWW-Authenticate").ShouldBe("Bearer");
        refused["detail"].ShouldBe("Not authenticated");
    }

    async Task<Reply> RefreshAsync(string token)
    {
        using var anonymous = _app.Anonymous();
        return await anonymous.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", token));
    }
}
