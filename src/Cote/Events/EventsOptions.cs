using Cote.Events;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>How long what happened is kept, and how it is shown live.</summary>
public sealed class EventsOptions
{
    [Description("Events older than this many days are trimmed, but never the newest `RetentionEvents` of a user.")]
    [Range(0, 36_500)]
    public int RetentionDays { get; set; } = 7;

    [Description("The newest events of each user that are kept however old they are.")]
    [Range(0, 10_000_000)]
    public int RetentionEvents { get; set; } = 5_000;

    [Description("The most events that a socket or an SSE stream replays; a client further behind gets `reset: too_far`.")]
    [Range(1, 1_000_000)]
    public int ReplayMaxEvents { get; set; } = 1_000;

    [Description("Text of a reply is shown at most this often, in milliseconds; its first token always at once.")]
    [Range(0, 500)]
    public int DeltaMilliseconds { get; set; } = 40;
}
