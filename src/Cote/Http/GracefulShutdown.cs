using System.Runtime.InteropServices;
using Cote.Primitives;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>
/// How the process is told to go. The framework's own lifetime closes the door at the signal; a balancer that asks for
/// readiness learns of it only at its next question, so that here the door may stay open for a while after the signal.
/// A second signal does not wait.
/// </summary>
sealed class GracefulShutdown(IHostApplicationLifetime life, HttpOptions options, Clock clock, ILoggerFactory logs) : IHostLifetime, IDisposable
{
    readonly ILogger _log = logs.CreateLogger("Cote.Lifetime");
    readonly List<PosixSignalRegistration> _signals = [];
    ITimer? _end;

    public bool HasBegun { get; private set; }

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM })
            _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        life.ApplicationStarted.Register(() => _log.LogInformation("Cote is up"));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _end?.Dispose();
    }

    void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true; // the process does not end here: the host does, when all is written
        if (HasBegun || options.DrainSeconds == 0 || signal.Signal != PosixSignal.SIGTERM)
        {
            life.StopApplication();
            return;
        }
        HasBegun = true;
        _log.LogInformation("Told to go: not ready any more, and gone in {Seconds} s", options.DrainSeconds);
        _end = clock.Provider.CreateTimer(_ => life.StopApplication(), null, TimeSpan.FromSeconds(options.DrainSeconds), Timeout.InfiniteTimeSpan);
    }
}
