namespace Cote.Replies;

/// <summary>What ends a run from outside: its row is another node's or deleted, or the user stops the reply.</summary>
sealed class RunSignals(StreamingReply streaming) : IDisposable
{
    readonly CancellationTokenSource _lost = new();
    readonly CancellationTokenSource _stop = new();

    public CancellationToken Lost => _lost.Token;

    public CancellationToken Stopped => _stop.Token;

    /// <summary>Ends the run without a write: its row belongs to another node, or is deleted.</summary>
    public void Lose()
    {
        // At once: the end of the run takes a moment. Where its end is on its way, a renewal may have missed a row that
        // this run has ended itself, whose text readers are yet to be shown: the fence of that end decides. Where the
        // node's leases had lapsed another one may really have it.
        if (!streaming.IsEnding || !streaming.IsVisible)
            streaming.Hide();
        Cancel(_lost);
    }

    /// <summary>Ends the run as <see cref="Lose"/> does, before it returns.</summary>
    /// <exception cref="OperationCanceledException">Always.</exception>
    public async Task LoseAsync()
    {
        await _lost.CancelAsync();
        _lost.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Ends the run as <c>stopped</c>.</summary>
    public void RequestStop() => Cancel(_stop);

    public void Dispose()
    {
        _stop.Dispose();
        _lost.Dispose();
    }

    // Not on the caller's thread: the end of a stream must not run in a lock or in a request.
    static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.CancelAfter(TimeSpan.Zero);
        }
        catch (ObjectDisposedException)
        {
            // The run has ended meanwhile.
        }
    }
}
