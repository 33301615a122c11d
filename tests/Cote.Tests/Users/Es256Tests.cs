using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Users;

public sealed class Es256Tests
{
    static readonly string Key = NewKey();

    [Fact]
    public async Task Another_service_can_check_a_token_with_the_keys_that_are_published()
    {
        await using var app = await CoteApp.StartAsync("Auth:TokenAlgorithm=ES256", $"Auth:Es256Key={Key}");
        using var ada = await app.RegisterAsync();

        var key = (await KeysAsync(app)).Single();

        key.EnumerateObject().Select(x => x.Name).ShouldBe(["kty", "crv", "use", "alg", "kid", "x", "y"]);
        var parts = ada.Token!.Split('.');
        var head = JsonElement.Parse(Base64Url.DecodeFromChars(parts[0]));
        (head.Text("alg"), head.Text("kid"), head.Text("typ")).ShouldBe(("ES256", key.Text("kid"), "at+jwt"));
        using var ec = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = Base64Url.DecodeFromChars(key.Text("x")), Y = Base64Url.DecodeFromChars(key.Text("y")) },
        });
        ec.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]),
            HashAlgorithmName.SHA256).ShouldBeTrue();
        (await ada.GetAsync("/users/me")).Ok();
    }

    [Fact]
    public async Task Without_it_no_key_is_published_and_tokens_are_HS256()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        using var nobody = app.Anonymous();

        var keys = (await nobody.GetAsync("/.well-known/jwks.json")).Ok();

        keys.Text.ShouldBe("""{"keys":[]}""");
        keys.Header("Cache-Control").ShouldBe("public, max-age=300");
        JsonElement.Parse(Base64Url.DecodeFromChars(ada.Token!.Split('.')[0])).Text("alg").ShouldBe("HS256");
    }

    [Fact]
    public async Task One_is_changed_for_the_other_and_back_while_people_are_logged_in()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync();
        var symmetric = ada.Token;

        await app.RestartAsync("Auth:TokenAlgorithm=ES256", $"Auth:Es256Key={Key}");
        (await StatusAsync(app, symmetric)).ShouldBe(200);
        using var bob = await app.RegisterAsync();
        await app.RestartAsync(
            "Auth:TokenAlgorithm=ES256", $"Auth:Es256Key={NewKey()}", $"Auth:PreviousEs256Key={Key}");
        (await StatusAsync(app, bob.Token)).ShouldBe(200);
        (await KeysAsync(app)).Count.ShouldBe(2);
        await app.RestartAsync("Auth:TokenAlgorithm=HS256", $"Auth:Es256Key={Key}");
        (await StatusAsync(app, bob.Token)).ShouldBe(200);
        await app.RestartAsync("Auth:TokenAlgorithm=HS256");
        (await StatusAsync(app, bob.Token)).ShouldBe(401);

        (await StatusAsync(app, symmetric)).ShouldBe(200);
    }

    [Theory]
    [InlineData("HS256 with the public key")]
    [InlineData("HS256 with the published key")]
    [InlineData("ES256 of another key")]
    [InlineData("ES256 of another key under its own id")]
    [InlineData("none")]
    public async Task No_key_is_taken_for_the_other_algorithm(string kind)
    {
        await using var app = await CoteApp.StartAsync("Auth:TokenAlgorithm=ES256", $"Auth:Es256Key={Key}");
        using var ada = await app.RegisterAsync();
        using var ours = ECDsa.Create();
        ours.ImportPkcs8PrivateKey(Convert.FromBase64String(Key), out _);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parts = ada.Token!.Split('.');
        var head = JsonNode.Parse(Base64Url.DecodeFromChars(parts[0]))!;
        if (kind != "ES256 of another key")
            head["alg"] = kind.Split(' ')[0];
        if (kind.EndsWith("own id", StringComparison.Ordinal))
            head["kid"] = "own";
        var text = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(head.ToJsonString()))}.{parts[1]}";
        var bytes = Encoding.ASCII.GetBytes(text);
        var signature = kind switch
        {
            "HS256 with the public key" =>
                HMACSHA256.HashData(Encoding.UTF8.GetBytes(ours.ExportSubjectPublicKeyInfoPem()), bytes),
            "HS256 with the published key" => HMACSHA256.HashData(
                Base64Url.DecodeFromChars((await KeysAsync(app))[0].Text("x")), bytes),
            "none" => [],
            _ => other.SignData(bytes, HashAlgorithmName.SHA256),
        };

        (await StatusAsync(app, $"{text}.{Base64Url.EncodeToString(signature)}")).ShouldBe(401);
        (await StatusAsync(app, ada.Token)).ShouldBe(200);
    }

    [Fact]
    [Trait("Rows", "none")]
    public async Task Without_a_key_one_is_made_that_only_its_owner_can_read()
    {
        await using var app = await CoteApp.StartAsync("Auth:TokenAlgorithm=ES256");
        using var ada = await app.RegisterAsync();
        var file = Path.Combine(app.Data, "signing.es256.key");
        var made = await File.ReadAllTextAsync(file);

        made.ShouldStartWith("-----BEGIN PRIVATE KEY-----");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await app.RestartAsync("Auth:TokenAlgorithm=ES256");
        (await StatusAsync(app, ada.Token)).ShouldBe(200);
        await app.RestartAsync("Auth:TokenAlgorithm=HS256");
        (await StatusAsync(app, ada.Token)).ShouldBe(200);
        string.Join('\n', app.Logs).ShouldNotContain(made.Split('\n')[1]);
    }

    [Theory]
    [InlineData("not a key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [InlineData("public")]
    [InlineData("another curve")]
    [Trait("Rows", "none")]
    public async Task A_key_that_is_none_is_said_before_the_server_starts(string key)
    {
        using var ec = ECDsa.Create(
            key == "public" ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
        key = key switch
        {
            "public" => ec.ExportSubjectPublicKeyInfoPem(),
            "another curve" => ec.ExportPkcs8PrivateKeyPem(),
            _ => key,
        };

        (await Should.ThrowAsync<StartupException>(
            () => CoteApp.StartAsync("Auth:TokenAlgorithm=ES256", $"Auth:Es256Key={key}")))
            .Message.ShouldBe("Cote__Auth__Es256Key is not a private key of the curve P-256 in PEM or base64.");
    }

    static async Task<List<JsonElement>> KeysAsync(CoteApp app)
    {
        using var nobody = app.Anonymous();
        return [.. (await nobody.GetAsync("/.well-known/jwks.json")).Ok().Json.GetProperty("keys").EnumerateArray()];
    }

    static async Task<int> StatusAsync(CoteApp app, string? token)
    {
        using var client = app.Anonymous();
        client.Token = token;
        return (await client.GetAsync("/users/me")).Status;
    }

    static string NewKey()
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(made.ExportPkcs8PrivateKey());
    }
}
