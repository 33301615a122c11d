using System.Diagnostics;

namespace Cote.Scale;

/// <summary>The system's clock, moved to a day of the month; timers run as they do.</summary>
/// <param name="movesTicks">Whether what measures how long something took jumps as well.</param>
sealed class MovedTime(bool movesTicks) : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;

    public override long GetTimestamp() =>
        base.GetTimestamp() + (movesTicks ? (long)(Shift.TotalSeconds * Stopwatch.Frequency) : 0);
}
