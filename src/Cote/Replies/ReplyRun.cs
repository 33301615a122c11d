using Cote.Chats;
using Cote.Events;
using Cote.Models;
using Cote.Primitives;
using Cote.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Cote.Replies;

/// <summary>
/// One reply being made here, from its claim to its end. Text is shown as it comes and written at least every second;
/// a run whose fence is broken ends without another write.
/// </summary>
sealed class ReplyRun : IDisposable
{
    // Each holds half of the earlier turns that the one before it held.
    const int MostPromptSizes = 4;

    readonly ReplyRunContext _context;
    readonly StreamingReply _streaming;
    readonly RunSignals _signals;
    readonly ReplyWriter _writer;
    readonly ReplyTools _tools;
    PendingReplyRow _reply;
    string _model;
    volatile ReplyStep? _step; // The model call that is made, or was made last.
    volatile bool _hasAsked; // The prompt of this step is made, and the model is called with it.
    bool _hasDocuments;
    bool _isSpeechless; // A transcript could not be made.
    System.Diagnostics.Activity? _span;

    public ReplyRun(PendingReplyRow reply, ReplyRunContext context)
    {
        (_reply, _context, _model) = (reply, context, reply.Model);
        _streaming = context.Streaming.Begin(reply.UserId, reply.ToPendingReply());
        _signals = new(_streaming);
        _writer = new(reply, _streaming, _signals, context);
        _tools = new(reply, context);
    }

    public string UserId => _reply.UserId;

    public string ReplyId => _reply.Id;

    /// <summary>The fence that it holds.</summary>
    public long Attempt => _writer.Attempt;

    /// <summary>How far it has come, and what it waits for.</summary>
    public RunView Look() => new(_step?.Retry, _hasAsked, _writer.HasBegun,
        _streaming.ShownAt is { } at ? _context.Clock.Now - _context.Clock.Since(at) : null);

    /// <summary>Ends the run without a write: its row belongs to another node, or is deleted.</summary>
    public void Lose() => _signals.Lose();

    /// <summary>Ends the run as <c>stopped</c>.</summary>
    public void RequestStop() => _signals.RequestStop();

    /// <summary>Begins a checkpoint where text has waited for one long enough, or much of it has come.</summary>
    public void CheckpointIfDue() => _writer.CheckpointIfDue();

    public async Task RunAsync(CancellationToken shutdown)
    {
        var began = _context.Clock.Ticks;
        using var span = _span = ReplyTrace.BeginRun(_reply);
        await RunToEndAsync(shutdown);
        ReplyMetrics.OnRunEnded(_context.Clock.Since(began));
    }

    async Task RunToEndAsync(CancellationToken shutdown)
    {
        if (_reply.IsStopRequested)
        {
            await EndAsync(States.Stopped, shutdown);
            return;
        }
        if (_reply.Takeovers > _context.Options.MaxTakeovers)
        {
            await EndAsync(States.Interrupted, shutdown);
            return;
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_signals.Stopped, _signals.Lost, shutdown);
        try
        {
            await _tools.LoadAsync(either.Token);
            _writer.BeginAfter(_tools.Steps);
            if (_tools.AreOfOtherEpoch)
                await EndAsync(States.Interrupted, shutdown);
            else if (await GenerateAsync(either.Token, shutdown) is { } result)
                await EndAsync(EndOf(result), shutdown);
            else
                ReplyTrace.End(_span, States.Waiting, null);
        }
        // The sources are asked: a token that is linked to them later is cancelled before one that is linked earlier.
        catch (OperationCanceledException) when (_signals.Stopped.IsCancellationRequested
            || _signals.Lost.IsCancellationRequested || shutdown.IsCancellationRequested)
        {
            if (_signals.Lost.IsCancellationRequested)
            {
                ReplyTrace.End(_span, ReplyTrace.Lost, null);
                _context.Log.ReplyTakenOver(_reply.Id);
            }
            else if (_signals.Stopped.IsCancellationRequested)
                await EndAsync(States.Stopped, shutdown);
            else
            {
                ReplyTrace.End(_span, ReplyTrace.HandedOver, null);
                await _writer.HandOverAsync();
            }
        }
    }

    public void Dispose()
    {
        _context.Streaming.End(_streaming);
        _signals.Dispose();
    }

    Task EndAsync(string state, CancellationToken shutdown)
    {
        _writer.Finish();
        return EndAsync(new ReplyEnd(state, _streaming.Read()) { OpenCalls = WhyCallsEnd(state) }, shutdown);
    }

