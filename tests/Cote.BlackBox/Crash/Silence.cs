using System.Collections.Concurrent;
using System.Diagnostics;

namespace Cote.BlackBox.Crash;

/// <summary>
/// The times in which somebody waited for something and saw nothing new of it, if they were long enough to be felt.
/// </summary>
sealed class Silence
{
    static readonly TimeSpan Felt = TimeSpan.FromMilliseconds(250);

    readonly ConcurrentDictionary<string, long> _since = [];

    public ConcurrentQueue<(long From, long To)> Times { get; } = [];

    /// <summary>Something new, or the first moment of waiting; and whether there is more to wait for.</summary>
    public void Break(bool waits, string about = "")
    {
        var now = Stopwatch.GetTimestamp();
        if (_since.TryRemove(about, out var since) && Stopwatch.GetElapsedTime(since, now) > Felt)
            Times.Enqueue((since, now));
        if (waits)
            _since[about] = now;
    }

    /// <summary>It is gone: nobody waits for it any more.</summary>
    public void Forget(string about) => _since.TryRemove(about, out _);
}
