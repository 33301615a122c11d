using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Http;

/// <summary>
/// Stops the process on a signal. The framework's own lifetime closes the listener at the signal; a balancer that asks
/// for readiness learns of it only at its next question, so the listener may stay open for a while after SIGTERM. A
/// second signal does not wait. A connection that is still busy some seconds after the stop has begun is aborted: a
/// client that does not read its download, or does not finish its body, must not hold up what has to be written at the
/// end.
/// </summary>
sealed class GracefulShutdown : IHostLifetime, IDisposable
{
    static readonly TimeSpan AbortAfter = TimeSpan.FromSeconds(5);

    readonly IHostApplicationLifetime _lifetime;
    readonly HttpOptions _options;
    readonly Clock _clock;
    readonly ILogger _log;
    readonly List<PosixSignalRegistration> _signals = [];
    readonly CancellationTokenSource _aborted = new();
    int _connections;
    ITimer? _drain;
    ITimer? _abort;

    public GracefulShutdown(IHostApplicationLifetime lifetime, HttpOptions options, Clock clock, ILoggerFactory logs)
    {
        (_lifetime, _options, _clock, _log) = (lifetime, options, clock, logs.CreateLogger("Cote.Lifetime"));
        lifetime.ApplicationStopping.Register(OnStopping);
    }

    /// <summary>Whether a signal was received and the listener is still open.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Lets the connections of a listener be aborted when the server stops.</summary>
    public static void Track(ListenOptions listener)
    {
        var shutdown = listener.ApplicationServices.GetRequiredService<GracefulShutdown>();
        listener.Use(next => connection => shutdown.RunAsync(connection, next));
    }

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM })
            _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        _lifetime.ApplicationStarted.Register(_log.Started);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _drain?.Dispose();
        _abort?.Dispose();
        _aborted.Dispose();
    }

    void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true; // the process does not end here: the host ends it, when everything is written
        if (HasBegun || _options.DrainSeconds == 0 || signal.Signal != PosixSignal.SIGTERM)
        {
            _log.StopRequested(signal.Signal.ToString());
            _lifetime.StopApplication();
            return;
        }
        HasBegun = true;
        _log.DrainStarted(signal.Signal.ToString(), _options.DrainSeconds);
        _drain = _clock.Provider.CreateTimer(
            _ => _lifetime.StopApplication(), null,
            TimeSpan.FromSeconds(_options.DrainSeconds), Timeout.InfiniteTimeSpan);
    }

    void OnStopping() =>
        _abort = _clock.Provider.CreateTimer(_ => AbortConnections(), null, AbortAfter, Timeout.InfiniteTimeSpan);

    void AbortConnections()
    {
        if (Volatile.Read(ref _connections) is > 0 and var count)
            _log.ConnectionsAborted(count, (int)AbortAfter.TotalSeconds);
        _aborted.Cancel();
    }

    // Of a connection, not of a request: one registration for as long as a client stays, and Kestrel closes idle ones
    // itself.
    async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        using var registration = _aborted.Token.UnsafeRegister(
            static x => ((ConnectionContext)x!).Abort(new ConnectionAbortedException("The server is stopping.")),
            connection);
        Interlocked.Increment(ref _connections);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }
}
