using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Cote.Load.Wire;

/// <summary>
/// Does things at given moments, on one thread, exact to about 0.1 ms. Timers of the runtime are late by up to a
/// millisecond and more, which would be measured along.
/// </summary>
sealed partial class Pacer : IDisposable
{
    static readonly long Fine = Stopwatch.Frequency / 500;

    readonly PriorityQueue<Action, long> _due = new();
    readonly Thread _thread;
    bool _disposed;

    public Pacer()
    {
        _thread = new Thread(Run) { Name = "pacer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Does it at <paramref name="ticks"/> of <see cref="Stopwatch"/>, or at once where that is past. It must be short.
    /// </summary>
    public void At(long ticks, Action action)
    {
        lock (_due)
        {
            _due.Enqueue(action, ticks);
            if (_due.Peek() == action)
                Monitor.Pulse(_due);
        }
    }

    /// <summary>A task that ends at <paramref name="ticks"/>.</summary>
    public Task At(long ticks)
    {
        if (ticks <= Stopwatch.GetTimestamp())
            return Task.CompletedTask;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        At(ticks, reached.SetResult);
        return reached.Task;
    }

    public void Dispose()
    {
        lock (_due)
        {
            _disposed = true;
            Monitor.Pulse(_due);
        }
        _thread.Join();
    }

    void Run()
    {
        while (true)
        {
            Action? action = null;
            lock (_due)
            {
                if (_disposed)
                    return;
                if (!_due.TryPeek(out _, out var at))
                {
                    Monitor.Wait(_due);
                    continue;
                }
                var rest = at - Stopwatch.GetTimestamp();
                if (rest <= 0)
                {
                    action = _due.Dequeue();
                }
                else if (rest > Fine)
                {
                    Monitor.Wait(_due, TimeSpan.FromSeconds((double)(rest - Fine / 2) / Stopwatch.Frequency));
                    continue;
                }
            }
            if (action is not null)
                action();
            else
                Nap();
        }
    }

    static void Nap()
    {
        var time = new TimeSpec(0, 100_000);
        _ = NanoSleep(in time, 0);
    }

    readonly record struct TimeSpec(long Seconds, long Nanoseconds);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int NanoSleep(in TimeSpec time, nint rest);
}
