using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cote.Testing;

/// <summary>
/// An OpenID provider on a loopback port that signs whatever a test wants, and answers as the test says. It speaks
/// discovery, its keys and the token endpoint; what a browser would see there a test plays itself.
/// </summary>
public sealed class FakeIssuer : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<Dictionary<string, string>> _redeemed = [];
    readonly List<RSA> _former = [];
    int _fetches;

    FakeIssuer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", http =>
        {
            Interlocked.Increment(ref _fetches);
            return IsAway ? AwayAsync(http) : Discover is { } own ? own(http) : Json(http, Document);
        });
        _app.MapGet("/keys", http => IsAway ? AwayAsync(http) : Json(http, new() { ["keys"] = KeySet }));
        _app.MapPost("/token", RedeemAsync);
    }

    public static async Task<FakeIssuer> StartAsync()
    {
        var issuer = new FakeIssuer();
        await issuer._app.StartAsync();
        return issuer;
    }

    public string Url => _app.Urls.First();

    /// <summary>Answers 503 to everything.</summary>
    public bool IsAway { get; set; }

    /// <summary>How often its document was asked for.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    /// <summary>Answers for its document; null: as it should.</summary>
    public Func<HttpContext, Task>? Discover { get; set; }

    /// <summary>What the token endpoint answers to a form; null: 400.</summary>
    public Func<Dictionary<string, string>, JsonObject?> Redeem { get; set; } = _ => null;

    /// <summary>The forms that the token endpoint got, with the header as <c>Authorization</c>.</summary>
    public IReadOnlyList<Dictionary<string, string>> Redeemed => [.. _redeemed];

    public RSA Rsa { get; private set; } = RsaKeys.Take();

    public ECDsa Ec { get; private set; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The ids of its keys end in this.</summary>
    public string Generation { get; private set; } = "1";

    /// <summary>A key that is too short to be trusted, published as <c>weak</c>.</summary>
    public RSA Weak { get; } = RsaKeys.Take(1_024);

    public JsonObject Document => new()
    {
        ["issuer"] = Url,
        ["authorization_endpoint"] = Url + "/authorize",
        ["token_endpoint"] = Url + "/token",
        ["jwks_uri"] = Url + "/keys",
    };

    // Beside its two keys those that no client may use, or that no client knows.
    JsonArray KeySet =>
    [
        RsaKey("rsa" + Generation), EcKey(), With(RsaKey("only-ps"), "alg", "PS256"), With(RsaKey("enc"), "use", "enc"),
        RsaKey("weak", Weak), new JsonObject { ["kty"] = "OKP", ["crv"] = "Ed25519", ["kid"] = "ed", ["x"] = "AAAA" },
        new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = "broken", ["x"] = "AAAA", ["y"] = "AAAA" },
    ];

    /// <summary>New keys under new ids; the ones before are gone.</summary>
    public void Rotate()
    {
        _former.Add(Rsa);
        (Rsa, Ec) = (RsaKeys.Take(), ECDsa.Create(ECCurve.NamedCurves.nistP256));
        Generation += "1";
    }

    JsonObject RsaKey(string id, RSA? rsa = null)
    {
        var key = (rsa ?? Rsa).ExportParameters(false);
        return new()
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = id,
            ["n"] = Text(key.Modulus!),
            ["e"] = Text(key.Exponent!),
        };
    }

    /// <summary>The claims of a token that is made now for an hour.</summary>
    public JsonObject Claims(string subject, string audience = "api", long issuedIn = 0) => new()
    {
        ["iss"] = Url,
        ["sub"] = subject,
        ["aud"] = audience,
        ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + issuedIn,
        ["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + issuedIn + 3_600,
    };

    /// <summary>A token with these claims, signed as its head says: RS256 if that says nothing.</summary>
    public string Sign(JsonObject claims, string algorithm = "RS256", Action<JsonObject>? head = null) =>
        SignText(claims.ToJsonString(), algorithm, head);

    public string SignText(string claims, string algorithm = "RS256", Action<JsonObject>? head = null)
    {
        var first = new JsonObject
        {
            ["alg"] = algorithm,
            ["typ"] = "JWT",
            ["kid"] = (algorithm == "ES256" ? "ec" : "rsa") + Generation,
        };
        head?.Invoke(first);
        var text = $"{Text(Encoding.UTF8.GetBytes(first.ToJsonString()))}.{Text(Encoding.UTF8.GetBytes(claims))}";
        var bytes = Encoding.ASCII.GetBytes(text);
        return $"{text}." + Text(algorithm switch
        {
            "RS256" => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "RS512" => Rsa.SignData(bytes, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
            "PS256" => Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
            "ES256" => Ec.SignData(bytes, HashAlgorithmName.SHA256),
            // What a library would do that takes the public key for a secret.
            "HS256" => HMACSHA256.HashData(Encoding.UTF8.GetBytes(Rsa.ExportSubjectPublicKeyInfoPem()), bytes),
            _ => [],
        });
    }

    public static Task Json(HttpContext http, JsonObject json)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(json.ToJsonString(), http.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var key in _former.Append(Rsa).Append(Weak))
            RsaKeys.GiveBack(key);
        Ec.Dispose();
    }

    JsonObject EcKey()
    {
        var key = Ec.ExportParameters(false).Q;
        return new()
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["kid"] = "ec" + Generation,
            ["x"] = Text(key.X!),
            ["y"] = Text(key.Y!),
        };
    }

    async Task RedeemAsync(HttpContext http)
    {
        var form = (await http.Request.ReadFormAsync()).ToDictionary(x => x.Key, x => x.Value.ToString());
        form["Authorization"] = http.Request.Headers.Authorization.ToString();
        _redeemed.Enqueue(form);
        if (IsAway)
            await AwayAsync(http);
        else if (Redeem(form) is { } answer)
            await Json(http, answer);
        else
        {
            http.Response.StatusCode = 400;
            await Json(http, new() { ["error"] = "invalid_grant" });
        }
    }

    static JsonObject With(JsonObject json, string name, string value)
    {
        json[name] = value;
        return json;
    }

    static Task AwayAsync(HttpContext http)
    {
        http.Response.StatusCode = 503;
        return Task.CompletedTask;
    }

    static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
