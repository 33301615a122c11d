using Microsoft.Extensions.Time.Testing;

namespace Cote.Tests.Harness;

/// <summary>A clock on which every pause is over at once and is written down.</summary>
public sealed class JumpingTime : FakeTimeProvider
{
    readonly List<TimeSpan> _pauses = [];

    /// <summary>The pauses that were asked for, infinite ones too; those never end.</summary>
    public IReadOnlyList<TimeSpan> Pauses
    {
        get
        {
            lock (_pauses)
                return [.. _pauses];
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_pauses)
            _pauses.Add(dueTime);
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero)
            Advance(dueTime);
        return timer;
    }
}
