using System.Text;
using Cote.Chats;
using Cote.Delivery;
using Cote.Models;
using Cote.Primitives;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>What every run needs of the house.</summary>
sealed record ReplyRunContext(
    ReplyStore Replies, Hub Feeds, ProviderRegistry Roster, Prompt Prompt, AssistantsOptions Options, Clock Clock, ILogger<ReplyLoop> Log);

/// <summary>
/// One reply being made here, from its claim to its end. Text is shown as it comes and kept at least every second;
/// every write carries the fence, and where the fence is broken the run goes away without a word.
/// </summary>
sealed class ReplyRun : IDisposable
{
    const int MostRetries = 3;
    const int CheckpointUnits = 4_096;
    static readonly TimeSpan RetryWithin = TimeSpan.FromSeconds(30);
    static readonly TimeSpan CheckpointAfter = TimeSpan.FromMilliseconds(700);
    static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(15);
    static readonly TimeSpan WriteAgainAfter = TimeSpan.FromMilliseconds(500);

    readonly ReplyRunContext _context;
    readonly StreamingReply _streaming;
    readonly CancellationTokenSource _lost = new();
    readonly Lock _gate = new();
    readonly StringBuilder _text = new();
    readonly SemaphoreSlim _writing = new(1, 1);
    PendingReplyRow _reply;
    long _unsavedSince;
    int _saved;
    bool _called;
    UsageDetails? _usage;

    public ReplyRun(PendingReplyRow reply, ReplyRunContext context)
    {
        (_reply, _context) = (reply, context);
        _streaming = context.Feeds.Begin(reply.UserId, reply.ToOpenReply());
    }

    public string UserId => _reply.UserId;

    public string ReplyId => _reply.Id;

    /// <summary>The fence that it holds.</summary>
    public long Attempt => _reply.Attempt;

    /// <summary>Its row is not this node's any more: it goes away without a word.</summary>
    public void Lose()
    {
        _streaming.IsLost = true; // at once: its end takes a moment
        try
        {
            _lost.CancelAfter(TimeSpan.Zero); // not on this thread
        }
        catch (ObjectDisposedException)
        {
            // it has ended meanwhile
        }
    }

    /// <summary>Cancelled by whoever wants the reply to stop.</summary>
    public CancellationTokenSource Stop { get; } = new();

    public async Task MakeAsync(CancellationToken shutdown)
    {
        if (_reply.StopWanted)
        {
            await EndAsync(States.Stopped, null, shutdown);
            return;
        }
        if (_reply.Takeovers > _context.Options.MaxTakeovers)
        {
            await EndAsync(States.Interrupted, null, shutdown);
            return;
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Stop.Token, _lost.Token, shutdown);
        try
        {
            var fault = await CallUntilDoneAsync(either.Token);
            await EndAsync(fault is null ? States.Completed : States.Failed, fault, shutdown);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            if (_lost.IsCancellationRequested)
                _context.Log.LogInformation("Reply {Reply} was taken over or deleted", _reply.Id);
            else if (Stop.IsCancellationRequested)
                await EndAsync(States.Stopped, null, shutdown);
            else
                await HandOverAsync();
        }
    }

    /// <summary>Keeps the text if it has been unsaved for long enough.</summary>
    public void CheckpointIfDue()
    {
        lock (_gate)
            if (_text.Length == _saved || _context.Clock.Since(_unsavedSince) < CheckpointAfter)
                return;
        if (_writing.CurrentCount > 0)
            _ = CheckpointAsync();
    }

    public void Dispose()
    {
        _context.Feeds.End(_reply.UserId, _streaming);
        Stop.Dispose();
        _lost.Dispose();
    }

    async Task<ModelFault?> CallUntilDoneAsync(CancellationToken ct)
    {
        var (provider, model) = _context.Roster.Find(_reply.Model) ?? _context.Roster.Find(_context.Roster.Catalogue.Default.Id)!.Value;
        var options = _context.Options;
        var maxTokens = _reply.MaxTokens ?? provider.MaxTokens ?? options.MaxTokens;
        var prompt = await _context.Prompt.BuildAsync(
            _reply, _reply.SystemPrompt ?? options.SystemPrompt, provider.ContextTokens ?? options.ContextTokens, maxTokens, provider.Vision, ct);
        if (prompt is null)
            return ModelFault.ContextTooLong;
        var settings = new ChatOptions
        {
            MaxOutputTokens = maxTokens,
            Temperature = (float?)(_reply.Temperature ?? provider.Temperature ?? options.Temperature),
        };
        var began = _context.Clock.Ticks;
        for (var retries = 0; ; retries++)
        {
            var fault = await CallAsync(() => provider.Open(model), prompt, settings, ct);
            if (fault is null || !fault.Retryable || retries == MostRetries || _text.Length > 0)
                return fault;
            var wait = fault.RetryAfter
                ?? TimeSpan.FromSeconds(0.5 * Math.Pow(2, retries) * (0.5 + Random.Shared.NextDouble()));
            if (_context.Clock.Since(began) + wait > RetryWithin)
                return fault;
            _context.Log.LogInformation("Reply {Reply}: {Code}, trying again in {Wait}", _reply.Id, fault.Code, wait);
            await Task.Delay(wait, _context.Clock.Provider, ct);
            if (!await UntilWrittenAsync(() => _context.Replies.RaiseAttemptAsync(_reply), ct))
                await LoseAsync();
            _reply = _reply with { Attempt = _reply.Attempt + 1 };
        }
    }

