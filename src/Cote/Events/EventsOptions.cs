using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>How long what happened is kept, and how it is shown live.</summary>
public sealed class EventsOptions
{
    /// <summary>
    /// Events older than this many days are trimmed, but never the newest <c>RetentionEvents</c> of a user.
    /// </summary>
    [Range(0, 36_500)]
    public int RetentionDays { get; set; } = 7;

    /// <summary>The newest events of each user that are kept however old they are.</summary>
    [Range(0, 10_000_000)]
    public int RetentionEvents { get; set; } = 5_000;

    /// <summary>
    /// The most events that a socket or an SSE stream replays; a client further behind gets <c>reset: too_far</c>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int ReplayMaxEvents { get; set; } = 1_000;

    /// <summary>Text of a reply is shown at most this often, in milliseconds; its first token always at once.</summary>
    [Range(0, 500)]
    public int DeltaMilliseconds { get; set; } = 40;
}
