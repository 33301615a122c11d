using System.Collections.Concurrent;
using System.Data.Common;
using System.Text;
using Cote.Media.Reading;
using Cote.Replies;
using Cote.Users;
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
        "--Cote:RateLimits:SearchPerMinute=1000000000",
    ];

    // A hash as it ships costs a core a tenth of a second: most of what a test costs where an account is all it wants
    // of it.
    const int CheapIterations = 1_000;

    Action<CoteBuilder>? _add;
    string? _postgres;
    readonly bool _isNeighbour;
    string[] _settings;
    WebApplication? _app;

    CoteApp(string[] settings, Action<CoteBuilder>? add, FakeModelServer model, bool isNeighbour = false) =>
        (_settings, _add, Model, _isNeighbour) = (settings, add, model, isNeighbour);

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The model behind <c>openai/fake</c> and <c>anthropic/fake</c>.</summary>
    public FakeModelServer Model { get; }

    /// <summary>Its data directory.</summary>
    public string Data { get; } = Directory.CreateTempSubdirectory("cote-test-").FullName;

    /// <summary>What a command line must be told to mean the same data.</summary>
    public string[] Place =>
    [
        $"--Cote:Data:Directory={Data}",
        .. _postgres is null ? []
            : new[] { $"--Cote:Data:Postgres={_postgres}", $"--Cote:Auth:SigningKey={Engine.SigningKey}" },
    ];

    /// <summary>
    /// The key that signs its tokens, as it is written: made by the server beside the embedded database, given beside
    /// another.
    /// </summary>
    public string SigningKey => _postgres is null
        ? File.ReadAllText(Path.Combine(Data, "signing.key")).Trim() : Engine.SigningKey;

    /// <summary>The same as it signs: one that was given counts by its bytes.</summary>
    public byte[] SigningKeyBytes =>
        _postgres is null ? Convert.FromBase64String(SigningKey) : Encoding.UTF8.GetBytes(SigningKey);

    /// <summary>Ends when the server begins to stop by itself.</summary>
    public Task Ended
    {
        get
        {
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _app!.Lifetime.ApplicationStopping.Register(ended.SetResult);
            return ended.Task;
        }
    }

    /// <summary>The routes it has, for tests of what is open and what is described.</summary>
    public IEnumerable<RouteEndpoint> Endpoints =>
        _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    /// <summary>What the server is made of.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <summary>Every log line so far, with its exception.</summary>
    public ConcurrentQueue<string> Logs { get; } = [];

    /// <summary>Waits until it is logged: what is stored can be seen before its log line.</summary>
    public Task LoggedAsync(string what) => Patience.UntilAsync(
        () => Task.FromResult(Logs.Any(x => x.Contains(what, StringComparison.Ordinal))), $"it logs: {what}");

    /// <summary>
    /// Starts one. Settings are as in docs/configuration.md: <c>Auth:AccessTokenMinutes=5</c>; what begins with
    /// <c>--</c> is handed on as it stands.
    /// </summary>
    public static Task<CoteApp> StartAsync(params string[] settings) => StartAsync(null, settings);

    /// <summary>The same, with something of one's own built in.</summary>
    public static async Task<CoteApp> StartAsync(Action<CoteBuilder>? add, params string[] settings)
    {
        var app = new CoteApp(settings, add, await FakeModelServer.Start());
        try
        {
            app._postgres = await Engine.CreateAsync(app.Data);
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        return app;
    }

    /// <summary>
    /// Another node beside this one: the same database, model and additions, a folder of its own. It goes before this
    /// one does.
    /// </summary>
    public async Task<CoteApp> StartNeighbourAsync(params string[] settings)
    {
        var app = new CoteApp(settings, _add, Model, isNeighbour: true) { _postgres = _postgres };
        await app.StartAsync();
        return app;
    }

    /// <summary>
    /// Passwords are hashed as they are where Cote ships, for tests that are about them:
    /// <c>StartAsync(CoteApp.HashAsShipped)</c>.
    /// </summary>
    public static void HashAsShipped(CoteBuilder add) => add.Services.AddSingleton<Passwords>();

    /// <summary>Leases of so many seconds, for tests that wait for a renewal, or until one has lapsed.</summary>
    public static Action<CoteBuilder> LeaseFor(double seconds) =>
        x => x.Services.AddSingleton(new LeaseOptions(TimeSpan.FromSeconds(seconds)));

    /// <summary>
    /// Stops it as SIGTERM does, and starts it again on the same data (and another port), with other settings if there
    /// are some.
    /// </summary>
    public async Task RestartAsync(params string[] settings)
    {
        await StopAsync();
        if (settings.Length > 0)
            _settings = settings;
        await StartAsync();
    }

    /// <summary>
    /// Stops it, and starts another program on the same data: one with these things of its own built in.
    /// </summary>
    public async Task<CoteApp> ReplaceAsync(Action<CoteBuilder>? add)
    {
        await StopAsync();
        _add = add;
        await StartAsync();
        return this;
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Starts it after <see cref="StopAsync"/>.</summary>
    public Task StartAgainAsync() => StartAsync();

    /// <summary>A client without a token.</summary>
    public CoteClient Anonymous() => new(Url);

    /// <summary>A new account, logged in.</summary>
    public Task<CoteClient> RegisterAsync(string? username = null) => CoteClient.RegisterAsync(Url, username);

    /// <summary>A connection to its database, beside its own.</summary>
    public Task<DbConnection> ConnectAsync() => Engine.ConnectAsync(_postgres, Data);

    /// <summary>Changes its rows as no server would, without a look at what refers to them.</summary>
    public Task PlantAsync(string sql) => Engine.PlantAsync(_postgres, Data, sql);

    /// <summary>
    /// Every row of every table as text, found by asking the database: a table that is added later is there too.
    /// </summary>
    public async Task<Dictionary<string, List<string>>> RowsAsync()
    {
        await using var db = await ConnectAsync();
        var tables = await ReadAsync(db, _postgres is null
            ? "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            : "select table_name from information_schema.tables where table_schema = current_schema()");
        var rows = new Dictionary<string, List<string>>();
        foreach (var table in tables)
            rows[table] = await ReadAsync(db, $"select * from {table}");
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (!_isNeighbour)
        {
            await Engine.DropAsync(_postgres);
            await Model.DisposeAsync();
        }
        Directory.Delete(Data, recursive: true);
    }

    async Task StartAsync()
    {
        string[] args =
        [
            "--urls=http://127.0.0.1:0", .. Place, "--Cote:Http:LogFormat=json", .. Unlimited,
            $"--Cote:Assistants:OpenAI:BaseUrl={Model.OpenAiUrl}", "--Cote:Assistants:OpenAI:ApiKey=sk-test-openai",
            "--Cote:Assistants:OpenAI:Model=fake",
            $"--Cote:Assistants:Anthropic:BaseUrl={Model.AnthropicUrl}",
            "--Cote:Assistants:Anthropic:ApiKey=sk-test-anthropic", "--Cote:Assistants:Anthropic:Model=fake",
            .. _settings.Select(x => x.StartsWith("--", StringComparison.Ordinal) ? x : "--Cote:" + x),
        ];
        _app = CoteHost.Create(args, add =>
        {
            add.Services.AddLogging(x => x.ClearProviders().AddProvider(new LogKeeper(Logs)));
            add.Services.AddSingleton(_ => new Passwords(new AuthOptions { PasswordIterations = CheapIterations }));
            // This program is the tests': uploads are read by the one that ships.
            add.Services.AddSingleton(ReaderProgram.Of(Repository.Program("src/Cote.Server") + ".dll"));
            _add?.Invoke(add);
        });
        await _app.StartAsync();
        Url = new Uri(_app.Urls.First());
    }

    static async Task<List<string>> ReadAsync(DbConnection db, string sql)
    {
        await using var command = db.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(
                string.Join(
                '\n', row.Select(x => x is byte[] bytes ? Encoding.Latin1.GetString(bytes) : x.ToString())));
        }
        return rows;
    }

    sealed class LogKeeper(ConcurrentQueue<string> logs) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            logs.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}

/// <summary>One server for all tests that change nothing of its settings; each test has users of its own.</summary>
public sealed class SharedApp : IAsyncLifetime
{
    Task<CoteApp> _app = null!;

    // A fixture cannot skip tests: what is missing is said in each test that asks for the server.
    public CoteApp App => _app.GetAwaiter().GetResult();

    public async ValueTask InitializeAsync() => await Task.WhenAny(_app = CoteApp.StartAsync());

    public ValueTask DisposeAsync() => _app.IsCompletedSuccessfully ? App.DisposeAsync() : ValueTask.CompletedTask;
}
