using Cote.Events;
using Cote.Http;

namespace Cote.Delivery;

/// <summary>
/// How far one socket of a login is known to have shown its user the log: what was written while it was active, and
/// after which something came from it. A connection that nobody holds any more takes what is written all the same.
/// </summary>
sealed class Attention(SocketMeter meter)
{
    readonly Lock _gate = new();
    long _from = long.MaxValue; // The first event that was written.
    long _written;
    long _answered;             // The last event that something came after.
    long _readsBefore;          // What had come when that event was written.

    /// <summary>What the client says of itself; true where it says nothing.</summary>
    public volatile bool IsActive = true;

    /// <summary>Frames were written to the end.</summary>
    public void OnWritten(IReadOnlyList<Frame> frames)
    {
        var (first, last) = (0L, 0L);
        foreach (var frame in frames)
            if (frame.Seq > 0)
                (first, last) = (first == 0 ? frame.Seq : first, frame.Seq);
        if (last == 0)
            return;
        lock (_gate)
        {
            TakeReads();
            // After a hole it begins anew: what is in between was not written.
            if (_from == long.MaxValue || first > _written + 1)
                _from = first;
            (_written, _readsBefore) = (last, meter.Reads);
        }
    }

    /// <summary>Whether this event counts as shown.</summary>
    public bool HasShown(long seq)
    {
        lock (_gate)
        {
            TakeReads();
            return IsActive && seq >= _from && seq <= _answered;
        }
    }

    /// <summary>Asks the client's end of the connection for a sign of life, where the event was written.</summary>
    public void Probe(long seq)
    {
        bool isWritten;
        lock (_gate)
            isWritten = seq >= _from && seq <= _written;
        if (isWritten && IsActive)
            meter.Ping();
    }

    void TakeReads()
    {
        if (meter.Reads > _readsBefore)
            _answered = _written;
    }
}
