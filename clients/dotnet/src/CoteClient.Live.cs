namespace Cote.Client;

public sealed partial class CoteClient : IConnected
{
    readonly CancellationTokenSource _over = new();
    TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _running = Task.CompletedTask;
    Task _fetching = Task.CompletedTask;
    Task _saving = Task.CompletedTask;
    CancellationTokenSource _live = new();
    readonly Wakeup _refetch = new();
    readonly HashSet<Want> _failed = [];
    TaskCompletionSource? _more;

    async Task<string> IConnected.CursorAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task synced;
            lock (_gate)
            {
                if (_replica is { Cursor: { } cursor, NeedsSync: false })
                    return cursor.ToString();
                _replica.NeedSync();
                synced = _synced.Task;
            }
            Fetch();
            await synced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    void IConnected.Take(Frame frame, CancellationToken live)
    {
        lock (_gate)
        {
            if (live != _live.Token)
                return;
            _replica.Take(frame);
            TakeTyping(frame);
        }
        Change();
        if (frame.Cursor is not null)
            Save();
        Fetch();
    }

    void IConnected.ForgetCursor()
    {
        lock (_gate)
            _replica.NeedSync();
    }

    void IConnected.Stand(ConnectionStatus status, CoteException? error)
    {
        Stand(status, error);
        if (status == ConnectionStatus.Live)
            _refetch.Wake(); // there is a network again
    }

    Task GoLiveAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_over.IsCancellationRequested)
                return Task.CompletedTask;
            if (_replica.Cursor is null && _first.Task.IsCompleted)
                _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_running.IsCompleted || _live.IsCancellationRequested)
            {
                _live = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
                var (before, live) = (_running, _live.Token);
                _running = Task.Run(() => ConnectAsync(before, live), CancellationToken.None);
            }
            return _first.Task.WaitAsync(cancellationToken);
        }
    }

    async Task ConnectAsync(Task before, CancellationToken live)
    {
        await before.ConfigureAwait(false);
        try
        {
            await new Connection(_http, _session, _options.Transport, _wakeup, this).RunAsync(live)
                .ConfigureAwait(false);
        }
        catch (Exception) when (live.IsCancellationRequested)
        {
            // The client was closed, or the session has ended: a socket or a storage may say so in words of its own.
        }
        finally
        {
            lock (_gate)
                if (live == _live.Token)
                    _first.TrySetResult();
        }
    }

    /// <summary>Fetches what the replica wants, until it wants nothing.</summary>
    void Fetch()
    {
        lock (_gate)
        {
            if (_over.IsCancellationRequested || !_session.Exists || NextWant() is null)
                return;
            _more?.TrySetResult();
            if (_fetching.IsCompleted)
                _fetching = Task.Run(FetchAsync);
        }
    }

    async Task FetchAsync()
    {
        try
        {
            await FetchAllAsync().ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                _failed.Clear();
        }
        // What came to be wanted after the last look finds this task at its end.
        _ = Task.Run(FetchAgainAsync);
    }

    async Task FetchAllAsync()
    {
        var (line, faults, pause) = (new Backoff(_refetch), new Backoff(_refetch), (Task?)null);
        while (!_over.IsCancellationRequested)
            try
            {
                if (await FetchNextAsync().ConfigureAwait(false))
                {
                    line.Reset();
                    continue;
                }
                if (MoreOrNull() is not { } more)
                    return;
                // What has failed is tried again after a pause; what else is wanted meanwhile does not wait for that.
                pause ??= faults.WaitAsync(null, _over.Token);
                if (await Task.WhenAny(pause, more).ConfigureAwait(false) == pause)
                {
                    pause = null;
                    lock (_gate)
                        _failed.Clear();
                }
            }
            catch (CoteException error) when (_session.Exists)
            {
                _first.TrySetResult(); // there is no network: what is stored is what there is to show
                if (error.Status is 0 or 429 or 503 || error.RetryAfter is not null || NeedsSync())
                    await PauseAsync(line, error.RetryAfter).ConfigureAwait(false); // the next one would fare no better
            }
            catch (CoteException)
            {
                return; // the session has ended
            }
            catch (Exception)
            {
                await PauseAsync(line, null).ConfigureAwait(false); // a storage that fails may do its work again
            }
    }

    bool NeedsSync()
    {
        lock (_gate)
            return _replica.NeedsSync;
    }

    async Task PauseAsync(Backoff backoff, TimeSpan? atLeast)
    {
        try
        {
            await backoff.WaitAsync(atLeast, _over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client was closed.
        }
        lock (_gate)
            if (NextWant() is null)
                _failed.Clear(); // each had its turn
    }

    // Ends when something is wanted that has not failed; null where nothing has failed.
    Task? MoreOrNull()
    {
        lock (_gate)
        {
            if (_failed.Count == 0)
                return null;
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (NextWant() is not null)
                _more.SetResult();
            return _more.Task;
        }
    }

    // One that fails waits until all others were tried.
    Want? NextWant() => _replica.Wanted().FirstOrDefault(x => !_failed.Contains(x));

    async Task FetchAgainAsync()
    {
        await _fetching.ConfigureAwait(false);
        Fetch();
    }

    async Task<bool> FetchNextAsync()
    {
        Replica replica;
        Want want;
        lock (_gate)
        {
            replica = _replica;
            if (NextWant() is not { } next)
                return false;
            want = next;
            replica.Begin(want);
        }
        try
        {
            if (want.ChatId is null)
                await SyncAsync(replica).ConfigureAwait(false);
            else if (want.IsRow)
                await FetchRowAsync(replica, want.ChatId).ConfigureAwait(false);
            else
                await FetchMessagesAsync(replica, want).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // A chat that is gone, or waits in the outbox to be made: its event says which.
            var refusal = want.ChatId is not null && error is CoteException { IsRefusal: true } said ? said : null;
            bool isWanted;
            lock (_gate)
            {
                isWanted = replica.Fail(want, refusal) && replica == _replica;
                if (isWanted && want.ChatId is not null) // nothing else is wanted beside a sync
                    _failed.Add(want);
            }
            if (isWanted)
                throw;
        }
        Change();
        Save();
        return true;
    }

    async Task SyncAsync(Replica replica)
    {
        var answer = (await SendAsync(HttpMethod.Get, "/sync", null, _over.Token).ConfigureAwait(false))
            .As(CoteJson.Default.SyncAnswer);
        lock (_gate)
        {
            replica.TakeSync(answer);
            _synced.TrySetResult();
            _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        _first.TrySetResult();
    }

    async Task FetchRowAsync(Replica replica, string chatId)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/chats/{chatId}", null, _over.Token).ConfigureAwait(false);
        lock (_gate)
            replica.TakeRow(answer.As(CoteJson.Default.Chat));
    }

    // A chat begins with its newest page; what follows a place is fetched to the end.
    async Task FetchMessagesAsync(Replica replica, Want want)
    {
        var items = new List<Message>();
        var query = want.After is { } after ? $"?after={after}&limit=1000" : $"?limit={_options.PageSize}";
        var next = (string?)$"/chats/{want.ChatId}/messages/{query}";
        var isFirst = true;
        while (next is not null && (isFirst || want.After is not null))
        {
            var answer = await SendAsync(HttpMethod.Get, next, null, _over.Token).ConfigureAwait(false);
            items.AddRange(answer.As(CoteJson.Default.IReadOnlyListMessage));
            (next, isFirst) = (answer.Next, false);
        }
        lock (_gate)
            replica.TakeMessages(want, items, hasMore: next is not null);
    }
}