    async Task EndAsync(ReplyEnd end, CancellationToken shutdown)
    {
        var isWritten = await _writer.EndAsync(end, shutdown);
        ReplyTrace.End(_span, isWritten ? end.State : ReplyTrace.Lost, isWritten ? end.Error?.Code : null);
    }

    // Calls of this step may be written though the database has not answered.
    GenerationError? WhyCallsEnd(string state) =>
        _reply.KeptParts == 0 && _tools.Steps == 0 && _step is not { Calls.Count: > 0 } ? null
        : _tools.AreOfOtherEpoch ? CallEnds.Restored
        : state == States.Stopped ? CallEnds.Stopped
        : state == States.Interrupted ? CallEnds.Interrupted : CallEnds.Ended;

    // Step by step: a model call, then the tools that it asked for. Null where the reply waits for answers now.
    async Task<ModelResult?> GenerateAsync(CancellationToken ct, CancellationToken shutdown)
    {
        using var limit = new CancellationTokenSource(
            TimeSpan.FromSeconds(_context.Options.MaxReplySeconds), _context.Clock.Provider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            limit.Token, _signals.Stopped, _signals.Lost);
        try
        {
            while (true)
            {
                if (_tools.HasWork
                    && !await new ToolRun(_reply, _tools, _writer, _context, stop.Token, shutdown).RunAsync())
                    return null;
                either.Token.ThrowIfCancellationRequested();
                var result = await AskWithFallbacksAsync(either.Token);
                if (!AsksForTools(result))
                    return result;
                _tools.Add(await _writer.EndStepAsync(
                    part => _tools.Propose(_step!.Calls, _step.Sealed, part, _hasDocuments), stop.Token));
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return new(ModelFault.TooLong, null, null);
        }
    }

    // A limit cuts the last call off, and what a filter ends is not gone on with.
    bool AsksForTools(ModelResult result) => result.Fault is null && _step!.Calls.Count > 0
        && _tools.Steps < _context.ToolLimits.Steps
        && result.FinishReason != ChatFinishReason.Length.Value
        && result.FinishReason != ChatFinishReason.ContentFilter.Value;

    // Another model answers only where nothing is there yet of the first one's.
    async Task<ModelResult> AskWithFallbacksAsync(CancellationToken ct)
    {
        var providers = _context.Providers;
        var asked = providers.Find(_model) is null ? providers.Catalogue.Default.Id : _model;
        var result = await AskAsync(asked, ct);
        foreach (var next in _tools.Steps > 0 ? [] : providers.FallbacksOf(asked))
        {
            if (result.Fault is not { } fault || _writer.HasBegun || !MayAnotherAnswer(fault))
                break;
            _context.Log.ModelFallsBack(_reply.Id, fault.Code, next);
            _streaming.AnsweredBy(next);
            result = await AskAsync(_model = next, ct);
        }
        return result;
    }

    // What is wrong with the question, or with the time and the money for it, is wrong with every model.
    static bool MayAnotherAnswer(ModelFault fault) => fault != ModelFault.Filtered && fault != ModelFault.TooLong
        && fault != ModelFault.BudgetExceeded && fault != ModelFault.UnsupportedMedia;

    async Task<ModelResult> AskAsync(string id, CancellationToken ct)
    {
        var (provider, model) = _context.Providers.Find(id)!.Value;
        var options = _context.Options;
        var settings = SettingsOf(provider, model);
        var mostOutput = settings.MaxOutputTokens;
        _hasAsked = false; // Servers of tools may be asked what they offer first.
        var toolTokens = await AddToolsAsync(settings, provider, model, ct);
        var configured = provider.ContextTokensOf(model) ?? options.ContextTokens;
        var size = new PromptRoom(
            id, RoomIn(configured, settings.MaxOutputTokens),
            RoomIn(provider.LearntWindow(model) ?? configured, settings.MaxOutputTokens), toolTokens);
        var systemText = Prompt.SystemTextOf(
            _reply.Instructions, _reply.Options?.Instructions ?? _reply.SystemPrompt ?? options.SystemPrompt);
        for (var calls = 1; ; calls++)
        {
            var hears = provider.Hears(model);
            _hasAsked = false;
            var prompt = await _context.Prompt.BuildAsync(
                _reply, PastStep.In(_streaming.Read(), _tools.Calls), systemText, size,
                new(provider.Sees(model), hears, _isSpeechless), ct);
            _reply = _reply with { Path = null }; // The next prompt is made of what is there then.
            if (prompt is null)
                return new(ModelFault.ContextTooLong, null, null);
            _isSpeechless |= prompt.IsSpeechless;
            _hasDocuments |= prompt.HasDocuments; // A later prompt may have no room for what an earlier one held.
            var next = new NextCall(id, prompt.Tokens, mostOutput);
            var meter = new CallMeter(prompt.Tokens, prompt.Estimate);
            if (!await _writer.BeginCallAsync(next, settings, meter, ct))
                return new(ModelFault.BudgetExceeded, null, null);
            var call = new ModelCall(
                provider, model, prompt.Messages, settings, options.CallLimits, _context.Clock, meter);
            (_step, _hasAsked) = (new(_reply, _writer, _context), true);
            var result = await _step.RunAsync(
                call, () => _writer.BeginCallAsync(next, settings, meter, ct), ct);
            if (result.Fault == ModelFault.UnsupportedMedia && hears && !provider.Hears(model) && !_writer.HasAnswer)
                continue; // It has said that it hears nothing: it gets transcripts.
            if (result.Fault != ModelFault.ContextTooLong || _writer.HasAnswer)
                return result;
            provider.LearnWindow(model, prompt.Tokens);
            if (calls == MostPromptSizes || prompt.PastTokens == 0)
                return result;
            // The model's window is smaller than the settings say: half of the earlier turns may fit.
            size = size with { Wanted = prompt.Tokens - (prompt.PastTokens + 1) / 2 };
            _context.Log.PromptShortened(_reply.Id, id, prompt.Tokens);
        }
    }

    // Returns about how many tokens they take. After the last step the model is to answer without them.
    async Task<long> AddToolsAsync(ChatOptions settings, Provider provider, string model, CancellationToken ct)
    {
        var offered = await _tools.OfferAsync(provider, model, ct);
        if (offered.Count == 0)
            return 0;
        (settings.Tools, settings.ToolMode) = (offered,
            _tools.Steps >= _context.ToolLimits.Steps ? ChatToolMode.None
            : _reply.Options?.ToolModeOf(_tools.Steps) ?? ChatToolMode.Auto);
        return ReplyTools.TokensOf(offered);
    }

    ChatOptions SettingsOf(Provider provider, string model) => new()
    {
        MaxOutputTokens = Smallest(_reply.MaxTokens, provider.MaxTokensOf(model) ?? _context.Options.MaxTokens),
        Temperature = (float?)(_reply.Temperature ?? provider.TemperatureOf(model) ?? _context.Options.Temperature),
        Reasoning = EffortOf(_reply.ReasoningEffort) is { } effort ? new() { Effort = effort } : null,
        ResponseFormat = _reply.Options?.ResponseFormat,
        AdditionalProperties = _reply.Options?.IsStrict is { } isStrict
            ? new() { [OpenAIWire.StrictSchema] = isStrict } : null,
    };

    // Where it is not said how long a reply may be, a quarter of the window is kept free for it.
    static long RoomIn(int window, int? maxTokens) => window - Math.Min(maxTokens ?? window / 4, window / 2);

    // What is no clean end of an answer is a failure, and says which; the text stays.
    ReplyEnd EndOf(ModelResult result)
    {
        _writer.Finish();
        var text = _streaming.Read();
        var hasText = (_writer.HasAnswer || _tools.Steps > 0)
            && (HasFile(text) || !string.IsNullOrWhiteSpace(text.Content));
        var fault = result.Fault
            ?? (result.FinishReason == ChatFinishReason.ContentFilter.Value ? ModelFault.Filtered
                : hasText ? null : ModelFault.Empty);
        return new(
            fault is null ? States.Completed : States.Failed, text, result.FinishReason,
            fault is null ? null : new GenerationError(fault.Code, fault.Detail),
            RefusesQuestion: !hasText && result.Fault is { Code: "filtered" or "unsupported_media" })
        {
            OpenCalls = WhyCallsEnd(fault is null ? States.Completed : States.Failed),
        };
    }

    static bool HasFile(ReplyText text) => text.Parts.Items.Any(x => x.Part is FilePart);

    static ReasoningEffort? EffortOf(string? word) => word switch
    {
        "none" => ReasoningEffort.None,
        "low" => ReasoningEffort.Low,
        "medium" => ReasoningEffort.Medium,
        "high" => ReasoningEffort.High,
        _ => null,
    };

    static int? Smallest(int? wanted, int? ceiling) =>
        wanted is { } some && ceiling is { } most ? Math.Min(some, most) : wanted ?? ceiling;
}
