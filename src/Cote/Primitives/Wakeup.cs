using System.Threading.Channels;

namespace Cote.Primitives;

/// <summary>
/// A signal that something has happened. Setting it many times before it is taken counts as once, and a signal that is
/// set while nothing waits is kept for the next wait.
/// </summary>
sealed class Wakeup
{
    readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Sets the signal. Never waits and never fails.</summary>
    public void Set() => _signal.Writer.TryWrite(true);

    /// <summary>Waits for the signal and takes it.</summary>
    public async ValueTask WaitAsync(CancellationToken ct)
    {
        await _signal.Reader.WaitToReadAsync(ct);
        _signal.Reader.TryRead(out _);
    }

    /// <summary>
    /// Waits for the signal for a time; false where it was not set. Throws when <paramref name="ct"/> is cancelled.
    /// </summary>
    public async Task<bool> WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken ct)
    {
        if (_signal.Reader.TryRead(out _))
            return true;
        using var limit = new CancellationTokenSource(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            await _signal.Reader.ReadAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
