namespace Cote.Replies;

/// <summary>
/// The slots for replies that run at the same time. A user holds at most a share of them, and where slots are short the
/// users that wait take turns: one user's endless replies must not keep the others waiting.
/// </summary>
/// <param name="total">How many there are.</param>
/// <param name="perUser">How many one user may hold, or null for a tenth of all, at least four, and never all.</param>
sealed class ReplySlots(int total, int? perUser)
{
    readonly Lock _gate = new();
    readonly int _perUser = perUser ?? Math.Max(1, Math.Max(total / 10, Math.Min(4, total - 1)));
    readonly Dictionary<string, int> _taken = [];
    readonly Dictionary<string, Queue<string>> _parked = [];
    readonly Queue<string> _turns = []; // The users in `_parked`, in the order of their turns.
    int _takenInAll;
    bool _isClosed;

    /// <summary>How many there are, how many are taken, and how many chats wait for one.</summary>
    public (int Total, int Taken, int Waiting) Count()
    {
        lock (_gate)
            return (total, _takenInAll, _parked.Values.Sum(x => x.Count));
    }

    public bool TryAcquire(string userId)
    {
        lock (_gate)
        {
            if (_isClosed || !MayTake(userId))
                return false;
            _taken[userId] = _taken.GetValueOrDefault(userId) + 1;
            _takenInAll++;
            return true;
        }
    }

    /// <summary>The same; where there is no slot, <see cref="Release"/> returns the chat when its turn comes.</summary>
    public bool TryAcquireOrPark(string userId, string chatId)
    {
        lock (_gate)
        {
            if (TryAcquire(userId))
                return true;
            if (_isClosed)
                return false;
            if (!_parked.TryGetValue(userId, out var chats))
            {
                _parked[userId] = chats = [];
                _turns.Enqueue(userId);
            }
            if (!chats.Contains(chatId))
                chats.Enqueue(chatId);
            return false;
        }
    }

    /// <summary>Releases a slot. Returns the next parked chat whose user may take one, if there is any.</summary>
    public (string UserId, string ChatId)? Release(string userId)
    {
        lock (_gate)
        {
            _takenInAll--;
            if (--_taken[userId] == 0)
                _taken.Remove(userId);
            for (var left = _turns.Count; left > 0; left--)
            {
                var next = _turns.Dequeue();
                if (!MayTake(next))
                {
                    _turns.Enqueue(next);
                    continue;
                }
                var chats = _parked[next];
                var chat = chats.Dequeue();
                if (chats.Count > 0)
                    _turns.Enqueue(next);
                else
                    _parked.Remove(next);
                return (next, chat);
            }
            return null;
        }
    }

    public void Close()
    {
        lock (_gate)
            _isClosed = true;
    }

    bool MayTake(string userId) => _takenInAll < total && _taken.GetValueOrDefault(userId) < _perUser;
}