    async Task<ModelFault?> CallAsync(
        Func<IChatClient> open, IEnumerable<ChatMessage> prompt, ChatOptions settings, CancellationToken ct)
    {
        var (firstToken, stall) = (TimeSpan.FromSeconds(_context.Options.FirstTokenSeconds), TimeSpan.FromSeconds(_context.Options.StallSeconds));
        using var silence = new CancellationTokenSource(firstToken, _context.Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, ct);
        var wellFormed = new WellFormedText();
        ChatFinishReason? finish = null;
        _called = true;
        try
        {
            await foreach (var update in open().GetStreamingResponseAsync(prompt, settings.Clone(), either.Token))
            {
                Show(wellFormed.Next(update.Text));
                finish = update.FinishReason ?? finish;
                foreach (var usage in update.Contents.OfType<UsageContent>())
                    _usage = usage.Details;
                silence.CancelAfter(_text.Length == 0 ? firstToken : stall);
            }
            Show(wellFormed.Finish());
            return finish is null ? ModelFault.Truncated : null;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw; // half a character that was held back is left out: it was cut off here, not sent broken
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested)
        {
            return _text.Length == 0 ? ModelFault.NoFirstToken : ModelFault.Stalled;
        }
#pragma warning disable CA1031 // a provider is anybody's code: whatever it throws is a fault of the model, not of the house
        catch (Exception error)
#pragma warning restore CA1031
        {
            ct.ThrowIfCancellationRequested();
            var fault = ModelFault.Of(error);
            _context.Log.LogWarning("Reply {Reply}: {Model} failed with {Code} ({Error})",
                _reply.Id, _reply.Model, fault.Code, error.GetType().Name);
            return fault;
        }
    }

    void Show(string text)
    {
        if (text.Length == 0)
            return;
        bool due;
        lock (_gate)
        {
            if (_text.Length == _saved)
                _unsavedSince = _context.Clock.Ticks;
            _text.Append(text);
            due = _text.Length - _saved >= CheckpointUnits;
        }
        _streaming.Append(_reply.Attempt, text);
        if (due && _writing.CurrentCount > 0)
            _ = CheckpointAsync();
    }

    // Beside the stream, never in its way: a database that is slow or away must not hold the text back.
    async Task CheckpointAsync()
    {
        if (!await _writing.WaitAsync(0))
            return;
        try
        {
            var (content, attempt) = Kept();
            var status = QuestionStatus();
            var wish = await _context.Replies.CheckpointAsync(_reply, attempt, content, status);
            lock (_gate)
                (_saved, _unsavedSince) = (content.Length, _context.Clock.Ticks);
            _reply = _reply with { QuestionStatus = status, IsListed = true };
            if (wish is null)
                Lose();
            else if (wish.Value)
                await Stop.CancelAsync();
        }
        catch (ProblemException error)
        {
            _context.Log.LogWarning(error, "The text of reply {Reply} could not be kept yet", _reply.Id);
            lock (_gate)
                _unsavedSince = _context.Clock.Ticks;
        }
        catch (ObjectDisposedException)
        {
            // the run ended while the checkpoint was under way; its end carries all the text
        }
        finally
        {
            _writing.Release();
        }
    }

    async Task EndAsync(string state, ModelFault? fault, CancellationToken shutdown)
    {
        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            var (content, attempt) = Kept();
            var end = new ReplyEnd(state, content, attempt,
                fault is null ? null : new GenerationError(fault.Code, fault.Detail),
                _usage is null ? null : new Usage(_usage.InputTokenCount ?? 0, _usage.OutputTokenCount ?? 0));
            var written = await UntilWrittenAsync(async () =>
            {
                _streaming.IsEnding = true;
                try
                {
                    return await _context.Replies.EndAsync(_reply, end, QuestionStatus());
                }
                catch
                {
                    _streaming.IsEnding = false;
                    throw;
                }
            }, shutdown);
            if (!written)
                _context.Log.LogInformation("Reply {Reply} was ended or deleted by somebody else", _reply.Id);
        }
        finally
        {
            _writing.Release();
        }
    }

    async Task HandOverAsync()
    {
        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            var (content, attempt) = Kept();
            using var limit = new CancellationTokenSource(HandOverWithin, _context.Clock.Provider);
            await UntilWrittenAsync(async () =>
            {
                await _context.Replies.HandOverAsync(_reply, attempt, content);
                return true;
            }, limit.Token);
        }
        catch (OperationCanceledException)
        {
            _context.Log.LogWarning("Reply {Reply} could not be handed over: the next start takes it up as after a crash", _reply.Id);
        }
        finally
        {
            _writing.Release();
        }
    }

    async Task LoseAsync()
    {
        await _lost.CancelAsync();
        _lost.Token.ThrowIfCancellationRequested();
    }

    // The old attempt's text stands until a new one has text to put in its place.
    (string Content, long Attempt) Kept()
    {
        lock (_gate)
            return _text.Length > 0 ? (_text.ToString(), _reply.Attempt)
                : (_reply.Content, _reply.Content.Length > 0 ? _reply.TextAttempt : _reply.Attempt);
    }

    // It only moves forward: delivered once the model has it, read once there is text.
    string QuestionStatus() => _text.Length > 0 || _reply.Content.Length > 0 ? Statuses.Read
        : _called && _reply.QuestionStatus == Statuses.Sent ? Statuses.Delivered
        : _reply.QuestionStatus;

    // What was promised is written, however long the database is away, or this node is told to go: then its lease
    // lapses, and the next start takes the reply up.
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
                _context.Log.LogWarning("Reply {Reply} waits for the database: {Code}", _reply.Id, error.Problem.Code);
                await Task.Delay(WriteAgainAfter, _context.Clock.Provider, shutdown);
            }
        }
    }
}
