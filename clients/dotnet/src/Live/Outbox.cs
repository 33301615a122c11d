using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cote.Client;

/// <summary>A write that is done once, however often it is tried: its id is made here.</summary>
/// <param name="Id">The id of what it makes.</param>
/// <param name="ChatId">The chat whose writes keep their order.</param>
/// <param name="Kind"><c>chat</c>, <c>send</c> or <c>regenerate</c>.</param>
/// <param name="Path">Where it is posted to.</param>
/// <param name="Body">What is posted.</param>
/// <param name="OwnParent">True where this client chose the parent, and not who uses it.</param>
/// <param name="Failure">Why the server refused it; null while it waits.</param>
sealed record Errand(
    string Id, string ChatId, string Kind, string Path, JsonElement Body, bool OwnParent = false,
    Failure? Failure = null);

/// <summary>A refusal as it is stored.</summary>
sealed record Failure(int Status, string Code, string Detail);

/// <summary>
/// The writes that the server has not acknowledged: stored before the first try, tried one after the other in each chat
/// until the server answers, kept where it refuses.
/// </summary>
sealed class Outbox(
    ICoteStorage storage, Wakeup wakeup, Func<Errand, CancellationToken, Task<Answer>> postAsync, Action changed)
    : IDisposable
{
    const string Key = "cote.outbox";

    readonly object _gate = new();
    readonly List<Errand> _errands = [];
    readonly Dictionary<string, TaskCompletionSource<Answer>> _answers = [];
    readonly Dictionary<string, Task> _workers = [];
    readonly SemaphoreSlim _saving = new(1, 1);
    readonly CancellationTokenSource _over = new();

    /// <summary>What waits, in the order in which it was added.</summary>
    public IReadOnlyList<Errand> Errands
    {
        get
        {
            lock (_gate)
                return [.. _errands];
        }
    }

    /// <summary>Takes up what another life has left, and goes on with it.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var text = await storage.GetAsync(Key, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Errand> stored = [];
        try
        {
            stored = text is null ? [] : JsonSerializer.Deserialize(text, CoteJson.Default.IReadOnlyListErrand) ?? [];
        }
        catch (JsonException)
        {
            // What is stored is of no use.
        }
        lock (_gate)
        {
            _errands.InsertRange(0, stored.Where(x => !_errands.Exists(y => y.Id == x.Id)));
            foreach (var errand in stored)
                Work(errand.ChatId);
        }
    }

    /// <summary>Stores a write and tries it; ends with the server's answer.</summary>
    public async Task<Answer> AddAsync(Errand errand, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_over.IsCancellationRequested, this);
        var answer = Expect(errand.Id);
        lock (_gate)
            _errands.Add(errand);
        changed();
        await SaveAsync().ConfigureAwait(false);
        lock (_gate)
            Work(errand.ChatId);
        return await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tries once more what the server has refused.</summary>
    public async Task<Answer> RetryAsync(string id, CancellationToken cancellationToken)
    {
        TaskCompletionSource<Answer> answer;
        lock (_gate)
        {
            var index = _errands.FindIndex(x => x.Id == id);
            if (index < 0)
                throw new InvalidOperationException("Nothing with this id waits.");
            answer = Expect(id);
            _errands[index] = _errands[index] with { Failure = null };
            Work(_errands[index].ChatId);
        }
        changed();
        await SaveAsync().ConfigureAwait(false);
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
            if (_errands.RemoveAll(which) == 0)
                return;
        }
        changed();
        await SaveAsync().ConfigureAwait(false);
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
    }

    public void Dispose()
    {
        _over.Dispose();
        _saving.Dispose();
    }

    TaskCompletionSource<Answer> Expect(string id)
    {
        var answer = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
            _answers[id] = answer;
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
            while (Next(chatId) is { } errand)
                try
                {
                    var answer = await postAsync(errand, _over.Token).ConfigureAwait(false);
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
                catch (Exception error) when (!_over.IsCancellationRequested)
                {
                    // A fault of this program must not hold up what follows in the chat.
                    await RefuseAsync(errand, new(0, "client_error", error.Message) { Reason = error })
                        .ConfigureAwait(false);
                }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The client was closed.
        }
    }

    Errand? Next(string chatId)
    {
        lock (_gate)
        {
            var next = _errands.Find(x => x.ChatId == chatId && x.Failure is null);
            if (next is null)
                _workers.Remove(chatId);
            return next;
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
            Replace(errand.Id, again);
            await SaveAsync().ConfigureAwait(false);
            return;
        }
        if (error.Status == 410 || errand.Kind != "send")
        {
            // It was done, and what it made was deleted since; or it is nothing that a person wrote.
            await EndAsync(errand, x => x.TrySetException(error)).ConfigureAwait(false);
            return;
        }
        Replace(errand.Id, errand with { Failure = new(error.Status, error.Code, error.Message) });
        changed();
        await SaveAsync().ConfigureAwait(false);
        Take(errand.Id)?.TrySetException(error);
    }

    async Task EndAsync(Errand errand, Action<TaskCompletionSource<Answer>> tell)
    {
        lock (_gate)
            _errands.RemoveAll(x => x.Id == errand.Id);
        changed();
        await SaveAsync().ConfigureAwait(false);
        if (Take(errand.Id) is { } answer)
            tell(answer);
    }

    void Replace(string id, Errand errand)
    {
        lock (_gate)
            if (_errands.FindIndex(x => x.Id == id) is >= 0 and var index)
                _errands[index] = errand;
    }

    TaskCompletionSource<Answer>? Take(string id)
    {
        lock (_gate)
            return _answers.Remove(id, out var answer) ? answer : null;
    }

    async Task SaveAsync()
    {
        await _saving.WaitAsync().ConfigureAwait(false);
        await using var _ = new Held(_saving);
        await storage.SetAsync(Key, JsonSerializer.Serialize(Errands, CoteJson.Default.IReadOnlyListErrand))
            .ConfigureAwait(false);
    }
}
