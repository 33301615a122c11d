using Cote.Events;

namespace Cote.Delivery;

/// <summary>
/// Frames for one client that are nobody's history: typing, pings and their answers. They have no place in the log, so
/// they wait here, and what comes from outside is dropped where the client does not keep up.
/// </summary>
sealed class TransientFrames
{
    const int Most = 32;

    readonly Queue<Frame> _frames = []; // locked by itself: an idle connection is to cost little

    /// <summary>False where too many wait already.</summary>
    public bool Offer(Frame frame)
    {
        lock (_frames)
        {
            if (_frames.Count >= Most)
                return false;
            _frames.Enqueue(frame);
            return true;
        }
    }

    /// <summary>Takes it in any case: one that would be missed.</summary>
    public void Add(Frame frame)
    {
        lock (_frames)
            _frames.Enqueue(frame);
    }

    /// <summary>The same, unless it waits here already.</summary>
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
