namespace Cote.Client;

/// <summary>Where the things of a user are kept, and what gives way where a storage is full.</summary>
static class StorageKeys
{
    /// <summary>What the user's chats are on this device.</summary>
    public static string State(string userId) => "cote.state." + userId;

    /// <summary>What the user has written, and the server has not acknowledged.</summary>
    public static string Outbox(string userId) => "cote.outbox." + userId;

    /// <summary>Keeps a value that matters: where there is no room, the state goes, which a sync brings back.</summary>
    public static async Task KeepAsync(this ICoteStorage storage, string key, string value, string? userId)
    {
        try
        {
            await storage.SetAsync(key, value).ConfigureAwait(false);
        }
        catch (Exception error) when (IsOfStorage(error) && userId is not null)
        {
            await storage.RemoveAsync(State(userId)).ConfigureAwait(false);
            await storage.SetAsync(key, value).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a storage may say so: it may throw what it will, also a time-out of its own, but a cancellation that the
    /// caller has asked for is the caller's.
    /// </summary>
    public static bool IsOfStorage(Exception error, CancellationToken cancellationToken = default) =>
        error is not OperationCanceledException || !cancellationToken.IsCancellationRequested;
}
