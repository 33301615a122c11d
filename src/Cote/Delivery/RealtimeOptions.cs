using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>Sockets and streams.</summary>
public sealed class RealtimeOptions
{
    /// <summary>Live connections of one user on this node; a new one beyond it closes the oldest with 4504.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsPerUser { get; set; } = 20;

    /// <summary>
    /// Long-polls and streams of single replies of one user on this node; a new one beyond it ends the oldest.
    /// </summary>
    [Range(1, 1_000_000)]
    public int StreamsPerUser { get; set; } = 40;

    /// <summary>A socket that was silent for so long gets a <c>ping</c>, in milliseconds.</summary>
    [Range(1_000, 600_000)]
    public int HeartbeatMilliseconds { get; set; } = 25_000;

    /// <summary>The largest frame that a client may send, in bytes; a larger one closes the socket with 1009.</summary>
    [Range(1_024, 16_777_216)]
    public int MaxFrameBytes { get; set; } = 65_536;

    /// <summary>
    /// Frames that one socket may send in a second, twice as many at once; beyond it it is closed with 4013.
    /// </summary>
    [Range(1, 1_000_000)]
    public int FramesPerSecond { get; set; } = 20;

    /// <summary>
    /// A frame of a client must be whole so long after its first byte, in seconds; else its socket is closed with 4008.
    /// </summary>
    [Range(1, 600)]
    public int MessageSeconds { get; set; } = 20;

    /// <summary>
    /// A socket that does not take a frame, or 64 KB of a longer one, within so long is closed with 4008, in seconds.
    /// </summary>
    [Range(1, 600)]
    public int SlowConsumerSeconds { get; set; } = 10;
}
