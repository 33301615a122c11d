using System.Collections.Concurrent;
using Cote.Notices;

namespace Cote.Delivery;

/// <summary>
/// The furthest cursors that logins came back with: a client has shown what lies before its cursor. Polls and event
/// streams say nothing while they are open.
/// </summary>
sealed class SeenCursors(PushOutbox pushes, Clock clock)
{
    static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<string, (long Seq, long At)> _cursors = [];

    /// <summary>A connection or a poll has begun with this cursor.</summary>
    public void Add(string userId, long seq)
    {
        if (pushes.IsBusy)
            _cursors.AddOrUpdate(userId, static (_, x) => x,
                static (_, known, x) => (Math.Max(known.Seq, x.Seq), x.At), (Seq: seq, At: clock.Ticks));
    }

    /// <summary>Whether a login has come back from behind the event.</summary>
    public bool HasSeen(string userId, long seq) => _cursors.TryGetValue(userId, out var known) && known.Seq >= seq;

    /// <summary>Forgets those that every row was compared with.</summary>
    public void Sweep()
    {
        foreach (var entry in _cursors)
            if (clock.Since(entry.Value.At) > KeptFor)
                _cursors.TryRemove(entry);
    }
}
