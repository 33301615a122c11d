namespace Cote.Primitives;

/// <summary>A lock for each key that is in use.</summary>
sealed class KeyedLocks
{
    readonly Dictionary<string, Entry> _entries = [];

#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing to dispose of
    sealed class Entry
#pragma warning restore CA1001
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public int Users;
    }

    /// <summary>The lock of a key, held until it is disposed of.</summary>
    public async Task<IDisposable> AcquireAsync(string key, CancellationToken ct)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(key, out entry))
                _entries.Add(key, entry = new());
            entry.Users++;
        }
        try
        {
            await entry.Gate.WaitAsync(ct);
        }
        catch
        {
            Leave(key, entry);
            throw;
        }
        return new Held(this, key, entry);
    }

    void Leave(string key, Entry entry)
    {
        lock (_entries)
            if (--entry.Users == 0)
                _entries.Remove(key);
    }

    sealed class Held(KeyedLocks locks, string key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Gate.Release();
            locks.Leave(key, entry);
        }
    }
}
