using Cote.Admin;
using Cote.Chats;
using Cote.Cluster;
using Cote.Data;
using Cote.Delivery;
using Cote.Dialects;
using Cote.Events;
using Cote.Http;
using Cote.Media;
using Cote.Media.Reading;
using Cote.Models;
using Cote.Notices;
using Cote.Primitives;
using Cote.Replies;
using Cote.Telemetry;
using Cote.Tools;
using Cote.Usage;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote;

/// <summary>Puts the rooms together: the only file that names every one of them.</summary>
public static class CoteHost
{
    const string DefaultUrl = "http://*:8000";

    // A read of the embedded database keeps its thread. The pool begins with one for each core, and adds a few in a
    // second: on a machine of two cores two long reads would hold up every request. Data:Readers bounds such reads.
    const int FewestThreads = 12;

    /// <summary>
    /// Creates a server and runs it until it is stopped. Throws <see cref="StartupException"/> where the configuration
    /// is wrong, and the framework's exception where it cannot listen.
    /// </summary>
    /// <param name="args">The command line: settings as <c>--Cote:Data:Directory=data</c>.</param>
    /// <param name="add">Adds what the host has of its own.</param>
    public static async Task RunAsync(string[] args, Action<CoteBuilder>? add = null)
    {
        if (args is [ReaderCommand.Verb]) // The program starts itself so, to read an upload.
        {
            Environment.ExitCode = ReaderCommand.Run();
            return;
        }
        ThreadPool.GetMinThreads(out var threads, out var others);
        ThreadPool.SetMinThreads(Math.Max(threads, FewestThreads), others);
        await using var app = Create(args, add);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            // Background work has begun by the time the listener fails: it ends before the database is closed under it.
            await app.StopAsync();
            throw;
        }
        await app.WaitForShutdownAsync();
    }

    /// <summary>
    /// A server, ready to run. Throws <see cref="StartupException"/> where the configuration is wrong.
    /// </summary>
    public static WebApplication Create(string[] args, Action<CoteBuilder>? add = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = args,
            // appsettings.json stands beside the program, wherever it is started
            ContentRootPath = AppContext.BaseDirectory,
        });
        var options = CoteConfiguration.Read(builder.Configuration);
        AddLogging(builder, options.Http);
        AddKestrel(builder, options);
        builder.AddTelemetry(options.Metrics);

        var services = builder.Services;
        AddOptions(services, options);
        AddProcess(services);
        AddRooms(builder, options);
        var added = new CoteBuilder(services);
        add?.Invoke(added);

        var app = builder.Build();
        app.UseTelemetry(options.Metrics);
        app.UseHttp(options.Http);
        app.UseUsers();
        MapRooms(app, options);
        foreach (var routes in added.Routes)
            routes(app);
        CheckModels(app.Services, options);
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<Hub>().CloseAll);
        return app;
    }

    static void AddOptions(IServiceCollection services, CoteOptions options) =>
        services.AddSingleton(options).AddSingleton(options.Data).AddSingleton(options.Auth).AddSingleton(options.Http)
            .AddSingleton(options.RateLimits).AddSingleton(options.Messages).AddSingleton(options.Events)
            .AddSingleton(options.Realtime).AddSingleton(options.Assistants).AddSingleton(options.Media)
            .AddSingleton(options.RabbitMq).AddSingleton(options.Chats).AddSingleton(options.Titles)
            .AddSingleton(options.Prices).AddSingleton(options.Budgets).AddSingleton(options.Tools)
            .AddSingleton(options.Transcription).AddSingleton(options.Mail)
            .AddSingleton(options.Push);

    static void AddRooms(WebApplicationBuilder builder, CoteOptions options)
    {
        var services = builder.Services;
        services.AddCluster(options.Data, options.RabbitMq);
        AddEngine(services, options.Data);
        services.AddEvents();
        services.AddHostedService<DatabaseStartup>().AddHostedService<SchemaLoop>()
            .AddHostedService<AnalyzeLoop>();
        services.AddHttp(options.Http, builder.Environment);
        services.AddSingleton(new ApiPart(GetLimits.Describe));
        services.AddNotices();
        services.AddUsers();
        services.AddModels();
        services.AddTools(options.Tools);
        services.AddMedia();
        services.AddUsage();
        services.AddChats();
        services.AddImport();
        services.AddReplies();
        services.AddDelivery();
        services.AddDialects();
        services.AddAdmin();
        services.AddExtensibility();
    }

    static void MapRooms(WebApplication app, CoteOptions options)
    {
        app.MapHttp(options.Http);
        app.MapPush();
        app.MapUsers();
        app.MapModels();
        app.MapTools();
        app.MapMedia();
        app.MapUsage();
        app.MapChats();
        app.MapReplies();
        app.MapDelivery();
        app.MapDialects();
        app.MapAdmin();
        app.MapTelemetry(options.Metrics);
        app.MapGet("/limits", GetLimits.Handle).WithTags("Health").WithSummary("What this server takes");
    }

    static void AddProcess(IServiceCollection services) => services
        .AddSingleton(TimeProvider.System).AddSingleton<Clock>().AddSingleton<ServerMeter>()
        .AddSingleton<GracefulShutdown>()
        .AddSingleton<IHostLifetime>(x => x.GetRequiredService<GracefulShutdown>())
        .Configure<HostOptions>(x => x.ShutdownTimeout = TimeSpan.FromSeconds(25));

    // A wrong model, price or key is said now, not at the first message.
    static void CheckModels(IServiceProvider services, CoteOptions options)
    {
        _ = services.GetRequiredService<WebhookEndpoints>();
        _ = services.GetRequiredService<ProviderRegistry>();
        _ = services.GetRequiredService<TitleModel>();
        _ = services.GetRequiredService<TranscriptionModel>();
        _ = services.GetRequiredService<Prices>();
        _ = services.GetRequiredService<ToolRegistry>();
        _ = services.GetRequiredService<PushSenders>();
        if (services.GetRequiredService<BudgetStore>().IsConfigured && options.Auth.Registration == "open")
            services.GetRequiredService<ILogger<BudgetStore>>().BudgetsCanBePassed();
    }

    // The one place that knows both engines.
    static void AddEngine(IServiceCollection services, DataOptions options)
    {
        services.AddSingleton<DataFolder>();
        if (options.Postgres is null)
            services.AddSingleton<DatabaseEngine, SqliteEngine>();
        else
            services.AddSingleton<DatabaseEngine, PostgresEngine>();
        services.AddSingleton<Database>().AddSingleton(x => x.GetRequiredService<DatabaseEngine>().Dialect);
        services.AddSingleton<DataGauges>();
    }

    static void AddKestrel(WebApplicationBuilder builder, CoteOptions options)
    {
        var urls = builder.Configuration["urls"] is { Length: > 0 } given ? given : DefaultUrl;
        var control = ControlSocket.PathOf(options.Data);
        builder.WebHost.UseUrls([
            .. urls.Split(';'),
            .. MetricsPort.UrlOf(options.Metrics, urls.Split(';')) is { } metrics ? (string[])[metrics] : [],
            .. control is null ? [] : (string[])["http://unix:" + control],
        ]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Http.MaxBodyBytes;
            kestrel.ConfigureEndpointDefaults(listener =>
            {
                ControlSocket.Mark(listener);
                MetricsPort.Mark(listener, options.Metrics);
                GracefulShutdown.Track(listener);
            });
        });
    }

    static void AddLogging(WebApplicationBuilder builder, HttpOptions options)
    {
        builder.Logging.ClearProviders();
        if (options.LogFormat == "json")
            builder.Logging.AddJsonConsole(
                x => (x.UseUtcTimestamp, x.TimestampFormat) = (true, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
        else
            builder.Logging.AddSimpleConsole(
                x => (x.SingleLine, x.UseUtcTimestamp, x.TimestampFormat) = (true, true, "HH:mm:ss.fff "));
        // Its lines hold the query string, and in a query string a token may stand.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // Its lines hold whole paths, and in a path a share's token may stand: ours hide it.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Routing.Matching.DfaMatcher", LogLevel.Warning);
        // What keeps it from starting is said once, in a sentence, by the program; a failure while it runs is Critical
        // there.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddFilter(typeof(BearerHandler).FullName, LogLevel.Warning); // a 401 is no news
    }

    /// <summary>Before anything else starts: the database is open, and its epoch is known.</summary>
    sealed class DatabaseStartup(DatabaseEngine engine, EventLog log, EpochFile file, DataOptions data,
        IServiceProvider services) : IHostedLifecycleService
    {
        public async Task StartingAsync(CancellationToken cancellationToken)
        {
            await engine.OpenAsync(cancellationToken);
            await log.OpenAsync(engine.IsSingleProcess ? file : null, cancellationToken);
            // Left behind by a process that was killed; that it is gone, the database's lock has shown.
            if (ControlSocket.PathOf(data) is { } path)
                File.Delete(path);
            _ = services.GetRequiredService<DataGauges>();
            _ = services.GetRequiredService<AccessTokens>(); // a bad signing key is said now, not at the first login
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken)
        {
            if (!OperatingSystem.IsWindows() && ControlSocket.PathOf(data) is { } path && File.Exists(path))
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return Task.CompletedTask;
        }

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
