using Cote.Chats;

namespace Cote.Replies;

// The ends of steps, and what becomes of their calls.
#pragma warning disable CA1001 // A semaphore whose wait handle is never asked for holds nothing to dispose of.
sealed partial class ReplyWriter
#pragma warning restore CA1001
{
    readonly SemaphoreSlim _commit = new(1, 1); // Calls that run at the same time write their ends one after the other.

    /// <summary>Ends the step with its calls, which are shown once they are written.</summary>
    /// <param name="calls">Makes the calls, given the place of the first one's part.</param>
    /// <param name="ct">Ends the wait for the database.</param>
    /// <exception cref="OperationCanceledException">The fence is broken, or the run was ended meanwhile.</exception>
    public async Task<IReadOnlyList<ToolCall>> EndStepAsync(
        Func<int, IReadOnlyList<ToolCall>> calls, CancellationToken ct)
    {
        Show(content => content.CloseLast());
        var made = calls(streaming.Read().Parts.Items.Count);
        await CommitAsync(
            content =>
            {
                foreach (var call in made)
                    content.Add(call.Part);
            },
            text => context.ToolCalls.AddAsync(Row, text, _saved, _meter?.Read(), made), ct);
        foreach (var call in made)
            ReplyMetrics.OnCallEntered(call.Part.State);
        (_step, _hasBegun, HasAnswer, _meter, _isClaimSpent) = (_step + 1, false, false, null, true);
        return made;
    }

    /// <summary>Writes what became of calls, and the files that they made, and shows it then.</summary>
    /// <exception cref="OperationCanceledException">The fence is broken, or the run was ended meanwhile.</exception>
    public Task ChangeCallsAsync(
        IReadOnlyList<ToolCall> changed, IReadOnlyList<Part> files, CancellationToken ct) => CommitAsync(
        content => Change(content, changed, files),
        text => context.ToolCalls.ChangeAsync(Row, text, _saved, changed), ct);

    /// <summary>Shows what became of calls by the hand of others, who have written it.</summary>
    public async Task ShowCallsAsync(IReadOnlyList<ToolCall> changed, CancellationToken ct)
    {
        await _commit.WaitAsync(ct);
        try
        {
            Apply(content => Change(content, changed, []));
            _kept = streaming.Read(); // Between two steps all that is shown is kept.
        }
        finally
        {
            _commit.Release();
        }
    }

    /// <summary>
    /// Lets the reply wait for answers to so many calls; false where another number waits by now. The run is over
    /// then.
    /// </summary>
    /// <exception cref="OperationCanceledException">The fence is broken, or the run was ended meanwhile.</exception>
    public async Task<bool> WaitAsync(int waiting, CancellationToken ct)
    {
        await HoldCheckpointsAsync();
        await CheckpointAsync(); // The status of the question, and what others have answered.
        bool? waits = null;
        await UntilWrittenAsync(async () =>
        {
            waits = await context.ToolCalls.WaitAsync(Row, waiting);
            return true;
        }, ct);
        if (waits is null)
            await signals.LoseAsync();
        if (waits == false)
            lock (_gate)
                _isHeld = false;
        return waits == true;
    }

    // One write of calls: what it leads to is written first, and shown then.
    async Task CommitAsync(
        Action<ReplyContent> change, Func<ReplyText, Task<bool>> write, CancellationToken ct)
    {
        await _commit.WaitAsync(ct);
        try
        {
            await HoldCheckpointsAsync();
            var text = streaming.Plan(_shownAttempt, _kept, change);
            if (!await UntilWrittenAsync(() => write(text), ct))
                await signals.LoseAsync();
            Apply(change);
            lock (_gate)
            {
                MarkSaved(text, context.Clock.Ticks);
                (_kept, _isHeld) = (text, false);
            }
        }
        finally
        {
            _commit.Release();
        }
    }

    static void Change(ReplyContent content, IReadOnlyList<ToolCall> changed, IReadOnlyList<Part> files)
    {
        foreach (var call in changed)
            content.Change(call.PartIndex, call.Part);
        foreach (var file in files)
            content.Add(file);
    }
}
