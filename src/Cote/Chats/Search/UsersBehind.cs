namespace Cote.Chats;

/// <summary>
/// Users of whom the index lacks something, in the order in which they were noted. One who is writing is let alone
/// until a second has passed without an event, or there are many: a burst is indexed after it, not against it.
/// </summary>
sealed class UsersBehind(Clock clock)
{
    const int Many = SearchMark.MostEvents / 2; // events, of those that a search reads itself
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    readonly Lock _gate = new();
    readonly Queue<string> _users = [];
    readonly Dictionary<string, (long At, int Events)> _noted = [];

    public int Count
    {
        get
        {
            lock (_gate)
                return _noted.Count;
        }
    }

    /// <summary>An event of this user was committed.</summary>
    public void Note(string userId) => Note(userId, 1);

    /// <summary>There is something of this user to do now.</summary>
    public void NoteReady(string userId) => Note(userId, Many);

    /// <summary>Takes users whose turn it is. They are forgotten: an event from here on notes them again.</summary>
    public List<string> Take(int most)
    {
        var taken = new List<string>();
        lock (_gate)
            for (var left = _users.Count; left > 0 && taken.Count < most; left--)
            {
                var user = _users.Dequeue();
                var (at, events) = _noted[user];
                if (events < Many && clock.Since(at) < Quiet)
                {
                    _users.Enqueue(user);
                    continue;
                }
                taken.Add(user);
                _noted.Remove(user);
            }
        return taken;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _users.Clear();
            _noted.Clear();
        }
    }

    void Note(string userId, int events)
    {
        lock (_gate)
        {
            if (!_noted.TryGetValue(userId, out var before))
                _users.Enqueue(userId);
            _noted[userId] = (clock.Ticks, Math.Min(Many, before.Events + events));
        }
    }
}
