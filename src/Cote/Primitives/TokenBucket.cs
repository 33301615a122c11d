namespace Cote.Primitives;

/// <summary>
/// A rate limit of one connection, as a value: the framework's limiter costs an object and a timer for each socket.
/// Not safe for several threads.
/// </summary>
struct TokenBucket
{
    readonly double _capacity;
    readonly double _perSecond;
    readonly Clock _clock;
    double _tokens;
    long _filledAt;

    /// <param name="capacity">How many tokens it holds; it starts full.</param>
    /// <param name="perSecond">How many tokens flow in each second.</param>
    /// <param name="clock">Measures the time.</param>
    public TokenBucket(double capacity, double perSecond, Clock clock)
    {
        (_capacity, _perSecond, _clock) = (capacity, perSecond, clock);
        (_tokens, _filledAt) = (capacity, clock.Ticks);
    }

    /// <summary>Takes one token, or several; false where there are not so many.</summary>
    public bool TryTake(int tokens = 1)
    {
        var now = _clock.Ticks;
        _tokens = Math.Min(_capacity, _tokens + _clock.Since(_filledAt).TotalSeconds * _perSecond);
        _filledAt = now;
        if (_tokens < tokens)
            return false;
        _tokens -= tokens;
        return true;
    }

    /// <summary>Gives tokens back.</summary>
    public void Return(int tokens) => _tokens = Math.Min(_capacity, _tokens + tokens);
}
