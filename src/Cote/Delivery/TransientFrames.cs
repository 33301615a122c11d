using Cote.Events;

namespace Cote.Delivery;

/// <summary>
/// Frames for one client that are not stored: typing, pings and their answers. They have no position in the log, so
/// they wait here, and those of other clients are dropped where this one does not keep up.
/// </summary>
sealed class TransientFrames
{
    const int MaxFrames = 32;

    // Made for what waits, and dropped with it, under the lock of this: an idle connection must cost little.
    Queue<Frame>? _frames;

    /// <summary>False where too many wait already.</summary>
    public bool Offer(Frame frame)
    {
        lock (this)
        {
            if (_frames?.Count >= MaxFrames)
                return false;
            Add(frame);
            return true;
        }
    }

    /// <summary>Adds a frame that must not be dropped.</summary>
    public void Add(Frame frame)
    {
        lock (this)
            (_frames ??= new()).Enqueue(frame);
    }

    /// <summary>The same, unless the frame waits here already.</summary>
    public void AddOnce(Frame frame)
    {
        lock (this)
            if (_frames?.Contains(frame) != true)
                Add(frame);
    }

    public void MoveTo(List<Frame> frames)
    {
        lock (this)
        {
            if (_frames is { } waiting)
                frames.AddRange(waiting);
            _frames = null;
        }
    }
}
