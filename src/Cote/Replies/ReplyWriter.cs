using Cote.Chats;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Replies;

/// <summary>
/// What one run shows, and every write of it: its checkpoints, its raised attempt, its end. Each write carries the
/// fence; one whose fence is broken changes nothing and ends the run.
/// </summary>
sealed partial class ReplyWriter(
    PendingReplyRow reply, StreamingReply streaming, RunSignals signals, ReplyRunContext context)
{
    const int CheckpointUnits = 4_096;
    static readonly TimeSpan CheckpointAfter = TimeSpan.FromMilliseconds(600);
    static readonly TimeSpan PartsAfter = TimeSpan.FromSeconds(5);
    static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(15);
    static readonly TimeSpan WriteAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly Lock _gate = new();
    long _attempt = reply.Attempt; // The fence. It rises before each repeated model call.
    string _questionStatus = reply.QuestionStatus;
    // What is shown belongs to this attempt: it rises where something that was shown is taken back.
    long _shownAttempt = reply.GoesOn ? reply.TextAttempt : reply.Attempt;
    ReplyText _kept = reply.Kept; // What every attempt goes on after.
    bool _hasBegun; // Something of this step is shown.
    bool _hasShown; // Something was shown by this run.
    readonly long _claimedAt = context.Clock.Ticks;
    SavedParts _saved = reply.Text.Saved;
    ReplyPosition _position = reply.GoesOn ? reply.Text.Position : default;
    ReplyPosition _savedPosition = reply.GoesOn ? reply.Text.Position : default;
    long _unsavedSince;
    long _partsUnsavedSince;
    CallMeter? _meter; // Of the model call that is made, or was made last.
    // The claim has reserved no model call, or that one is made.
    bool _isClaimSpent = reply.KeptParts > 0;
    bool _isHeld;
    int _step;
    Task _checkpoint = Task.CompletedTask;

    /// <summary>The fence that it holds.</summary>
    public long Attempt => Interlocked.Read(ref _attempt);

    /// <summary>UTF-16 units of the text that this run has made.</summary>
    public int Length => _position.Length;

    /// <summary>Whether anything of the step is shown.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>Whether this step has shown anything but thoughts.</summary>
    public bool HasAnswer { get; private set; }

    /// <summary>Whether the model was called.</summary>
    public bool IsCalled => _meter is not null || _step > 0;

    /// <summary>So many steps were over before this run.</summary>
    public void BeginAfter(int steps) => _step = steps;

    int UnsavedUnits => _position.Length - (_position.Attempt == _savedPosition.Attempt ? _savedPosition.Length : 0);

    bool HasUnsavedParts => _position.Rev > 0
        && (_position with { Length = 0 }) != (_savedPosition with { Length = 0 });

    bool IsDue => UnsavedUnits >= CheckpointUnits
        || UnsavedUnits > 0 && context.Clock.Since(_unsavedSince) >= CheckpointAfter
        || HasUnsavedParts && context.Clock.Since(_partsUnsavedSince) >= PartsAfter;

    PendingReplyRow Row => reply with { Attempt = Attempt, QuestionStatus = _questionStatus };

    /// <summary>Shows text to the readers of the reply; a checkpoint writes it.</summary>
    public void Append(string text)
    {
        HasAnswer = true;
        Show(content => content.AddText(text));
    }

    /// <summary>Shows a piece of a thought.</summary>
    public void AppendThought(string text) => Show(content => content.AddThought(text));

    /// <summary>Shows a part that is whole.</summary>
    public void Add(Part part)
    {
        HasAnswer = true;
        Show(content => content.Add(part));
    }

    /// <summary>Nothing follows what is shown.</summary>
    public void Finish()
    {
        if (_hasBegun)
            Show(content => content.Finish());
    }

    void Show(Action<ReplyContent> add)
    {
        var begins = !_hasBegun && _step > 0;
        if (!_hasBegun && !_hasShown)
            ReplyMetrics.OnFirstShown(reply, _claimedAt, context.Clock);
        _hasBegun = _hasShown = true;
        Apply(begins ? content =>
        {
            content.Add(new StepPart());
            add(content);
        }
        : add);
    }

    void Apply(Action<ReplyContent> change)
    {
        var position = streaming.Append(_shownAttempt, _kept, change);
        lock (_gate)
        {
            var now = context.Clock.Ticks;
            if (UnsavedUnits == 0)
                _unsavedSince = now;
            if (!HasUnsavedParts)
                _partsUnsavedSince = now;
            _position = position;
        }
        if (UnsavedUnits >= CheckpointUnits)
            CheckpointIfDue();
    }

    /// <summary>Begins a checkpoint where something has waited for one long enough, or much has come.</summary>
    public void CheckpointIfDue()
    {
        lock (_gate)
        {
            if (_isHeld || !_checkpoint.IsCompleted || !IsDue)
                return;
            // Beside the stream, never in its way: a slow or unreachable database must not hold the text back.
            _checkpoint = Task.Run(CheckpointAsync);
        }
    }

    /// <summary>
    /// Writes that a model call is about to be made: the attempt is raised where another one was made before, or a
    /// budget applies. The call gets the limit that a budget leaves; false where none has room.
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
        // The claim has reserved a call of the model that the row names.
        if (used is not null || hasBudget || _isClaimSpent || next.Model != reply.Model)
        {
            await HoldCheckpointsAsync(); // One that carries the old fence would find it broken.
            next = next with { Shown = _hasBegun ? null : _shownAttempt };
            var begun = new BegunCall(IsOwned: true, HasRoom: true, next.Output);
            var isOwned = await UntilWrittenAsync(async () =>
            {
                if (!hasBudget && await calls.RaiseAsync(Row, used, next) is { } raised)
                    return raised;
                begun = await calls.ReserveAsync(Row, used, next, ct);
                return begun.IsOwned;
            }, ct);
            if (!isOwned)
                await signals.LoseAsync();
            if (!begun.HasRoom)
                return false;
            TakeBackShown(Interlocked.Increment(ref _attempt));
            settings.MaxOutputTokens = begun.Output;
            meter.Settle();
        }
        (_meter, _isClaimSpent) = (meter, true);
        return true;
    }

    /// <summary>Writes the end, which readers are told of after the commit; false where the fence is broken.</summary>
    public async Task<bool> EndAsync(ReplyEnd end, CancellationToken shutdown)
    {
        await HoldCheckpointsAsync();
        var isWritten = await UntilWrittenAsync(async () =>
        {
            streaming.IsEnding = true;
            try
            {
                return await context.Store.EndAsync(Row, end with { Call = _meter?.Read() }, QuestionStatus(), _saved);
            }
            catch
            {
                streaming.IsEnding = false;
                throw;
            }
        }, shutdown);
        if (isWritten)
            return true;
        streaming.Hide();
        context.Log.ReplyEndedElsewhere(reply.Id);
        return false;
    }

    /// <summary>Gives the reply to whichever node claims it next, with the text so far.</summary>
    public async Task HandOverAsync()
    {
        await HoldCheckpointsAsync();
        using var limit = new CancellationTokenSource(HandOverWithin, context.Clock.Provider);
        try
        {
            await UntilWrittenAsync(async () =>
            {
                await context.Leases.HandOverAsync(Row, streaming.Read(), _saved, _meter?.Read());
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
            var (row, readAt, text, status) = (Row, context.Clock.Ticks, streaming.Read(), QuestionStatus());
            var isStopRequested = await context.Store.CheckpointAsync(row, text, status, _saved);
            lock (_gate)
                MarkSaved(text, readAt);
            _questionStatus = status;
            if (isStopRequested is null)
                signals.Lose();
            else if (isStopRequested.Value)
                signals.RequestStop();
        }
        catch (ProblemException error)
        {
            context.Log.CheckpointDelayed(reply.Id, error.Problem.Code);
            DelayCheckpoint();
        }
#pragma warning disable CA1031 // Top of the task: the next checkpoint, or the end, writes the text.
        catch (Exception error)
#pragma warning restore CA1031
        {
            context.Log.CheckpointFailed(error, reply.Id);
            DelayCheckpoint();
        }
    }

    void DelayCheckpoint()
    {
        lock (_gate)
            _unsavedSince = _partsUnsavedSince = context.Clock.Ticks;
    }

    // What was shown belongs to a call that is made once more.
    void TakeBackShown(long attempt)
    {
        lock (_gate)
        {
            if (_hasBegun)
                (_shownAttempt, _hasBegun, HasAnswer, _position) = (attempt, false, false, new(attempt, 0));
            _isHeld = false;
        }
    }

    void MarkSaved(ReplyText text, long readAt)
    {
        (_saved, _savedPosition) = (text.Saved, text.Position);
        _unsavedSince = _partsUnsavedSince = readAt; // What came while it was written waits since then.
    }

    // After it no checkpoint of this run begins or runs.
    Task HoldCheckpointsAsync()
    {
        lock (_gate)
        {
            _isHeld = true;
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
