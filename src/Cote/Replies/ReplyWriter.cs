using Cote.Chats;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>
/// Every write of one run: its checkpoints, its raised attempt, its end. Each carries the fence, and a write whose
/// fence is broken changes nothing and ends the run.
/// </summary>
sealed class ReplyWriter(
    PendingReplyRow reply, StreamingReply streaming, RunSignals signals, ReplyRunContext context)
{
    const int CheckpointUnits = 4_096;
    static readonly TimeSpan CheckpointAfter = TimeSpan.FromMilliseconds(700);
    static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(15);
    static readonly TimeSpan WriteAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly Lock _gate = new();
    // The fence. Raised before a repeated model call, when no checkpoint of this run was written yet.
    long _attempt = reply.Attempt;
    string _questionStatus = reply.QuestionStatus;
    long _textAttempt = -1; // The attempt whose text has begun.
    int _savedLength;
    long _unsavedSince;
    CallMeter? _meter; // Of the call that is made, or was made last.
    bool _isEnding;
    Task _checkpoint = Task.CompletedTask;

    /// <summary>The fence that it holds.</summary>
    public long Attempt => Interlocked.Read(ref _attempt);

    /// <summary>UTF-16 units of the text that this run has made.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the model was called.</summary>
    public bool IsCalled => _meter is not null;

    PendingReplyRow Row => reply with { Attempt = Attempt, QuestionStatus = _questionStatus };

    /// <summary>Shows text to the readers of the reply; a checkpoint writes it.</summary>
    public void Append(string text)
    {
        // Each attempt goes on after the text that a new version was given.
        if (_textAttempt != Attempt)
            (_textAttempt, text) = (Attempt, reply.Prefix + text);
        var length = streaming.Append(Attempt, text);
        lock (_gate)
        {
            if (Length == _savedLength)
                _unsavedSince = context.Clock.Ticks;
            Length = length;
        }
        if (length - _savedLength >= CheckpointUnits)
            CheckpointIfDue();
    }

    /// <summary>Begins a checkpoint where text has waited for one long enough, or much of it has come.</summary>
    public void CheckpointIfDue()
    {
        lock (_gate)
        {
            if (_isEnding || !_checkpoint.IsCompleted || Length == _savedLength)
                return;
            if (Length - _savedLength < CheckpointUnits && context.Clock.Since(_unsavedSince) < CheckpointAfter)
                return;
            // Beside the stream, never in its way: a slow or unreachable database must not hold the text back.
            _checkpoint = Task.Run(CheckpointAsync);
        }
    }

    /// <summary>
    /// Writes that a call is about to be made: the attempt is raised where another one was made before, or a budget
    /// applies. The call gets the limit that a budget leaves; false where none has room.
    /// </summary>
    /// <param name="next">The call.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="meter">Counts it from now on.</param>
    /// <param name="ct">Ends the wait for the database.</param>
    /// <exception cref="OperationCanceledException">The fence is broken, or the run was ended meanwhile.</exception>
    public async Task<bool> BeginCallAsync(NextCall next, ChatOptions settings, CallMeter meter, CancellationToken ct)
    {
        var (calls, used) = (context.Calls, _meter?.Read());
        var hasBudget = calls.HaveBudget(reply);
        if (used is not null || hasBudget)
        {
            var begun = new BegunCall(IsOwned: true, HasRoom: true, next.Output);
            var isOwned = await UntilWrittenAsync(async () =>
            {
                if (!hasBudget)
                    return await calls.RaiseAsync(Row, used, next);
                begun = await calls.ReserveAsync(Row, used, next, ct);
                return begun.IsOwned;
            }, ct);
            if (!isOwned)
                await signals.LoseAsync();
            if (!begun.HasRoom)
                return false;
            Interlocked.Increment(ref _attempt);
            settings.MaxOutputTokens = begun.Output;
        }
        _meter = meter;
        return true;
    }

    /// <summary>Writes the end, which the readers are told of after the commit.</summary>
    public async Task EndAsync(ReplyEnd end, CancellationToken shutdown)
    {
        await LastCheckpointAsync();
        var isWritten = await UntilWrittenAsync(async () =>
        {
            streaming.IsEnding = true;
            try
            {
                return await context.Store.EndAsync(Row, end with { Call = _meter?.Read() }, QuestionStatus());
            }
            catch
            {
                streaming.IsEnding = false;
                throw;
            }
        }, shutdown);
        if (!isWritten)
            context.Log.ReplyEndedElsewhere(reply.Id);
    }

    /// <summary>Gives the reply to whichever node claims it next, with the text so far.</summary>
    public async Task HandOverAsync()
    {
        await LastCheckpointAsync();
        using var limit = new CancellationTokenSource(HandOverWithin, context.Clock.Provider);
        try
        {
            await UntilWrittenAsync(async () =>
            {
                await context.Leases.HandOverAsync(Row, streaming.Read(), _meter?.Read());
                return true;
            }, limit.Token);
        }
        catch (OperationCanceledException)
        {
            context.Log.ReplyNotHandedOver(reply.Id, "unavailable");
        }
    }

    async Task CheckpointAsync()
    {
        try
        {
            var (row, text, status) = (Row, streaming.Read(), QuestionStatus());
            var isStopRequested = await context.Store.CheckpointAsync(row, text, status);
            lock (_gate)
                (_savedLength, _unsavedSince) = (text.Content.Length, context.Clock.Ticks);
            _questionStatus = status;
            if (isStopRequested is null)
                signals.Lose();
            else if (isStopRequested.Value)
                signals.RequestStop();
        }
        catch (ProblemException error)
        {
            context.Log.CheckpointDelayed(reply.Id, error.Problem.Code);
            lock (_gate)
                _unsavedSince = context.Clock.Ticks;
        }
#pragma warning disable CA1031 // Top of the task: the next checkpoint, or the end, writes the text.
        catch (Exception error)
#pragma warning restore CA1031
        {
            context.Log.CheckpointFailed(error, reply.Id);
        }
    }

    // After it no checkpoint of this run begins or runs: the write that follows is the last one.
    Task LastCheckpointAsync()
    {
        lock (_gate)
        {
            _isEnding = true;
            return _checkpoint;
        }
    }

    // It only moves forward: delivered once the model is called, read once there is text.
    string QuestionStatus() => streaming.HasText ? Statuses.Read
        : IsCalled && _questionStatus == Statuses.Sent ? Statuses.Delivered
        : _questionStatus;

    // What was promised is written, however long the database is unreachable, until this node stops: then its lease
    // lapses, and the next claim takes the reply up.
    async Task<bool> UntilWrittenAsync(Func<Task<bool>> write, CancellationToken shutdown)
    {
        while (true)
        {
            try
            {
                return await write();
            }
            catch (ProblemException error) when (error.Problem.Status >= 500)
            {
                context.Log.ReplyWaitsForDatabase(reply.Id, error.Problem.Code);
                await Task.Delay(WriteAgainAfter, context.Clock.Provider, shutdown);
            }
        }
    }
}
