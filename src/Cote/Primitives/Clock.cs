namespace Cote;

/// <summary>
/// The one source of time and of ids, rounded here to what the database stores, so that what POST answered GET
/// answers.
/// </summary>
public sealed class Clock(TimeProvider time)
{
    /// <summary>The clock under this one; timers and delays are made from it.</summary>
    public TimeProvider Provider => time;

    /// <summary>Now, in whole milliseconds.</summary>
    public Timestamp Now => Timestamp.From(time.GetUtcNow());

    /// <summary>Time that never goes back, for measuring how long something took.</summary>
    public long Ticks => time.GetTimestamp();

    /// <summary>How long ago <paramref name="ticks"/> was.</summary>
    public TimeSpan Since(long ticks) => time.GetElapsedTime(ticks);

    /// <summary>A new UUIDv7 in lower case with dashes.</summary>
    public string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString("D");
}
