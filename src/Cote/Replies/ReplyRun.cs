using Cote.Chats;
using Cote.Models;
using Cote.Primitives;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>What every run works with.</summary>
sealed record ReplyRunContext(
    ReplyStore Store, ReplyLeases Leases, StreamingReplies Streaming, ProviderRegistry Providers, Prompt Prompt,
    AssistantsOptions Options, Clock Clock, ILogger<ReplyRun> Log);

/// <summary>
/// One reply being made here, from its claim to its end. Text is shown as it comes and written at least every second;
/// every write carries the fence, and a run whose fence is broken ends without another write.
/// </summary>
sealed class ReplyRun : IDisposable
{
    const int CheckpointUnits = 4_096;
    static readonly TimeSpan CheckpointAfter = TimeSpan.FromMilliseconds(700);
    static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(15);
    static readonly TimeSpan WriteAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly ReplyRunContext _context;
    readonly StreamingReply _streaming;
    readonly CancellationTokenSource _lost = new();
    readonly CancellationTokenSource _stop = new();
    readonly Lock _gate = new();
    readonly PendingReplyRow _reply;
    // The fence. Raised before a repeated model call, when no checkpoint of this run was written yet.
    long _attempt;
    string _questionStatus;
    bool _isCalled;
    int _length;            // Of the text that this run has made.
    int _savedLength;
    long _unsavedSince;
    bool _isEnding;
    Task _checkpoint = Task.CompletedTask;

    public ReplyRun(PendingReplyRow reply, ReplyRunContext context)
    {
        (_reply, _context, _attempt, _questionStatus) = (reply, context, reply.Attempt, reply.QuestionStatus);
        _streaming = context.Streaming.Begin(reply.UserId, reply.ToPendingReply());
    }

    public string UserId => _reply.UserId;

    public string ReplyId => _reply.Id;

    /// <summary>The fence that it holds.</summary>
    public long Attempt => Interlocked.Read(ref _attempt);

    PendingReplyRow Row => _reply with { Attempt = Attempt, QuestionStatus = _questionStatus };

    /// <summary>Ends the run without a write: its row belongs to another node, or is deleted.</summary>
    public void Lose()
    {
        _streaming.Hide(); // At once: the end of the run takes a moment.
        Cancel(_lost);
    }

    /// <summary>Ends the run as <c>stopped</c>.</summary>
    public void RequestStop() => Cancel(_stop);

    public async Task RunAsync(CancellationToken shutdown)
    {
        if (_reply.IsStopRequested)
        {
            await EndAsync(new(States.Stopped, _streaming.Read()), shutdown);
            return;
        }
        if (_reply.Takeovers > _context.Options.MaxTakeovers)
        {
            await EndAsync(new(States.Interrupted, _streaming.Read()), shutdown);
            return;
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _lost.Token, shutdown);
        try
        {
            var result = await GenerateAsync(either.Token);
            await EndAsync(EndOf(result), shutdown);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            if (_lost.IsCancellationRequested)
                _context.Log.ReplyTakenOver(_reply.Id);
            else if (_stop.IsCancellationRequested)
                await EndAsync(new(States.Stopped, _streaming.Read()), shutdown);
            else
                await HandOverAsync();
        }
    }

    /// <summary>Begins a checkpoint where text has waited for one long enough, or much of it has come.</summary>
    public void CheckpointIfDue()
    {
        lock (_gate)
        {
            if (_isEnding || !_checkpoint.IsCompleted || _length == _savedLength)
                return;
            if (_length - _savedLength < CheckpointUnits && _context.Clock.Since(_unsavedSince) < CheckpointAfter)
                return;
            // Beside the stream, never in its way: a slow or unreachable database must not hold the text back.
            _checkpoint = Task.Run(CheckpointAsync);
        }
    }

    public void Dispose()
    {
        _context.Streaming.End(_streaming);
        _stop.Dispose();
        _lost.Dispose();
    }

