using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Cote.Tests.Harness;

/// <summary>
/// A server that trusts two issuers, <c>home</c> and <c>other</c>, both of which make accounts, and a clock that a test
/// can move.
/// </summary>
public sealed class IssuerApp : IAsyncLifetime
{
    string[] _settings = [];

    public CoteApp App { get; private set; } = null!;

    public FakeIssuer Home { get; private set; } = null!;

    public FakeIssuer Other { get; private set; } = null!;

    public MovedTime Time { get; } = new();

    public static async Task<IssuerApp> StartAsync(params string[] settings)
    {
        var app = new IssuerApp();
        await app.StartOnAsync(settings);
        return app;
    }

    public async ValueTask InitializeAsync() => await StartOnAsync([]);

    /// <summary>Someone with a bearer of <c>home</c>.</summary>
    public CoteClient Bearer(string subject, Action<JsonObject>? change = null) => With(TokenOf(subject, change));

    public CoteClient With(string token)
    {
        var client = App.Anonymous();
        client.Token = token;
        return client;
    }

    public string TokenOf(string subject, Action<JsonObject>? change = null, string audience = "api")
    {
        var claims = Home.Claims(subject, audience);
        change?.Invoke(claims);
        return Home.Sign(claims);
    }

    /// <summary>Another node beside it, which trusts the same issuers.</summary>
    public Task<CoteApp> StartNeighbourAsync() => App.StartNeighbourAsync(_settings);

    /// <summary>Exchanges an id token.</summary>
    public async Task<Reply> ExchangeAsync(string token, string type = "urn:ietf:params:oauth:token-type:id_token")
    {
        using var nobody = App.Anonymous();
        return await nobody.FormAsync("/token", ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", token), ("subject_token_type", type), ("device_name", "Ada's phone"));
    }

    /// <summary>A subject that no other test has.</summary>
    public static string NewSubject() => Guid.CreateVersion7().ToString("N");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Home.DisposeAsync();
        await Other.DisposeAsync();
    }

    async Task StartOnAsync(string[] settings)
    {
        (Home, Other) = (await FakeIssuer.StartAsync(), await FakeIssuer.StartAsync());
        _settings =
        [
            .. Of("home", Home), .. Of("other", Other),
            "Auth:RedirectUris=com.example.app:/login,http://127.0.0.1/back", .. settings,
        ];
        App = await CoteApp.StartAsync(x => x.Services.AddSingleton<TimeProvider>(Time), _settings);
    }

    static string[] Of(string name, FakeIssuer issuer) =>
    [
        $"Auth:Issuers:{name}:Authority={issuer.Url}", $"Auth:Issuers:{name}:Audience=api",
        $"Auth:Issuers:{name}:ClientId=app", $"Auth:Issuers:{name}:Register=true",
    ];
}

/// <summary>
/// The system's clock, moved on as far as a test says; a pause as long as an issuer is waited for ends when it says so.
/// </summary>
public sealed class MovedTime : TimeProvider
{
    readonly ConcurrentBag<ITimer> _waits = [];

    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Shift.TotalSeconds * TimestampFrequency);

    /// <summary>Ends the waits for issuers that have begun.</summary>
    public void EndWaits()
    {
        foreach (var wait in _waits)
            wait.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime == TimeSpan.FromSeconds(10) && period == Timeout.InfiniteTimeSpan)
            _waits.Add(timer);
        return timer;
    }
}
