using System.Text.Json;

namespace Cote.Client;

public sealed partial class CoteClient
{
    const string OwnerKey = "cote.owner";
    const string StateKey = "cote.state";
    static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(300);

    async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (_isLoaded)
            return;
        await _turning.WaitAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = new Held(_turning);
        if (_isLoaded)
            return;
        await _session.LoadAsync(cancellationToken).ConfigureAwait(false);
        await RestoreAsync(cancellationToken).ConfigureAwait(false);
        await _outbox.LoadAsync(cancellationToken).ConfigureAwait(false);
        _isLoaded = true;
        Stand(_session.Exists ? ConnectionStatus.Connecting : ConnectionStatus.LoggedOut);
    }

    async Task RestoreAsync(CancellationToken cancellationToken)
    {
        StoredState? stored = null;
        try
        {
            if (await _storage.GetAsync(StateKey, cancellationToken).ConfigureAwait(false) is { } text)
                stored = JsonSerializer.Deserialize(text, CoteJson.Default.StoredState);
        }
        catch (JsonException)
        {
            // What is stored is of no use: a sync brings it all.
        }
        if (stored?.Cursor is null || stored.UserId != _session.User?.Id)
            return;
        lock (_gate)
            if (_replica.Cursor is null)
                (_replica = new()).Load(stored);
        _first.TrySetResult();
    }

    async Task ForgetAsync()
    {
        lock (_gate)
        {
            _replica = new();
            _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        await _saving.ConfigureAwait(false); // it would store once more what goes
        await _outbox.DropAsync(_ => true).ConfigureAwait(false);
        await _storage.RemoveAsync(StateKey).ConfigureAwait(false);
        await _storage.RemoveAsync(OwnerKey).ConfigureAwait(false);
        Change();
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
            if (_replica is { Cursor: null } or { NeedsSync: true })
                return;
            // The event and the cursor stand in one value: a crash loses both or none.
            stored = _replica.Save(_session.User?.Id);
        }
        await _storage.SetAsync(StateKey, JsonSerializer.Serialize(stored, CoteJson.Default.StoredState))
            .ConfigureAwait(false);
    }
}
