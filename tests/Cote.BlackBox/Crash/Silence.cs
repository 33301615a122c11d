using System.Collections.Concurrent;
using System.Diagnostics;

namespace Cote.BlackBox.Crash;

/// <summary>The times in which somebody waited and saw nothing new, if they were long enough to be felt.</summary>
sealed class Silence
{
    static readonly TimeSpan Felt = TimeSpan.FromMilliseconds(250);

    long _since; // 0: waits for nothing

    public ConcurrentQueue<(long From, long To)> Times { get; } = [];

    /// <summary>Something new, or the first moment of waiting; and whether there is more to wait for.</summary>
    public void Break(bool waits)
    {
        var now = Stopwatch.GetTimestamp();
        if (_since > 0 && Stopwatch.GetElapsedTime(_since, now) > Felt)
            Times.Enqueue((_since, now));
        _since = waits ? now : 0;
    }
}
