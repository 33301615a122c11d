using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cote.Tests.Harness;

/// <summary>
/// Cote itself, in this process, on a real port, with a database of its own and a scripted model behind it as
/// <c>openai</c> (the default). Tests speak to it as clients do; nothing of its inside is offered.
/// </summary>
public sealed class CoteApp : IAsyncDisposable
{
    static readonly string[] Unlimited =
    [
        "--Cote:RateLimits:LoginPerMinute=1000000000", "--Cote:RateLimits:RegistrationPerMinute=1000000000",
        "--Cote:RateLimits:MessagesPerMinute=100000000", "--Cote:RateLimits:RequestsPerMinute=1000000000",
    ];

    readonly string[] _settings;
    readonly Action<CoteBuilder>? _add;
    WebApplication _app = null!;

    CoteApp(string[] settings, Action<CoteBuilder>? add, FakeModelServer model, string data) =>
        (_settings, _add, Model, Data) = (settings, add, model, data);

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The model behind <c>openai/fake</c> and <c>anthropic/fake</c>.</summary>
    public FakeModelServer Model { get; }

    /// <summary>Its data directory.</summary>
    public string Data { get; }

    /// <summary>The routes it has, for tests of what is open and what is described.</summary>
    public IEnumerable<RouteEndpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    /// <summary>Every log line so far, with its exception.</summary>
    public ConcurrentQueue<string> Logs { get; } = [];

    /// <summary>
    /// Starts one. Settings are as in docs/configuration.md: <c>Auth:AccessTokenMinutes=5</c>; what begins with
    /// <c>--</c> is handed on as it stands.
    /// </summary>
    public static Task<CoteApp> StartAsync(params string[] settings) => StartAsync(null, settings);

    /// <summary>The same, with something of one's own built in.</summary>
    public static async Task<CoteApp> StartAsync(Action<CoteBuilder>? add, params string[] settings)
    {
        var app = new CoteApp(settings, add, await FakeModelServer.Start(), Directory.CreateTempSubdirectory("cote-test-").FullName);
        await app.StartAsync();
        return app;
    }

    /// <summary>Stops it as SIGTERM does, and starts it again on the same data (and another port).</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>A client without a token.</summary>
    public CoteClient Anonymous() => new(Url);

    /// <summary>A new account, logged in.</summary>
    public Task<CoteClient> RegisterAsync(string? username = null) => CoteClient.RegisterAsync(Url, username);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Model.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }

    async Task StartAsync()
    {
        string[] args =
        [
            "--urls=http://127.0.0.1:0", $"--Cote:Data:Directory={Data}", "--Cote:Http:LogFormat=json", .. Unlimited,
            $"--Cote:Assistants:OpenAI:BaseUrl={Model.OpenAiUrl}", "--Cote:Assistants:OpenAI:ApiKey=sk-test-openai", "--Cote:Assistants:OpenAI:Model=fake",
            $"--Cote:Assistants:Anthropic:BaseUrl={Model.AnthropicUrl}", "--Cote:Assistants:Anthropic:ApiKey=sk-test-anthropic", "--Cote:Assistants:Anthropic:Model=fake",
            .. _settings.Select(x => x.StartsWith("--", StringComparison.Ordinal) ? x : "--Cote:" + x),
        ];
        _app = CoteHost.Create(args, add =>
        {
            add.Services.AddLogging(x => x.ClearProviders().AddProvider(new LogKeeper(Logs)));
            _add?.Invoke(add);
        });
        await _app.StartAsync();
        Url = new Uri(_app.Urls.First());
    }

    sealed class LogKeeper(ConcurrentQueue<string> logs) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}

/// <summary>One server for all tests that change nothing of its settings; each test has users of its own.</summary>
public sealed class SharedApp : IAsyncLifetime
{
    public CoteApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await CoteApp.StartAsync();

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
