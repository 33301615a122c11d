namespace Cote.Users;

/// <summary>
/// Token buckets by key to which a token can be returned, which the framework's limiters cannot: only what failed
/// counts. A bucket that is full again is forgotten, so memory is bounded by what fails in a minute.
/// </summary>
sealed class FailureBuckets(long perMinute, Clock clock)
{
    const int SweepFrom = 1_000;

    readonly Lock _lock = new();
    readonly Dictionary<string, (double Tokens, long At)> _buckets = [];
    int _sweepAt = SweepFrom;

    /// <summary>How many buckets are not full.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _buckets.Count;
        }
    }

    /// <summary>Takes a token; false, and how long until there is one, where there is none.</summary>
    public bool TryTake(string key, out TimeSpan wait)
    {
        lock (_lock)
        {
            var now = clock.Ticks;
            var tokens = TokensOf(key, now);
            wait = tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromMinutes((1 - tokens) / perMinute);
            if (tokens < 1)
                return false;
            _buckets[key] = (tokens - 1, now);
            if (_buckets.Count >= _sweepAt)
                Sweep(now);
            return true;
        }
    }

    /// <summary>Returns a token that was taken.</summary>
    public void Return(string key)
    {
        lock (_lock)
        {
            var now = clock.Ticks;
            var tokens = TokensOf(key, now) + 1;
            if (tokens >= perMinute)
                _buckets.Remove(key);
            else
                _buckets[key] = (tokens, now);
        }
    }

    double TokensOf(string key, long now) =>
        _buckets.TryGetValue(key, out var bucket) ? Filled(bucket, now) : perMinute;

    double Filled((double Tokens, long At) bucket, long now) =>
        Math.Min(perMinute, bucket.Tokens + (now - bucket.At) * perMinute / (60.0 * clock.Provider.TimestampFrequency));

    // Twice as many as are left before the next: a sweep costs each taken token a constant.
    void Sweep(long now)
    {
        foreach (var (key, bucket) in _buckets)
            if (Filled(bucket, now) >= perMinute)
                _buckets.Remove(key);
        _sweepAt = Math.Max(SweepFrom, 2 * _buckets.Count);
    }
}
