using System.Net.Http.Headers;
using System.Text;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class LogInTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Fact]
    public async Task One_logs_in_with_name_or_address_in_any_case()
    {
        using var ada = await _app.RegisterAsync();

        foreach (var name in new[] { ada.Username, ada.Username.ToUpperInvariant(), ada.Username + "@example.com",
            ada.Username.ToUpperInvariant() + "@EXAMPLE.com" })
        {
            var tokens = (await ada.FormAsync("/token", ("username", name), ("password", ada.Password))).Ok().Json;
            tokens.Fields().ShouldBe(["access_token", "token_type", "expires_in", "refresh_token"]);
            tokens.Text("token_type").ShouldBe("bearer");
            tokens.Number("expires_in").ShouldBe(24 * 60 * 60);
            ada.Token = tokens.Text("access_token");
            (await ada.GetAsync("/users/me")).Ok()["id"].ShouldBe(ada.Id);
        }
    }

    [Fact]
    public async Task The_form_may_hold_what_OAuth2_wants_and_may_be_multipart()
    {
        using var ada = await _app.RegisterAsync();
        using var form = new MultipartFormDataContent
        {
            { new StringContent(ada.Username), "username" }, { new StringContent(ada.Password), "password" },
        };

        (await ada.FormAsync("/token/", ("grant_type", "password"), ("username", ada.Username),
            ("password", ada.Password),
            ("scope", ""), ("client_id", "app"), ("client_secret", "x"), ("other", "y"))).Ok();
        (await ada.SendAsync(HttpMethod.Post, "/token", change: x => x.Content = form)).Ok();
    }

    [Fact]
    public async Task A_wrong_name_and_a_wrong_password_look_the_same()
    {
        using var ada = await _app.RegisterAsync();

        foreach (var (name, password) in new[]
        {
            (ada.Username, "wrong"), (ada.Username, ada.Password + " "),
                (ada.Username, ada.Password.ToUpperInvariant()),
            (ada.Username, ""), ("nobody", ada.Password), ("", ""), (ada.Username + "\n", ada.Password),
            ("' or 1=1 --", "x"),
        })
            (await ada.FormAsync("/token", ("username", name), ("password", password)))
                .ShouldBeProblem(401, "wrong_password", "Incorrect username or password");
    }

    [Theory]
    [InlineData("application/json", """{"username":"ada","password":"correct horse"}""")]
    [InlineData("text/plain", "username=ada&password=b")]
    [InlineData(null, "username=ada&password=b")]
    [InlineData("application/x-www-form-urlencoded", "")]
    [InlineData("application/x-www-form-urlencoded", "user=ada")]
    [InlineData("application/x-www-form-urlencoded", "username&password")]
    [Trait("Rows", "none")]
    public async Task A_login_in_another_form_is_a_422(string? type, string body)
    {
        using var nobody = _app.Anonymous();

        var reply = await Send(nobody, type, body);

        if (body == "username&password")
            reply.Status.ShouldBe(401);
        else
            reply.ShouldBeWrong("body.username missing", "body.password missing");
        if (type is null || !type.Contains("form"))
            reply.Json.GetProperty("detail")[0]
                .Text("msg").ShouldEndWith($", not {type ?? "a body without a Content-Type"}");
        reply.Text.ShouldNotContain("horse");
    }

    [Theory]
    [InlineData("multipart/form-data", "x")]
    [InlineData("multipart/form-data; boundary=x", "")]
    [InlineData("multipart/form-data; boundary=x",
        "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nada")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nnonsense")]
    [InlineData("multipart/form-data; boundary=x", "nonsense")]
    [Trait("Rows", "none")]
    public async Task A_broken_form_is_a_422(string type, string body)
    {
        using var nobody = _app.Anonymous();

        var reply = await Send(nobody, type, body);

        if (body.Length == 0)
            reply.ShouldBeWrong("body.username missing", "body.password missing");
        else
            reply.ShouldBeWrong("body value_error");
    }

    [Theory]
    [InlineData("username=a%00da&password=b", "body value_error")]
    [InlineData("username=ada&password=a%00b", "body value_error")]
    [InlineData("grant_type=client_credentials",
        "body.grant_type literal_error|body.username missing|body.password missing")]
    [InlineData("grant_type=refresh_token", "body.refresh_token missing")]
    [InlineData("grant_type=refresh_token&refresh_token=", "body.refresh_token string_too_short")]
    [Trait("Rows", "none")]
    public async Task What_a_form_may_not_hold_is_named(string body, string wrong)
    {
        using var nobody = _app.Anonymous();

        (await Send(nobody, "application/x-www-form-urlencoded", body)).ShouldBeWrong(wrong.Split('|'));
    }

    [Fact]
    public async Task A_refresh_token_works_once_and_each_refresh_brings_the_next()
    {
        using var ada = await _app.RegisterAsync();
        var first = ada.RefreshToken!;

        var second = (await Refresh(ada, first)).Ok();
        var third = (await Refresh(ada, second["refresh_token"])).Ok();

        second.Json.Fields().ShouldBe(["access_token", "token_type", "expires_in", "refresh_token"]);
        ada.Token = third["access_token"];
        (await ada.GetAsync("/users/me")).Ok()["id"].ShouldBe(ada.Id);
        (await Refresh(ada, "nonsense")).Status.ShouldBe(401);
        (await Refresh(ada, ada.Token))
            .ShouldBeProblem(401, "invalid_refresh_token", "The refresh token is not valid any more; log in again");
    }

    [Fact]
    public async Task A_restart_ends_no_session()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();

        await app.RestartAsync();

        using var again = app.Anonymous();
        again.Token = ada.Token;
        (await again.GetAsync("/users/me")).Ok()["id"].ShouldBe(ada.Id);
        (await Refresh(again, ada.RefreshToken!)).Ok();
    }

    static Task<Reply> Refresh(CoteClient client, string token) =>
        client.FormAsync("/token", ("grant_type", "refresh_token"), ("refresh_token", token));

    static Task<Reply> Send(CoteClient client, string? type, string body) =>
        client.SendAsync(HttpMethod.Post, "/token", change: request =>
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        });
}
