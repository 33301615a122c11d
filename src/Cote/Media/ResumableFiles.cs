using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// The files of uploads that come in pieces, and who may write to each. A phone that lost its network comes back while
/// its old connection still looks alive: who comes later is let in, and who was there is told to go.
/// </summary>
sealed class ResumableFiles(MediaFolders folders, Clock clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly Dictionary<string, Place> _places = [];

#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing to dispose of
    sealed class Place
#pragma warning restore CA1001
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public CancellationTokenSource? Holder;
        public int Users;
    }

    public string PathOf(string id) => Path.Combine(folders.Resumable, id);

    public void Create(string id)
    {
        File.Create(PathOf(id)).Dispose();
        Disk.SyncFolder(folders.Resumable);
    }

    public void Delete(string id) => File.Delete(PathOf(id));

    public IEnumerable<string> List() => Directory.EnumerateFiles(folders.Resumable).Select(x => Path.GetFileName(x));

    /// <summary>The one hold on an upload; null where who has it does not let go in time.</summary>
    public async Task<Hold?> TakeAsync(string id, CancellationToken ct)
    {
        Place place;
        lock (_places)
        {
            if (!_places.TryGetValue(id, out place!))
                _places[id] = place = new();
            place.Users++;
            place.Holder?.CancelAfter(TimeSpan.Zero); // not on this thread: what follows a cancellation is the other's work
        }
        var entered = false;
        try
        {
            using var limit = new CancellationTokenSource(Patience, clock.Provider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            await place.Gate.WaitAsync(either.Token);
            entered = true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (!entered)
                Leave(id, place);
        }
        var hold = CancellationTokenSource.CreateLinkedTokenSource(ct);
        lock (_places)
            place.Holder = hold;
        return new(hold, () =>
        {
            lock (_places)
                place.Holder = null;
            hold.Dispose();
            place.Gate.Release();
            Leave(id, place);
        });
    }

    void Leave(string id, Place place)
    {
        lock (_places)
            if (--place.Users == 0)
                _places.Remove(id);
    }

    /// <summary>While it is held nobody else writes. <see cref="Token"/> says that somebody waits, or that the client is gone.</summary>
    public sealed class Hold(CancellationTokenSource source, Action release) : IDisposable
    {
        public CancellationToken Token { get; } = source.Token;

        public void Dispose() => release();
    }
}
