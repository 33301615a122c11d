using Cote.Primitives;

namespace Cote.Media;

/// <summary>
/// Who may write to an upload that comes in pieces. A phone that lost its network comes back while its old connection
/// still looks alive: who comes later is let in, and who was there is told to go. On this node that is said at once, and
/// waited for, so that nothing of what came is lost; on another node the earlier finds the fence of its row changed at
/// its next piece, and what it had not yet written is sent again.
/// </summary>
sealed class UploadLocks(MediaStore media, Clock clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly Dictionary<string, LockEntry> _places = [];

#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing to dispose of
    sealed class LockEntry
#pragma warning restore CA1001
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public CancellationTokenSource? Holder;
        public int Users;
    }

    /// <summary>The one hold on an upload of this user, or why there is none.</summary>
    public async Task<(UploadLock? Hold, Problem? Problem)> AcquireAsync(string userId, string uploadId, CancellationToken ct)
    {
        // Looked at first without a write: who guesses ids costs nothing, and disturbs nobody.
        if (Ids.Parse(uploadId) is not { } id || await media.FindUploadAsync(userId, id, ct) is not { } found)
            return (null, Problems.UploadNotFound);
        if (found.ExpiresAt <= clock.Now)
            return (null, Problems.UploadExpired);
        if (await EnterAsync(id, ct) is not { } entry)
            return (null, Problems.UploadLocked);
        UploadLock? uploadLock = null;
        try
        {
            if (await media.TakeUploadAsync(userId, id, clock.NewId()) is not { } upload)
                return (null, Problems.UploadNotFound);
            if (upload.ExpiresAt <= clock.Now)
                return (null, Problems.UploadExpired);
            return (uploadLock = new(upload, () => Release(id, entry), entry.Holder!.Token), null);
        }
        finally
        {
            if (uploadLock is null)
                Release(id, entry);
        }
    }

    async Task<LockEntry?> EnterAsync(string id, CancellationToken ct)
    {
        LockEntry entry;
        lock (_places)
        {
            if (!_places.TryGetValue(id, out entry!))
                _places[id] = entry = new();
            entry.Users++;
            entry.Holder?.CancelAfter(TimeSpan.Zero); // not on this thread: what follows a cancellation is the other's work
        }
        var entered = false;
        try
        {
            using var limit = new CancellationTokenSource(Patience, clock.Provider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            await entry.Gate.WaitAsync(either.Token);
            entered = true;
            lock (_places)
                entry.Holder = CancellationTokenSource.CreateLinkedTokenSource(ct);
            return entry;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (!entered)
                Leave(id, entry);
        }
    }

    void Release(string id, LockEntry entry)
    {
        lock (_places)
        {
            entry.Holder?.Dispose();
            entry.Holder = null;
        }
        entry.Gate.Release();
        Leave(id, entry);
    }

    void Leave(string id, LockEntry entry)
    {
        lock (_places)
            if (--entry.Users == 0)
                _places.Remove(id);
    }
}

/// <summary>
/// While it is held nobody else writes. <see cref="Token"/> says that somebody waits, or that the client is gone.
/// </summary>
sealed class UploadLock(PartialUpload upload, Action release, CancellationToken token) : IDisposable
{
    /// <summary>The upload as it was when it was taken.</summary>
    public PartialUpload Upload => upload;

    public CancellationToken Token => token;

    public void Dispose() => release();
}
