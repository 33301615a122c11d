namespace Cote.Notices;

/// <summary>A push that is due.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Kind">One of <see cref="DeviceKinds"/>.</param>
readonly record struct DuePush(PushId Id, string Kind);

/// <summary>
/// What is being sent. A device that hangs holds a few tries of its user, and a service that hangs holds a few of its
/// kind: all others have their own. Users name endpoints of Web Push themselves, so those whose last try took long
/// share a quarter of the places of a kind: several of them together hold no more.
/// </summary>
sealed class PushFlights(Clock clock)
{
    const int MostOfUser = 4;
    const int MostOfKind = 32;
    const int MostOfSlow = 8;
    const int MostRemembered = 10_000;

    /// <summary>A try that takes longer makes its user one of the slow ones, until one of his is faster.</summary>
    public static readonly TimeSpan SlowFrom = TimeSpan.FromSeconds(3);

    static readonly TimeSpan SlowFor = TimeSpan.FromMinutes(15);

    readonly Lock _gate = new();
    readonly Dictionary<string, int> _users = [];
    readonly Dictionary<string, int> _kinds = [];
    readonly Dictionary<string, int> _slowOfKinds = [];
    readonly HashSet<PushId> _slowFlights = [];
    readonly Dictionary<string, long> _slowSince = []; // Users.
    int _all;
    TaskCompletionSource? _none;

    /// <summary>The users who get no place now: each has as many as may be, or is slow, as enough others are.</summary>
    public IReadOnlyList<string> FullUsers
    {
        get
        {
            lock (_gate)
                return
                [
                    .. _users.Where(x => x.Value >= MostOfUser).Select(x => x.Key).Union(
                        _slowSince.Keys.Where(x => IsSlow(x) && _slowOfKinds.Values.Any(y => y >= MostOfSlow))),
                ];
        }
    }

    /// <summary>The kinds that have as many.</summary>
    public IReadOnlyList<string> FullKinds
    {
        get
        {
            lock (_gate)
                return [.. _kinds.Where(x => x.Value >= MostOfKind).Select(x => x.Key)];
        }
    }

    /// <summary>Takes a place for a push; false where its user or its kind has none left.</summary>
    public bool TryEnter(DuePush push)
    {
        lock (_gate)
        {
            var (ofUser, ofKind) = (_users.GetValueOrDefault(push.Id.UserId), _kinds.GetValueOrDefault(push.Kind));
            var (isSlow, ofSlow) = (IsSlow(push.Id.UserId), _slowOfKinds.GetValueOrDefault(push.Kind));
            if (ofUser >= MostOfUser || ofKind >= MostOfKind || isSlow && ofSlow >= MostOfSlow)
                return false;
            (_users[push.Id.UserId], _kinds[push.Kind]) = (ofUser + 1, ofKind + 1);
            if (isSlow && _slowFlights.Add(push.Id))
                _slowOfKinds[push.Kind] = ofSlow + 1;
            _all++;
            return true;
        }
    }

    /// <summary>Gives its place back.</summary>
    /// <param name="push">The push.</param>
    /// <param name="took">How long the try took; null where it was not tried.</param>
    /// <returns>Whether others may have waited for it.</returns>
    public bool Leave(DuePush push, TimeSpan? took)
    {
        lock (_gate)
        {
            var wasFull = Lower(_users, push.Id.UserId) >= MostOfUser | Lower(_kinds, push.Kind) >= MostOfKind
                | (_slowFlights.Remove(push.Id) && Lower(_slowOfKinds, push.Kind) >= MostOfSlow);
            if (took is { } time)
                Remember(push.Id.UserId, time >= SlowFrom);
            if (--_all == 0)
                _none?.TrySetResult();
            return wasFull;
        }
    }

    void Remember(string userId, bool isSlow)
    {
        _slowSince.Remove(userId);
        if (!isSlow)
            return;
        if (_slowSince.Count >= MostRemembered)
            _slowSince.Clear();
        _slowSince[userId] = clock.Ticks;
    }

    bool IsSlow(string userId) => _slowSince.TryGetValue(userId, out var since) && clock.Since(since) < SlowFor;

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
