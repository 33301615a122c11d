namespace Cote.Tests.Harness;

/// <summary>
/// The system's clock, but for pauses of one length, or not much shorter unless it is exact: they last until they are
/// let go, and are real ones from then on.
/// </summary>
sealed class HeldTime(TimeSpan held, bool isExact = false) : TimeProvider
{
    readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<ITimer> _timers = [];
    long _shift;
    bool _free;

    /// <summary>Ends when such a pause has begun.</summary>
    public Task Reached => _reached.Task;

    /// <summary>How many of them have begun.</summary>
    public int Held
    {
        get
        {
            lock (_timers)
                return _timers.Count;
        }
    }

    /// <summary>How far what measures time is ahead; timers run as they do.</summary>
    public TimeSpan Shift
    {
        set => Volatile.Write(ref _shift, (long)(value.TotalSeconds * TimestampFrequency));
    }

    public void LetGo()
    {
        lock (_timers)
        {
            _free = true;
            foreach (var timer in _timers)
                timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public override long GetTimestamp() => base.GetTimestamp() + Volatile.Read(ref _shift);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(
            this, base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(dueTime, period);
        return timer;
    }

    bool Holds(ITimer timer, TimeSpan dueTime)
    {
        lock (_timers)
        {
            if (_free || dueTime > held || dueTime < (isExact ? held : held / 2))
                return false;
            _timers.Add(timer);
            _reached.TrySetResult();
            return true;
        }
    }

    sealed class Timer(HeldTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => time.Holds(timer, dueTime)
            ? timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) : timer.Change(dueTime, period);

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
