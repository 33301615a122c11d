namespace Cote.Media;

/// <summary>
/// Decides which request may write to a resumable upload. A phone that lost its network comes back while its old
/// connection still looks alive: the later request gets the lock. On the same node the earlier request is cancelled
/// and waited for, so that no received byte is lost; on another node it finds the fence of its row changed at its next
/// write, and the client sends again what was not written.
/// </summary>
sealed class UploadLocks(UploadStore uploads, Clock clock)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly Dictionary<string, LockEntry> _entries = [];

#pragma warning disable CA1001 // a semaphore whose wait handle is never asked for holds nothing to dispose of
    sealed class LockEntry
#pragma warning restore CA1001
    {
        public readonly SemaphoreSlim Gate = new(1, 1);
        public CancellationTokenSource? Holder;
        public int Users;
    }

    /// <summary>Runs work under the lock of a user's upload.</summary>
    /// <returns>What the work returns, or why the lock could not be acquired.</returns>
    public async Task<Problem?> RunAsync(
        string userId, string uploadId, Func<UploadLock, Task<Problem?>> work, CancellationToken ct)
    {
        var (uploadLock, problem) = await AcquireAsync(userId, uploadId, ct);
        if (uploadLock is null)
            return problem;
        using (uploadLock)
            return await work(uploadLock);
    }

    /// <summary>The one lock of a user's upload, or why it could not be acquired.</summary>
    public async Task<(UploadLock? Lock, Problem? Problem)> AcquireAsync(
        string userId, string uploadId, CancellationToken ct)
    {
        // A read comes first: a request that guesses ids costs no write and cancels no other request.
        if (Ids.Parse(uploadId) is not { } id || await uploads.FindAsync(userId, id, ct) is not { } found)
            return (null, Problems.UploadNotFound);
        if (found.ExpiresAt <= clock.Now)
            return (null, Problems.UploadExpired);
        if (await EnterAsync(id, ct) is not { } entry)
            return (null, Problems.UploadLocked);
        UploadLock? uploadLock = null;
        try
        {
            if (await uploads.TakeAsync(userId, id, clock.NewId()) is not { } upload)
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
        lock (_entries)
        {
            if (!_entries.TryGetValue(id, out entry!))
                _entries[id] = entry = new();
            entry.Users++;
            // On another thread: the cancelled request's callbacks must not run here.
            entry.Holder?.CancelAfter(TimeSpan.Zero);
        }
        var entered = false;
        try
        {
            using var limit = new CancellationTokenSource(Patience, clock.Provider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            await entry.Gate.WaitAsync(either.Token);
            entered = true;
            lock (_entries)
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
        lock (_entries)
        {
            entry.Holder?.Dispose();
            entry.Holder = null;
        }
        entry.Gate.Release();
        Leave(id, entry);
    }

    void Leave(string id, LockEntry entry)
    {
        lock (_entries)
            if (--entry.Users == 0)
                _entries.Remove(id);
    }
}

/// <summary>
/// While it is held, no other request of this node writes to the upload. <see cref="Token"/> is cancelled when another
/// request waits for the lock, or when the client has closed the connection.
/// </summary>
sealed class UploadLock(PartialUpload upload, Action release, CancellationToken token) : IDisposable
{
    /// <summary>The upload as it was when the lock was acquired.</summary>
    public PartialUpload Upload => upload;

    public CancellationToken Token => token;

    public void Dispose() => release();
}
