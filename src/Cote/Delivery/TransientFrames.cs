using Cote.Events;

namespace Cote.Delivery;

/// <summary>
/// Frames for one client that are not stored: typing, pings and their answers. They have no position in the log, so
/// they wait here, and those of other clients are dropped where this one does not keep up.
/// </summary>
sealed class TransientFrames
{
    const int MaxFrames = 32;

    readonly Queue<Frame> _frames = []; // Locked by itself: an idle connection must cost little.

    /// <summary>False where too many wait already.</summary>
    public bool Offer(Frame frame)
    {
        lock (_frames)
        {
            if (_frames.Count >= MaxFrames)
                return false;
            _frames.Enqueue(frame);
            return true;
        }
    }

    /// <summary>Adds a frame that must not be dropped.</summary>
    public void Add(Frame frame)
    {
        lock (_frames)
            _frames.Enqueue(frame);
    }

    /// <summary>The same, unless the frame waits here already.</summary>
    public void AddOnce(Frame frame)
    {
        lock (_frames)
            if (!_frames.Contains(frame))
                _frames.Enqueue(frame);
    }

    public void MoveTo(List<Frame> frames)
    {
        lock (_frames)
            while (_frames.TryDequeue(out var frame))
                frames.Add(frame);
    }
}
