namespace Cote.Primitives;

/// <summary>Counts what runs for each user on this node, and lets no user have more than so many at a time.</summary>
abstract class UserLimit(int most)
{
    readonly Dictionary<string, int> _running = [];

    /// <summary>Counts one more; false where the user has as many as may run.</summary>
    public bool TryBegin(string userId)
    {
        lock (_running)
        {
            var running = _running.GetValueOrDefault(userId);
            if (running < most)
                _running[userId] = running + 1;
            return running < most;
        }
    }

    /// <summary>Ends one that <see cref="TryBegin"/> has counted.</summary>
    public void End(string userId)
    {
        lock (_running)
            if (--_running[userId] == 0)
                _running.Remove(userId);
    }
}
