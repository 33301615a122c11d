using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>What a message may be.</summary>
public sealed class MessagesOptions
{
    /// <summary>The longest <c>content</c> of a message, in characters (UTF-16 units).</summary>
    [Range(1, 1_000_000)]
    public int MaxContentLength { get; set; } = 100_000;

    /// <summary>
    /// How long the ids of deleted messages are remembered, in days: until then they answer 410 <c>gone</c>.
    /// </summary>
    [Range(1, 3_650)]
    public int RememberDeletedDays { get; set; } = 30;

    /// <summary>
    /// The most replies of a chat that may wait or run at the same time; a send beyond it is answered 429
    /// <c>too_many_open</c>.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxOpenReplies { get; set; } = 50;
}
