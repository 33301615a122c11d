using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Client;

/// <summary>
/// The writes that the server has not acknowledged: stored before the first try, tried one after the other in each chat
/// until the server answers, kept where it refuses.
/// </summary>
sealed class Outbox(
    ICoteStorage storage, Wakeup wakeup, Session session,
    Func<Errand, string, CancellationToken, Task<Answer>> postAsync, Action changed) : IDisposable
{
    readonly object _gate = new();
    readonly List<Errand> _errands = [];
    readonly Dictionary<string, TaskCompletionSource<Answer>> _answers = [];
    readonly Dictionary<string, Task> _workers = [];
    readonly CancellationTokenSource _over = new();
    Task _saving = Task.CompletedTask;
    string? _userId;

    /// <summary>What waits, in the order in which it was added.</summary>
    public IReadOnlyList<Errand> Errands
    {
        get
        {
            lock (_gate)
                return [.. _errands];
        }
    }

    /// <summary>Takes up what another life of this user has left, and goes on with it.</summary>
    public async Task LoadAsync(string userId, CancellationToken cancellationToken)
    {
        IReadOnlyList<Errand> stored = [];
        try
        {
            stored = await ReadAsync(userId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (StorageKeys.IsOfStorage(error, cancellationToken))
        {
            // It stays where it is, for a later life.
        }
        lock (_gate)
        {
            if (session.User?.Id != userId)
                return; // the session has ended meanwhile, and what comes next may be another user's
            _userId = userId;
            _errands.InsertRange(0, stored.Where(x => !_errands.Exists(y => y.Id == x.Id)));
            foreach (var errand in stored)
                Work(errand.ChatId);
        }
    }

    /// <summary>Stores a write and tries it; ends with the server's answer.</summary>
    public async Task<Answer> AddAsync(Errand errand, CancellationToken cancellationToken)
    {
        TaskCompletionSource<Answer>? answer = null;
        var saving = Task.CompletedTask;
        lock (_gate)
        {
            if (_userId is null)
                throw Session.LoggedOut();
            if (!_errands.Exists(x => x.Id == errand.Id))
            {
                answer = Expect(errand.Id);
                _errands.Add(errand);
                saving = SaveAsync(x => [.. x.Where(y => y.Id != errand.Id), errand]);
            }
        }
        if (answer is null)
            return await RetryAsync(errand.Id, cancellationToken).ConfigureAwait(false);
        changed();
        await saving.ConfigureAwait(false);
        lock (_gate)
            Work(errand.ChatId);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tries once more what the server has refused.</summary>
    public async Task<Answer> RetryAsync(string id, CancellationToken cancellationToken)
    {
        TaskCompletionSource<Answer> answer;
        Errand again;
        lock (_gate)
        {
            var index = _errands.FindIndex(x => x.Id == id);
            if (index < 0)
                throw new InvalidOperationException("Nothing with this id waits.");
            answer = Expect(id);
            again = _errands[index] = _errands[index] with { Failure = null };
            Work(again.ChatId);
        }
        changed();
        await SaveAsync(x => Replaced(x, again)).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives up writes.</summary>
    public async Task DropAsync(Predicate<Errand> which)
    {
        lock (_gate)
        {
            foreach (var errand in _errands.FindAll(which))
                if (_answers.Remove(errand.Id, out var answer))
                    answer.TrySetCanceled();
            _errands.RemoveAll(which);
        }
        changed();
        await SaveAsync(x => [.. x.Where(y => !which(y))]).ConfigureAwait(false);
    }

    /// <summary>The session has ended: what is stored waits for the next one of the same user.</summary>
    public void End()
    {
        lock (_gate)
        {
            _userId = null;
            _errands.Clear();
            foreach (var answer in _answers.Values)
                answer.TrySetException(Session.LoggedOut());
            _answers.Clear();
        }
        changed();
    }

    /// <summary>Stops; what waits is stored, and a later life goes on with it.</summary>
    public async Task CloseAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        Task[] workers;
        lock (_gate)
        {
            workers = [.. _workers.Values];
            foreach (var answer in _answers.Values)
                answer.TrySetCanceled();
        }
        await Task.WhenAll(workers).ConfigureAwait(false);
        Task saving;
        lock (_gate)
            saving = _saving; // a worker may have stored its end
        await saving.ConfigureAwait(false);
    }

    public void Dispose() => _over.Dispose();

    TaskCompletionSource<Answer> Expect(string id)
    {
        if (_over.IsCancellationRequested)
            throw CoteException.Closed(null);
        if (!_answers.TryGetValue(id, out var answer))
            _answers[id] = answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return answer;
    }

    void Work(string chatId)
    {
        if (_workers.ContainsKey(chatId) || _over.IsCancellationRequested)
            return;
        _workers[chatId] = Task.Run(() => WorkAsync(chatId));
    }

    async Task WorkAsync(string chatId)
    {
        var backoff = new Backoff(wakeup);
        try
        {
            while (Next(chatId) is var (errand, userId))
                try
                {
                    var answer = await postAsync(errand, userId, _over.Token).ConfigureAwait(false);
                    backoff.Reset();
                    await EndAsync(errand, x => x.TrySetResult(answer)).ConfigureAwait(false);
                }
                catch (CoteException error) when (error.IsTemporary || error.Status == 401)
                {
                    await backoff.WaitAsync(error.RetryAfter, _over.Token).ConfigureAwait(false);
                }
                catch (CoteException error)
                {
                    await RefuseAsync(errand, error).ConfigureAwait(false);
                }
                catch (Exception) when (!_over.IsCancellationRequested)
                {
                    // A storage that fails now may do its work again: what a person wrote does not go for that.
                    await backoff.WaitAsync(null, _over.Token).ConfigureAwait(false);
                }
        }
        catch (Exception) when (_over.IsCancellationRequested)
        {
            // The client was closed.
        }
    }

    (Errand Errand, string UserId)? Next(string chatId)
    {
        lock (_gate)
        {
            if (_userId is { } userId && _errands.Find(x => x.ChatId == chatId && x.Failure is null) is { } next)
                return (next, userId);
            _workers.Remove(chatId);
            return null;
        }
    }

    async Task RefuseAsync(Errand errand, CoteException error)
    {
        // The parent that was shown is gone meanwhile, and nothing was stored: the message follows the leaf.
        if (errand.OwnParent && error.Status == 422 && error.Fields.ContainsKey("body.parent_id"))
        {
            var body = JsonObject.Create(errand.Body)!;
            body.Remove("parent_id");
            var again = errand with
            {
                OwnParent = false,
                Body = JsonSerializer.SerializeToElement(body, CoteJson.Default.JsonNode),
            };
            await ReplaceAsync(again).ConfigureAwait(false);
            return;
        }
        if (error.Status == 410 || errand.Kind != "send")
        {
            // It was done, and what it made was deleted since; or it is nothing that a person wrote.
            await EndAsync(errand, x => x.TrySetException(error)).ConfigureAwait(false);
            return;
        }
        await ReplaceAsync(errand with { Failure = new(error.Status, error.Code, error.Message) })
            .ConfigureAwait(false);
        Take(errand.Id)?.TrySetException(error);
    }

    async Task EndAsync(Errand errand, Action<TaskCompletionSource<Answer>> tell)
    {
        lock (_gate)
            if (_errands.RemoveAll(x => x.Id == errand.Id) == 0)
                return; // it was dismissed, or the session has ended
        changed();
        await SaveAsync(x => [.. x.Where(y => y.Id != errand.Id)]).ConfigureAwait(false);
        if (Take(errand.Id) is { } answer)
            tell(answer);
    }

    async Task ReplaceAsync(Errand errand)
    {
        lock (_gate)
            if (_errands.FindIndex(x => x.Id == errand.Id) is >= 0 and var index)
                _errands[index] = errand;
            else
                return;
        changed();
        await SaveAsync(x => Replaced(x, errand)).ConfigureAwait(false);
    }

    static IReadOnlyList<Errand> Replaced(IReadOnlyList<Errand> all, Errand errand) =>
        [.. all.Select(x => x.Id == errand.Id ? errand : x)];

    TaskCompletionSource<Answer>? Take(string id)
    {
        lock (_gate)
            return _answers.Remove(id, out var answer) ? answer : null;
    }

    // Clients that share the storage share the list: each changes its own in what stands there, one after the other.
    Task SaveAsync(Func<IReadOnlyList<Errand>, IReadOnlyList<Errand>> change)
    {
        lock (_gate)
            return _userId is { } userId ? _saving = SaveAsync(_saving, userId, change) : Task.CompletedTask;
    }

    async Task SaveAsync(
        Task before, string userId, Func<IReadOnlyList<Errand>, IReadOnlyList<Errand>> change)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        var key = StorageKeys.Outbox(userId);
        try
        {
            await using var locked = await storage.LockAsync(key).ConfigureAwait(false);
            var now = change(await ReadAsync(userId, CancellationToken.None).ConfigureAwait(false));
            await storage.KeepAsync(key, JsonSerializer.Serialize(now, CoteJson.Default.IReadOnlyListErrand), userId)
                .ConfigureAwait(false);
        }
        catch (Exception error) when (StorageKeys.IsOfStorage(error))
        {
            // A full storage stops no message.
        }
    }

    async Task<IReadOnlyList<Errand>> ReadAsync(string userId, CancellationToken cancellationToken)
    {
        var text = await storage.GetAsync(StorageKeys.Outbox(userId), cancellationToken).ConfigureAwait(false);
        try
        {
            return text is null ? [] : JsonSerializer.Deserialize(text, CoteJson.Default.IReadOnlyListErrand) ?? [];
        }
        catch (JsonException)
        {
            return []; // what is stored is of no use
        }
    }
}
