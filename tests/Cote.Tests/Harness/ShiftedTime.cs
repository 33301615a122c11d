namespace Cote.Tests.Harness;

/// <summary>The system's clock, moved on as far as a test says; timers run as they do.</summary>
public sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}