    async Task<ModelResult> GenerateAsync(CancellationToken ct)
    {
        var providers = _context.Providers;
        var (provider, model) = providers.Find(_reply.Model) ?? providers.Find(providers.Catalogue.Default.Id)!.Value;
        var options = _context.Options;
        var maxTokens = Smallest(_reply.MaxTokens, provider.MaxTokens ?? options.MaxTokens);
        var prompt = await _context.Prompt.BuildAsync(_reply, _reply.SystemPrompt ?? options.SystemPrompt,
            provider.ContextTokens ?? options.ContextTokens, maxTokens, provider.Sees(model), ct);
        if (prompt is null)
            return new(ModelFault.ContextTooLong, null, null);
        var settings = new ChatOptions
        {
            MaxOutputTokens = maxTokens,
            Temperature = (float?)(_reply.Temperature ?? provider.Temperature ?? options.Temperature),
        };
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.MaxReplySeconds), _context.Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            _isCalled = true;
            return await ReadAsync(new(provider, model, prompt, settings, options.CallLimits, _context.Clock), either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return new(ModelFault.TooLong, null, null);
        }
    }

    async Task<ModelResult> ReadAsync(ModelCall call, CancellationToken ct)
    {
        await foreach (var update in call.RunAsync(ct))
            switch (update)
            {
                case Retrying retrying:
                    _context.Log.ModelCallRetried(_reply.Id, retrying.Fault.Code, retrying.Wait);
                    if (!await UntilWrittenAsync(() => _context.Leases.RaiseAttemptAsync(Row), ct))
                        await LoseAsync();
                    Interlocked.Increment(ref _attempt);
                    break;
                case TextPart part when !Show(part.Text):
                    return new(ModelFault.TooLong, null, null); // Leaving the loop closes the model's connection.
                case ModelResult result:
                    if (result.Fault is { } fault)
                        _context.Log.ModelCallFailed(_reply.Id, _reply.Model, fault.Code, result.Error?.GetType().Name ?? "no exception");
                    return result;
            }
        return new(ModelFault.Truncated, null, null);
    }

    // False where the reply has reached its longest length.
    bool Show(string text)
    {
        var room = _context.Options.MaxReplyLength - _length;
        var isWhole = text.Length <= room;
        if (!isWhole)
            text = Excerpt.Of(text, room);
        if (text.Length > 0)
        {
            var length = _streaming.Append(Attempt, text);
            lock (_gate)
            {
                if (_length == _savedLength)
                    _unsavedSince = _context.Clock.Ticks;
                _length = length;
            }
            if (length - _savedLength >= CheckpointUnits)
                CheckpointIfDue();
        }
        return isWhole;
    }

    // What is no clean end of an answer is a failure, and says which; the text stays.
    ReplyEnd EndOf(ModelResult result)
    {
        var text = _streaming.Read();
        var hasText = _length > 0 && !string.IsNullOrWhiteSpace(text.Content);
        var fault = result.Fault
            ?? (result.FinishReason == ChatFinishReason.ContentFilter.Value ? ModelFault.Filtered : hasText ? null : ModelFault.Empty);
        return new(
            fault is null ? States.Completed : States.Failed, text, result.FinishReason,
            fault is null ? null : new GenerationError(fault.Code, fault.Detail),
            result.Usage is { } usage ? new Usage(usage.InputTokenCount ?? 0, usage.OutputTokenCount ?? 0) : null,
            RefusesQuestion: !hasText && result.Fault is { Code: "filtered" or "unsupported_media" });
    }

    async Task CheckpointAsync()
    {
        try
        {
            var (row, text, status) = (Row, _streaming.Read(), QuestionStatus());
            var isStopRequested = await _context.Store.CheckpointAsync(row, text, status);
            lock (_gate)
                (_savedLength, _unsavedSince) = (text.Content.Length, _context.Clock.Ticks);
            _questionStatus = status;
            if (isStopRequested is null)
                Lose();
            else if (isStopRequested.Value)
                RequestStop();
        }
        catch (ProblemException error)
        {
            _context.Log.CheckpointDelayed(_reply.Id, error.Problem.Code);
            lock (_gate)
                _unsavedSince = _context.Clock.Ticks;
        }
#pragma warning disable CA1031 // Top of the task: the next checkpoint, or the end, writes the text.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _context.Log.CheckpointFailed(error, _reply.Id);
        }
    }

    async Task EndAsync(ReplyEnd end, CancellationToken shutdown)
    {
        await LastCheckpointAsync();
        var isWritten = await UntilWrittenAsync(async () =>
        {
            _streaming.IsEnding = true;
            try
            {
                return await _context.Store.EndAsync(Row, end, QuestionStatus());
            }
            catch
            {
                _streaming.IsEnding = false;
                throw;
            }
        }, shutdown);
        if (!isWritten)
            _context.Log.ReplyEndedElsewhere(_reply.Id);
    }

    async Task HandOverAsync()
    {
        await LastCheckpointAsync();
        using var limit = new CancellationTokenSource(HandOverWithin, _context.Clock.Provider);
        try
        {
            await UntilWrittenAsync(async () =>
            {
                await _context.Leases.HandOverAsync(Row, _streaming.Read());
                return true;
            }, limit.Token);
        }
        catch (OperationCanceledException)
        {
            _context.Log.ReplyNotHandedOver(_reply.Id, "unavailable");
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

    async Task LoseAsync()
    {
        await _lost.CancelAsync();
        _lost.Token.ThrowIfCancellationRequested();
    }

    // It only moves forward: delivered once the model is called, read once there is text.
    string QuestionStatus() => _streaming.HasText ? Statuses.Read
        : _isCalled && _questionStatus == Statuses.Sent ? Statuses.Delivered
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
                _context.Log.ReplyWaitsForDatabase(_reply.Id, error.Problem.Code);
                await Task.Delay(WriteAgainAfter, _context.Clock.Provider, shutdown);
            }
        }
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

    static int? Smallest(int? wanted, int? ceiling) => wanted is { } some && ceiling is { } most ? Math.Min(some, most) : wanted ?? ceiling;
}
