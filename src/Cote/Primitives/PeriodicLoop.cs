using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cote.Primitives;

/// <summary>
/// Background work in rounds: one each <paramref name="every"/>, and one more as soon as <see cref="Wake"/> asks for
/// it. A round that fails is logged, and the next one tries again. It begins when the server listens: the first rounds
/// of all would take the time of its start.
/// </summary>
/// <param name="every">The time between the starts of two rounds.</param>
/// <param name="clock">Measures it.</param>
/// <param name="log">Takes the faults of rounds.</param>
abstract class PeriodicLoop(TimeSpan every, Clock clock, ILogger log) : BackgroundService, IHostedLifecycleService
{
    readonly Wakeup _wakeup = new();
    readonly TaskCompletionSource _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The clock that measures the rounds.</summary>
    protected Clock Clock => clock;

    /// <summary>The log of the loop.</summary>
    protected ILogger Log => log;

    /// <summary>Whether the first round runs at the start, and not only after the first interval.</summary>
    protected virtual bool RunsAtStart => false;

    /// <summary>The time between the starts of two rounds.</summary>
    public TimeSpan Interval => every;

    /// <summary>One round by itself, of a loop that was not started: what it costs can be measured.</summary>
    public Task RunOnceAsync(CancellationToken ct) => RunRoundAsync(ct);

    /// <summary>Asks for a round now.</summary>
    public void Wake() => _wakeup.Set();

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _listens.TrySetResult();
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>One round. A <see cref="ProblemException"/> says that the database is unreachable or busy.</summary>
    protected abstract Task RunRoundAsync(CancellationToken ct);

    /// <summary>What is left to do when the server stops; its fault is logged as a round's.</summary>
    protected virtual Task FinishAsync() => Task.CompletedTask;

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        LoopMetrics.Began(GetType().Name);
        try
        {
            await _listens.Task.WaitAsync(stoppingToken);
            if (!RunsAtStart)
                await _wakeup.WaitAsync(every, clock.Provider, stoppingToken);
            while (true)
            {
                var began = clock.Ticks;
                await TryAsync(() => RunRoundAsync(stoppingToken), stoppingToken);
                await _wakeup.WaitAsync(every - clock.Since(began), clock.Provider, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await TryAsync(FinishAsync, CancellationToken.None);
        }
    }

    async Task TryAsync(Func<Task> work, CancellationToken ct)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (ProblemException error)
        {
            log.RoundDelayed(GetType().Name, error.Problem.Code);
            LoopMetrics.Failed(GetType().Name, error.Problem.Code);
        }
#pragma warning disable CA1031 // Top of the loop: without this catch one fault would end the background work for good.
        catch (Exception error)
#pragma warning restore CA1031
        {
            log.RoundFailed(error, GetType().Name);
            LoopMetrics.Failed(GetType().Name);
        }
    }
}
