using System.Text.Json;

namespace Cote.Client;

public sealed partial class CoteClient
{
    static readonly TimeSpan TypingLapses = TimeSpan.FromSeconds(8);

    readonly Dictionary<string, CancellationTokenSource> _typing = [];
    volatile State? _state = State.Empty;
    ConnectionStatus _status;
    CoteException? _error;
    bool _tells;
    bool _isUntold;
    TaskCompletionSource? _changed;

    void Stand(ConnectionStatus status, CoteException? error = null)
    {
        lock (_gate)
        {
            if (_session.Exists != (status != ConnectionStatus.LoggedOut))
                status = _session.Exists ? ConnectionStatus.Connecting : ConnectionStatus.LoggedOut;
            if ((_status, _error) == (status, error) && _state is not null && _state.User == _session.User)
                return;
            (_status, _error) = (status, error);
        }
        Change();
    }

    // Listeners hear once of all that changes before they are called, and one call follows the other.
    void Change()
    {
        lock (_gate)
        {
            _state = null;
            _changed?.TrySetResult();
            _changed = null;
            _isUntold = true;
            if (_tells)
                return;
            _tells = true;
        }
        TellSoon();
    }

    // Not by the event: a listener that waits for this would wait for its own end.
    async Task WhenChangedAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
                changed = (_changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            if (holds())
                return;
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    void TellSoon()
    {
        if (_context is null)
            _ = Task.Run(Tell);
        else
            _context.Post(_ => Tell(), null);
    }

    void Tell()
    {
        lock (_gate)
            _isUntold = false;
        foreach (var listener in Changed?.GetInvocationList() ?? [])
            try
            {
                ((EventHandler)listener)(this, EventArgs.Empty);
            }
            catch (Exception error)
            {
                _ = Task.FromException(error); // nobody waits for it: TaskScheduler.UnobservedTaskException tells of it
            }
        lock (_gate)
            if (!(_tells = _isUntold))
                return;
        TellSoon();
    }

    State MakeState()
    {
        lock (_gate)
        {
            if (_state is { } made)
                return made;
            var errands = _outbox.Errands;
            return _state = new()
            {
                Status = _status,
                Error = _error,
                User = _session.User,
                Chats =
                [
                    .. errands.Where(x => x.Kind == "chat" && _replica.Chat(x.Id) is null).Reverse().Select(ChatOf),
                    .. _replica.Chats,
                ],
                Messages = _replica.Held.ToDictionary(x => x, _replica.Messages),
                Pending = errands.Where(x => x.Kind == "send" && _replica.Shown(x.ChatId)?.Has(x.Id) != true)
                    .GroupBy(x => x.ChatId)
                    .ToDictionary(x => x.Key, x => (IReadOnlyList<Pending>)[.. x.Select(PendingOf)]),
                Typing = _typing.Keys.ToHashSet(),
                Loading = _replica.Loading.ToHashSet(),
                HasMore = _replica.Held.Where(x => _replica.Shown(x)!.Floor > 0).ToHashSet(),
            };
        }
    }

    // A chat that the server does not know yet.
    static Chat ChatOf(Errand errand) => errand.Body.Deserialize(CoteJson.Default.Chat)!;

    static Pending PendingOf(Errand errand) => new(
        errand.Id, errand.Body.GetProperty("content").GetString() ?? "",
        errand.Body.TryGetProperty("media_urls", out var urls)
            ? [.. urls.EnumerateArray().Select(x => x.GetString()!)] : [],
        errand.Failure is not null,
        errand.Failure is { } failure ? new(failure.Status, failure.Code, failure.Detail) : null);

    void TakeTyping(Frame frame)
    {
        if (frame.Type == "message" && frame.Data.TryGetProperty("sender", out var sender)
            && sender.ValueEquals("ai"))
            EndTyping(frame.Data.GetProperty("chat_id").GetString()!);
        if (frame.Type != "typing" || Replica.Read(frame, CoteJson.Default.Change) is not { Sender: "ai" } typing)
            return;
        EndTyping(typing.ChatId);
        if (!typing.IsTyping)
            return;
        var lapse = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        _typing[typing.ChatId] = lapse;
        _ = LapseAsync(typing.ChatId, lapse);
    }

    void EndTyping(string chatId)
    {
        if (!_typing.Remove(chatId, out var lapse))
            return;
        lapse.Cancel();
        lapse.Dispose();
    }

    // It is said again every five seconds while it is true.
    async Task LapseAsync(string chatId, CancellationTokenSource lapse)
    {
        try
        {
            await Task.Delay(TypingLapses, lapse.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        lock (_gate)
            if (_typing.GetValueOrDefault(chatId) == lapse)
                EndTyping(chatId);
        Change();
    }
}
