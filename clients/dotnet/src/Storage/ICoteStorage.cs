namespace Cote.Client;

/// <summary>
/// Where a client keeps its tokens, its outbox and what it has shown: a place that outlives the app. Clients of one
/// user may share one.
/// </summary>
public interface ICoteStorage
{
    /// <summary>The value of a key; null where there is none.</summary>
    ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>Keeps a value; it is there after a crash once this has ended.</summary>
    ValueTask SetAsync(string key, string value, CancellationToken cancellationToken = default);

    /// <summary>Removes a key, or does nothing where there is none.</summary>
    ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Waits until no other client that shares this storage holds the lock of this name, and takes it until the answer
    /// is disposed. A storage that one client uses alone needs none.
    /// </summary>
    ValueTask<IAsyncDisposable> LockAsync(string name, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IAsyncDisposable>(Unlocked.Instance);
}

/// <summary>The lock of a storage that needs none.</summary>
sealed class Unlocked : IAsyncDisposable
{
    public static readonly Unlocked Instance = new();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A semaphore that is given back by disposing.</summary>
sealed class Held(SemaphoreSlim semaphore) : IAsyncDisposable
{
    public ValueTask DisposeAsync()
    {
        semaphore.Release();
        return ValueTask.CompletedTask;
    }
}
