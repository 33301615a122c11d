namespace Cote.Client;

/// <summary>Waits between tries: longer each time, never the same for two clients, and ended by a wake-up.</summary>
sealed class Backoff(Wakeup wakeup)
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    static readonly TimeSpan MostAsked = TimeSpan.FromDays(1);

    TimeSpan _next = First;

    /// <summary>The next wait is a short one.</summary>
    public void Reset() => _next = First;

    /// <summary>Waits a while, or as long as the server asks for and a little more.</summary>
    public async Task WaitAsync(TimeSpan? asked, CancellationToken cancellationToken)
    {
        var delay = _next * Random.Shared.NextDouble();
        if (asked > TimeSpan.Zero)
            delay = (asked < MostAsked ? asked.Value : MostAsked) * (1 + (Random.Shared.NextDouble() / 2));
        else
            _next = TimeSpan.FromTicks(Math.Min(_next.Ticks * 2, Longest.Ticks));
        await wakeup.WaitAsync(delay, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>Ends the waits of those that have nothing to do but wait.</summary>
sealed class Wakeup
{
    TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends all waits that are under way.</summary>
    public void Wake() =>
        Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits for a time, or for the next wake-up.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        var woken = Volatile.Read(ref _next).Task;
        try
        {
            await woken.WaitAsync(delay, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The time is over, and so is the wait.
        }
    }
}
