using System.Threading.Tasks.Sources;

namespace Cote.Primitives;

/// <summary>
/// A signal that something has happened, for one that waits. Setting it many times before it is taken counts as once,
/// and a signal that is set while nothing waits is kept for the next wait. Each idle connection holds one, so the wait
/// is part of it: a channel of one item is six times as large.
/// </summary>
sealed class Wakeup : IValueTaskSource
{
    const int IsIdle = 0, IsSet = 1, IsAwaited = 2;

    // What continues runs on a thread of its own, not on that of whoever sets the signal.
    ManualResetValueTaskSourceCore<bool> _wait = new() { RunContinuationsAsynchronously = true };
    CancellationTokenRegistration _cancellation;
    int _state;

    /// <summary>Sets the signal. Never waits and never fails.</summary>
    public void Set()
    {
        while (Interlocked.CompareExchange(ref _state, IsSet, IsIdle) == IsAwaited)
            if (EndWait()) // Otherwise the wait has ended in between, and the signal is kept.
            {
                _wait.SetResult(true);
                return;
            }
    }

    /// <summary>Waits for the signal and takes it. Only one waits at a time.</summary>
    public ValueTask WaitAsync(CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return ValueTask.FromCanceled(ct);
        if (TryTake())
            return default;
        if (Volatile.Read(ref _state) == IsAwaited)
            throw new InvalidOperationException("Another one waits already.");
        _wait.Reset();
        var before = Interlocked.CompareExchange(ref _state, IsAwaited, IsIdle);
        if (before == IsAwaited)
            throw new InvalidOperationException("Another one waits already.");
        if (before == IsSet && TryTake())
            return default;
        _cancellation = ct.UnsafeRegister(static (x, token) => ((Wakeup)x!).Cancel(token), this);
        return new(this, _wait.Version);
    }

    /// <summary>
    /// Waits for the signal for a time; false where it was not set. Throws when <paramref name="ct"/> is cancelled.
    /// </summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        if (TryTake())
            return true;
        using var limit = new CancellationTokenSource(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    void IValueTaskSource.GetResult(short token)
    {
        _cancellation.Dispose();
        _cancellation = default;
        _wait.GetResult(token);
    }

    void Cancel(CancellationToken ct)
    {
        if (EndWait())
            _wait.SetException(new OperationCanceledException(ct));
    }

    bool TryTake() => Interlocked.CompareExchange(ref _state, IsIdle, IsSet) == IsSet;

    bool EndWait() => Interlocked.CompareExchange(ref _state, IsIdle, IsAwaited) == IsAwaited;
}
