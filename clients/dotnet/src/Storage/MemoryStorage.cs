using System.Collections.Concurrent;

namespace Cote.Client;

/// <summary>A storage that ends with the process: for tests, and for pages that keep nothing.</summary>
public sealed class MemoryStorage : ICoteStorage
{
    readonly ConcurrentDictionary<string, string> _values = [];
    readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = [];

    /// <inheritdoc/>
    public ValueTask<string?> GetAsync(string key, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(_values.GetValueOrDefault(key));

    /// <inheritdoc/>
    public ValueTask SetAsync(string key, string value, CancellationToken cancellationToken = default)
    {
        _values[key] = value;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        _values.TryRemove(key, out _);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<IAsyncDisposable> LockAsync(string name, CancellationToken cancellationToken = default)
    {
        var semaphore = _locks.GetOrAdd(name, _ => new(1, 1));
        await semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Held(semaphore);
    }
}
