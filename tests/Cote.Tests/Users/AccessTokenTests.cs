using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class AccessTokenTests(SharedApp shared)
{
    readonly CoteApp _app = shared.App;

    [Theory]
    [InlineData("the same again", true)]
    [InlineData("alg none, unsigned", false)]
    [InlineData("alg None, unsigned", false)]
    [InlineData("alg none, signed", false)]
    [InlineData("another algorithm with the right key", false)]
    [InlineData("another key", false)]
    [InlineData("no signature", false)]
    [InlineData("expired", false)]
    [InlineData("without an end", false)]
    [InlineData("another issuer", false)]
    [InlineData("without an issuer", false)]
    [InlineData("another audience", false)]
    [InlineData("another type", false)]
    [InlineData("without a type", false)]
    [InlineData("another session", false)]
    [InlineData("without a session", false)]
    [InlineData("anothers session", false)]
    [InlineData("another user", false)]
    [InlineData("without a user", false)]
    [InlineData("a letter changed", false)]
    [InlineData("cut", false)]
    [InlineData("garbage", false)]
    [InlineData("dots", false)]
    [InlineData("very long", false)]
    [InlineData("a refresh token", false)]
    [Trait("Rows", "none")]
    public async Task A_token_that_is_not_ours_to_the_letter_is_refused_and_changes_nothing(string kind, bool good)
    {
        using var ada = await _app.RegisterAsync();
        using var eve = await _app.RegisterAsync();
        var token = Make(ada, eve, kind);

        var read = await ada.SendAsync(
            HttpMethod.Get, "/users/me", change: x => x.Headers.Authorization = new("Bearer", token));
        var write = await ada.SendAsync(
            HttpMethod.Post, "/chats/", new { title = "a" }, x => x.Headers.Authorization = new("Bearer", token));

        if (good)
        {
            read.Ok()["id"].ShouldBe(ada.Id);
            write.Ok();
        }
        else
        {
            read.ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
            write.ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
        }
        (await ada.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(good ? 1 : 0);
        (await eve.GetAsync("/chats/")).Ok().Json.GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Basic YTpi")]
    [InlineData("Token {0}")]
    [Trait("Rows", "none")]
    public async Task Without_Bearer_before_it_a_token_is_none(string header)
    {
        using var ada = await _app.RegisterAsync();

        var reply = await ada.SendAsync(HttpMethod.Get, "/users/me", change: x =>
        {
            x.Headers.Remove("Authorization");
            x.Headers.TryAddWithoutValidation("Authorization", string.Format(header, ada.Token));
        });

        reply.ShouldBeAnonymous();
    }

    [Theory]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    [Trait("Rows", "none")]
    public async Task Bearer_is_read_in_any_case(string scheme)
    {
        using var ada = await _app.RegisterAsync();

        (await ada.SendAsync(HttpMethod.Get, "/users/me",
            change: x => x.Headers.Authorization = new(scheme, ada.Token))).Ok();
    }

    [Fact]
    public async Task In_the_query_a_token_counts_only_where_a_browser_cannot_do_otherwise()
    {
        using var ada = await _app.RegisterAsync();
        using var nobody = _app.Anonymous();
        var chat = await ada.CreateChatAsync();

        foreach (var path in new[] { "/users/me", "/chats/", $"/chats/{chat}", "/sync", "/models" })
            (await nobody.GetAsync($"{path}?token={ada.Token}")).ShouldBeAnonymous();
        (await nobody.GetAsync($"/events?wait=0&token={ada.Token}")).Ok();
        (await nobody.GetAsync("/events?wait=0&token=bad"))
            .ShouldBeProblem(401, "invalid_token", "Could not validate credentials");
    }

    [Fact]
    public async Task A_key_of_ones_own_is_used_as_its_bytes()
    {
        const string key = "0123456789abcdef0123456789abcdef-";
        await using var app = await CoteApp.StartAsync($"Auth:SigningKey={key}", "Auth:Issuer=me", "Auth:Audience=you");
        using var ada = await app.RegisterAsync();

        var parts = ada.Token!.Split('.');

        Sign(parts[0], parts[1], Encoding.UTF8.GetBytes(key), HMACSHA256.HashData).ShouldBe(ada.Token);
        var claims = JsonElement.Parse(Base64Url.DecodeFromChars(parts[1]));
        (claims.Text("iss"), claims.Text("aud"), claims.Text("sub")).ShouldBe(("me", "you", ada.Id));
        File.Exists(Path.Combine(app.Data, "signing.key")).ShouldBeFalse();
    }

    string Make(CoteClient ada, CoteClient eve, string kind)
    {
        var key = _app.SigningKeyBytes;
        var parts = ada.Token!.Split('.');
        var head = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!.AsObject();
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!.AsObject();
        var evesSession = JsonNode.Parse(Base64Url.DecodeFromChars(eve.Token!.Split('.')[1]))!["sid"]!.ToString();

        string Signed(Action? change = null, byte[]? with = null, Func<byte[], byte[], byte[]>? mac = null)
        {
            change?.Invoke();
            return Sign(Encode(head), Encode(claims), with ?? key, mac ?? HMACSHA256.HashData);
        }

        return kind switch
        {
            "the same again" => Signed(),
            "alg none, unsigned" => Unsigned(head, claims, "none"),
            "alg None, unsigned" => Unsigned(head, claims, "None"),
            "alg none, signed" => Signed(() => head["alg"] = "none"),
            "another algorithm with the right key" => Signed(() => head["alg"] = "HS512", null, HMACSHA512.HashData),
            "another key" => Signed(null, RandomNumberGenerator.GetBytes(48)),
            "no signature" => Signed()[..(ada.Token.LastIndexOf('.') + 1)],
            "expired" => Signed(() => claims["exp"] = 1_600_000_000),
            "without an end" => Signed(() => claims.Remove("exp")),
            "another issuer" => Signed(() => claims["iss"] = "eve"),
            "without an issuer" => Signed(() => claims.Remove("iss")),
            "another audience" => Signed(() => claims["aud"] = "eve"),
            "another type" => Signed(() => head["typ"] = "JWT"),
            "without a type" => Signed(() => head.Remove("typ")),
            "another session" => Signed(() => claims["sid"] = Guid.CreateVersion7().ToString()),
            "without a session" => Signed(() => claims.Remove("sid")),
            "anothers session" => Signed(() => claims["sid"] = evesSession),
            "another user" => Signed(() => claims["sub"] = eve.Id),
            "without a user" => Signed(() => claims.Remove("sub")),
            "a letter changed" => parts[0] + "." + parts[1] + "." + (parts[2][0] == 'A' ? 'B' : 'A') + parts[2][1..],
            "cut" => ada.Token[..^2],
            "garbage" => "garbage",
            "dots" => "..",
            "very long" => Signed(() => claims["x"] = new string('x', 5_000)),
            "a refresh token" => ada.RefreshToken!,
            _ => throw new ArgumentException(kind),
        };
    }

    static string Unsigned(JsonObject head, JsonObject claims, string name)
    {
        head["alg"] = name;
        return $"{Encode(head)}.{Encode(claims)}.";
    }

    static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    static string Sign(string head, string claims, byte[] key, Func<byte[], byte[], byte[]> mac) =>
        $"{head}.{claims}.{Base64Url.EncodeToString(mac(key, Encoding.ASCII.GetBytes($"{head}.{claims}")))}";
}
