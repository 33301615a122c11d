using Cote.Data;

namespace Cote.Replies;

/// <summary>How long a reply stays its node's without a renewal. Not a setting: tests register a shorter one.</summary>
sealed record ReplyLease(TimeSpan Length)
{
    public static readonly ReplyLease Default = new(TimeSpan.FromSeconds(15));

    /// <summary>A renewal may fail twice before the lease lapses.</summary>
    public TimeSpan RenewEvery { get; } = Length / 3;

    public long Milliseconds { get; } = (long)Length.TotalMilliseconds;

    /// <summary>Until when a lease taken now is good, by the database's clock.</summary>
    public Sql Until(DatabaseEngine engine) => $"{engine.Now} + {Milliseconds}";
}
