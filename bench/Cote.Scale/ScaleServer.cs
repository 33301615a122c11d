using System.Security.Cryptography;
using Cote.Events;
using Cote.Media;
using Cote.Primitives;
using Cote.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Scale;

/// <summary>
/// The product on a database, in this process: served on loopback while people are played, or only put together, so
/// that its loops run when they are asked to.
/// </summary>
sealed class ScaleServer : IAsyncDisposable
{
    // Hashing a password takes a tenth of a second as it ships; its text is two digits longer then.
    const int CheapIterations = 1_000;

    static readonly string SigningKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(48));

    readonly string _folder;
    readonly WebApplication _app;

    ScaleServer(string folder, WebApplication app, MovedTime time) => (_folder, _app, Time) = (folder, app, time);

    public MovedTime Time { get; }

    public Uri Url => new(_app.Urls.First());

    public Database Database => Get<Database>();

    /// <summary>Serves, on a port that is free; its migrations have run.</summary>
    public static async Task<ScaleServer> ServeAsync(string postgres, UseModel model)
    {
        var server = Create(postgres, model, new MovedTime(movesTicks: false));
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Opens the database of one that has served, and starts nothing.</summary>
    public static async Task<ScaleServer> OpenAsync(string postgres, UseModel model)
    {
        var server = Create(postgres, model, new MovedTime(movesTicks: true));
        await server.Database.Engine.OpenAsync(CancellationToken.None);
        await server.Get<EventLog>().OpenAsync(null, CancellationToken.None);
        server.Get<MediaFolders>().Open();
        return server;
    }

    /// <summary>Every loop in rounds that the product has.</summary>
    public IReadOnlyList<PeriodicLoop> Loops =>
        [.. _app.Services.GetServices<IHostedService>().OfType<PeriodicLoop>().OrderBy(x => x.GetType().Name)];

    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    static ScaleServer Create(string postgres, UseModel model, MovedTime time)
    {
        var folder = Directory.CreateTempSubdirectory("cote-scale-").FullName;
        string[] settings =
        [
            "--urls=http://127.0.0.1:0", $"--Cote:Data:Postgres={postgres}", $"--Cote:Data:Directory={folder}",
            "--Cote:Data:Connections=8", $"--Cote:Auth:SigningKey={SigningKey}",
            "--Cote:Media:Storage=disk", $"--Cote:Media:Directory={folder}/media",
            "--Cote:Assistants:Default=scale/plain",
            "--Cote:RateLimits:LoginPerMinute=1000000000", "--Cote:RateLimits:RegistrationPerMinute=1000000000",
            "--Cote:RateLimits:MessagesPerMinute=100000000", "--Cote:RateLimits:RequestsPerMinute=1000000000",
            $"--Cote:Events:RetentionDays={model.RetentionDays}",
            $"--Cote:Events:RetentionEvents={model.RetentionEvents}",
            // Longer than the month, so that its rows can be counted: as it ships the first would go on its last day.
            $"--Cote:Messages:RememberDeletedDays={model.Days + 1}",
        ];
        var app = CoteHost.Create(settings, add =>
        {
            add.Services.AddLogging(x => x.ClearProviders());
            add.Services.AddSingleton<TimeProvider>(time);
            add.Services.AddSingleton(_ => new Passwords(new AuthOptions { PasswordIterations = CheapIterations }));
            add.AddProvider(ScriptedModel.Provider(model));
        });
        return new(folder, app, time);
    }
}
