using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Chats;

namespace Cote;

/// <summary>What a message may be.</summary>
public sealed class MessagesOptions
{
    [Description("The longest `content` of a message, in characters (UTF-16 units).")]
    [Range(1, 1_000_000)]
    public int MaxContentLength { get; set; } = 100_000;

    [Description("How long the ids of deleted messages are remembered, in days: until then they answer 410 `gone`.")]
    [Range(1, 3_650)]
    public int RememberDeletedDays { get; set; } = 30;

    [Description("The most replies of a chat that may wait or run at the same time; a send beyond it is answered 429 `too_many_open`.")]
    [Range(1, 1_000_000)]
    public int MaxOpenReplies { get; set; } = 50;
}
