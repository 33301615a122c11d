using System.Text.Json;

namespace Cote.Client;

public sealed partial class CoteClient
{
    const int MostStored = 100;
    static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(300);

    async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_over.IsCancellationRequested)
            throw CoteException.Closed(null);
        if (_isLoaded)
            return;
        await _turning.WaitAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = new Held(_turning);
        if (_over.IsCancellationRequested)
            throw CoteException.Closed(null);
        if (_isLoaded)
            return;
        await _session.LoadAsync(cancellationToken).ConfigureAwait(false);
        if (_session.User is { } user)
            await RestoreAsync(user.Id, cancellationToken).ConfigureAwait(false);
        _isLoaded = true;
        Stand(_session.Exists ? ConnectionStatus.Connecting : ConnectionStatus.LoggedOut);
    }

    // What cannot be read is none: a sync brings it all.
    async Task RestoreAsync(string userId, CancellationToken cancellationToken)
    {
        try
        {
            if (await _storage.GetAsync(StorageKeys.State(userId), cancellationToken).ConfigureAwait(false) is { } text
                && JsonSerializer.Deserialize(text, CoteJson.Default.StoredState) is { } stored)
                Restore(stored, userId);
        }
        catch (Exception error) when (StorageKeys.IsOfStorage(error, cancellationToken))
        {
        }
        // It works from here on, and what is answered goes into what is shown.
        await _outbox.LoadAsync(userId, cancellationToken).ConfigureAwait(false);
    }

    void Restore(StoredState stored, string userId)
    {
        if (stored.Cursor is null || stored.Version != StoredState.Form || stored.UserId != userId)
            return;
        lock (_gate)
        {
            if (_replica.Cursor is not null || _session.User?.Id != userId)
                return;
            var replica = new Replica();
            foreach (var id in _replica.Loading)
                replica.Open(id);
            replica.Load(stored);
            _replica = replica;
        }
        _first.TrySetResult();
    }

    void Save()
    {
        lock (_gate)
            if (_saving.IsCompleted && !_over.IsCancellationRequested)
                _saving = Task.Run(SaveSoonAsync);
    }

    async Task SaveSoonAsync()
    {
        try
        {
            await Task.Delay(SaveAfter, _over.Token).ConfigureAwait(false);
            await SaveAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The client saves when it is closed.
        }
    }

    async Task SaveAsync()
    {
        StoredState stored;
        lock (_gate)
        {
            if (_replica is { Cursor: null } or { NeedsSync: true } || _session.User is not { } user)
                return;
            // The event and the cursor stand in one value: a crash loses both or none.
            stored = _replica.Save(user.Id, MostStored);
        }
        try
        {
            await _storage.SetAsync(
                StorageKeys.State(stored.UserId!), JsonSerializer.Serialize(stored, CoteJson.Default.StoredState))
                .ConfigureAwait(false);
        }
        catch (Exception error) when (StorageKeys.IsOfStorage(error))
        {
            // A full storage costs the start without a network, nothing else.
        }
    }
}
