using System.Globalization;

namespace Cote.Admin;

/// <summary>Prints the progress and the speed of a step: every two seconds, and at its end.</summary>
sealed class CopyProgress(TextWriter to, Clock clock, string what, long done, long total)
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    readonly long _began = clock.Ticks;
    readonly long _before = done;
    long _reportedAt = clock.Ticks;

    public void Report(long now)
    {
        if (now < total && clock.Since(_reportedAt) < Every)
            return;
        _reportedAt = clock.Ticks;
        var rate = (now - _before) / Math.Max(0.001, clock.Since(_began).TotalSeconds);
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {now:N0} of {total:N0}, {rate:N0}/s"));
    }
}
