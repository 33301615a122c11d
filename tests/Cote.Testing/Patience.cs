using System.Diagnostics;

namespace Cote.Testing;

/// <summary>
/// How tests wait: for what must come, with one deadline for all, so long that only what never comes reaches it, at a
/// tenth of a machine's speed too.
/// </summary>
public static class Patience
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>The same for a server that starts: most of that is a processor's work.</summary>
    public static readonly TimeSpan ToStart = 3 * Deadline;

    /// <summary>A deadline for all waits of a loop together: what comes again and again must not prolong it.</summary>
    public static Countdown Begin(TimeSpan? within = null) => new(within ?? Deadline);

    /// <summary>Waits until something holds that raises no event.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var limit = new CancellationTokenSource(Deadline);
        try
        {
            while (!await holds())
                await timer.WaitForNextTickAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException("It did not come to be: " + what);
        }
    }

    /// <summary>The result of a task that must end.</summary>
    public static Task<T> InTimeAsync<T>(this Task<T> task) => task.WaitAsync(Deadline);

    /// <summary>A task that must end.</summary>
    public static Task InTimeAsync(this Task task) => task.WaitAsync(Deadline);

    /// <summary>
    /// Something takes no longer than this, once in ten tries: a busy machine delays some of them, a slow path all.
    /// </summary>
    public static async Task ShouldTakeAtMostAsync(TimeSpan most, Func<Task<TimeSpan>> measureAsync)
    {
        var fastest = TimeSpan.MaxValue;
        for (var tries = 0; tries < 10 && fastest > most; tries++)
            fastest = TimeSpan.FromTicks(Math.Min(fastest.Ticks, (await measureAsync()).Ticks));
        if (fastest > most)
            throw new TimeoutException($"The fastest of ten tries took {fastest}, not {most}.");
    }
}

/// <summary>What is left of a deadline.</summary>
public sealed class Countdown(TimeSpan within)
{
    readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>The time that is left, never less than none.</summary>
    public TimeSpan Left => within > _watch.Elapsed ? within - _watch.Elapsed : TimeSpan.Zero;
}
