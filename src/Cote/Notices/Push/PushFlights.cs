namespace Cote.Notices;

/// <summary>A push that is due.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Kind">One of <see cref="DeviceKinds"/>.</param>
readonly record struct DuePush(PushId Id, string Kind);

/// <summary>
/// What is being sent. A device that hangs holds a few tries of its user, and a service that hangs holds a few of its
/// kind: all others have their own.
/// </summary>
sealed class PushFlights
{
    const int MostOfUser = 4;
    const int MostOfKind = 32;

    readonly Lock _gate = new();
    readonly Dictionary<string, int> _users = [];
    readonly Dictionary<string, int> _kinds = [];
    int _all;
    TaskCompletionSource? _none;

    /// <summary>The users who have as many tries as may be.</summary>
    public IReadOnlyList<string> FullUsers => FullOf(_users, MostOfUser);

    /// <summary>The kinds that have as many.</summary>
    public IReadOnlyList<string> FullKinds => FullOf(_kinds, MostOfKind);

    /// <summary>Takes a place for a push; false where its user or its kind has none left.</summary>
    public bool TryEnter(DuePush push)
    {
        lock (_gate)
        {
            var (ofUser, ofKind) = (_users.GetValueOrDefault(push.Id.UserId), _kinds.GetValueOrDefault(push.Kind));
            if (ofUser >= MostOfUser || ofKind >= MostOfKind)
                return false;
            (_users[push.Id.UserId], _kinds[push.Kind]) = (ofUser + 1, ofKind + 1);
            _all++;
            return true;
        }
    }

    /// <summary>Gives its place back.</summary>
    /// <returns>Whether others may have waited for it.</returns>
    public bool Leave(DuePush push)
    {
        lock (_gate)
        {
            var wasFull = Lower(_users, push.Id.UserId) >= MostOfUser | Lower(_kinds, push.Kind) >= MostOfKind;
            if (--_all == 0)
                _none?.TrySetResult();
            return wasFull;
        }
    }

    /// <summary>Waits until none is left, where no other begins.</summary>
    public Task WhenNoneAsync()
    {
        lock (_gate)
        {
            if (_all == 0)
                return Task.CompletedTask;
            _none = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _none.Task;
        }
    }

    List<string> FullOf(Dictionary<string, int> counts, int most)
    {
        lock (_gate)
            return [.. counts.Where(x => x.Value >= most).Select(x => x.Key)];
    }

    // The count before.
    static int Lower(Dictionary<string, int> counts, string key)
    {
        var count = counts[key];
        if (count > 1)
            counts[key] = count - 1;
        else
            counts.Remove(key);
        return count;
    }
}
