namespace Cote.Primitives;

/// <summary>
/// Slots for work that is waited for. Where they are short the users that wait take turns: one user's many requests
/// must not keep the others waiting.
/// </summary>
/// <param name="total">How many there are.</param>
sealed class FairSlots(int total)
{
    readonly Lock _gate = new();
    readonly Dictionary<string, Queue<TaskCompletionSource>> _waiting = [];
    readonly Queue<string> _turns = []; // The users in `_waiting`, in the order of their turns.
    int _free = total;

    /// <summary>Takes a slot, as soon as it is the user's turn; whoever has one calls <see cref="Release"/>.</summary>
    public async Task AcquireAsync(string userId, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return;
            }
            if (!_waiting.TryGetValue(userId, out var own))
            {
                _waiting.Add(userId, own = []);
                _turns.Enqueue(userId);
            }
            own.Enqueue(waiter);
        }
        // One that is given a slot and cancelled at the same moment has the slot.
        await using var cancelled = ct.Register(() => waiter.TrySetCanceled(ct));
        await waiter.Task;
    }

    /// <summary>Gives a slot back, to the next user that waits.</summary>
    public void Release()
    {
        lock (_gate)
        {
            while (_turns.TryDequeue(out var user))
            {
                var own = _waiting[user];
                var isTaken = false;
                while (!isTaken && own.TryDequeue(out var waiter))
                    isTaken = waiter.TrySetResult(); // Not by one that was cancelled.
                if (own.Count > 0)
                    _turns.Enqueue(user);
                else
                    _waiting.Remove(user);
                if (isTaken)
                    return;
            }
            _free++;
        }
    }
}
