using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>What becomes of chats.</summary>
public sealed class ChatsOptions
{
    /// <summary>How long a temporary chat stays after its last message, in hours.</summary>
    [Range(1, 8_760)]
    public int TemporaryHours { get; set; } = 24;
}
