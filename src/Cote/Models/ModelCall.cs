using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>How long a model call may take.</summary>
/// <param name="FirstToken">Until the first text; chunks without text do not renew it.</param>
/// <param name="Stall">Between two chunks after that.</param>
/// <param name="Retries">How many more calls are made after faults that a repetition can mend, before the first
/// text.</param>
/// <param name="RetryWithin">The time within which such a call must begin.</param>
/// <param name="Usage">How long the call waits for usage and the end of the stream after its finish reason.</param>
sealed record ModelCallLimits(TimeSpan FirstToken, TimeSpan Stall, int Retries, TimeSpan RetryWithin, TimeSpan Usage);

/// <summary>What a model call yields.</summary>
abstract record ModelUpdate;

/// <summary>
/// The call failed before its first text and is made once more. What must be done before that is done while this update
/// is handled: the next call begins when the next update is asked for.
/// </summary>
sealed record Retrying(ModelFault Fault, TimeSpan Wait) : ModelUpdate;

/// <summary>Text of the answer, well-formed and never empty.</summary>
sealed record TextUpdate(string Text) : ModelUpdate;

/// <summary>Text of a thought, well-formed and never empty.</summary>
sealed record ThoughtUpdate(string Text) : ModelUpdate;

/// <summary>A citation; its range is one of the text of this call, in UTF-16 units.</summary>
sealed record CitationUpdate(string Title, Uri? Url, string? Snippet, int? Start, int? End) : ModelUpdate;

/// <summary>A file that the model made.</summary>
sealed record FileUpdate(string ContentType, string? Name, ReadOnlyMemory<byte> Bytes) : ModelUpdate
{
    /// <summary>Whether it is a text, whatever its beginning looks like: the output of a tool may be a page.</summary>
    public bool IsText { get; init; }
}

/// <summary>The model asks for a tool.</summary>
sealed record ToolCallUpdate(FunctionCallContent Call) : ModelUpdate;

/// <summary>What the provider demands back of the model's thoughts; it is never shown.</summary>
sealed record SealedUpdate(string Data) : ModelUpdate;

/// <summary>The last update.</summary>
/// <param name="Fault">What went wrong, or null.</param>
/// <param name="FinishReason">How the model ended its answer, or null where it did not come to that.</param>
/// <param name="Usage">What the provider counted, or null.</param>
/// <param name="Error">The exception behind <paramref name="Fault"/>, for the log.</param>
sealed record ModelResult(ModelFault? Fault, string? FinishReason, UsageDetails? Usage,
    Exception? Error = null) : ModelUpdate;

/// <summary>
/// One answer of a model: a prompt in, text, thoughts, files, usage and a fault out. It makes the call again where a
/// repetition can help and nothing but thoughts was yielded yet, and watches how long the model is silent.
/// </summary>
sealed class ModelCall(
    Provider provider, string model, IReadOnlyList<ChatMessage> prompt, ChatOptions options, ModelCallLimits limits,
    Clock clock, CallMeter meter)
{
    WellFormedText _text = new();
    WellFormedText _thought = new();
    ThinkTags? _tags;
    bool _hasAnswer;
    string? _finishReason;
    UsageDetails? _usage;

    /// <summary>
    /// Runs the call. Throws only <see cref="OperationCanceledException"/>, where <paramref name="ct"/> is cancelled.
    /// </summary>
    public async IAsyncEnumerable<ModelUpdate> RunAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var began = clock.Ticks;
        for (var retries = 0; ; retries++)
        {
            Exception? error = null;
            ModelFault? fault = null;
            (_text, _thought, _tags) = (new(), new(), provider.ThinkTags ? new() : null);
            meter.Begin();
            using var seen = provider.WatchOf(model).Begin(clock, retries > 0);
            using var measured = MeasuredCall.Begin(MeasuredCall.Chat, provider, model, meter, clock);
            await using (var stream = new Stream(
                () => provider.Open(model), prompt, options, limits, clock, measured.Span, ct))
            {
                while (fault is null)
                {
                    (var update, fault, error) = await stream.NextAsync(_hasAnswer, _finishReason is not null);
                    if (update is null)
                        break;
                    if (update.Contents.Count > 0)
                        measured.OnContent();
                    foreach (var piece in Take(update))
                        yield return piece;
                }
            }
            // Once the finish reason has come, nothing that follows can fail the answer.
            if (_finishReason is not null)
                (fault, error) = (null, null);
            else
                fault ??= ModelFault.Truncated;
            meter.End(fault, error);
            seen.End(fault);
            measured.End(fault, _finishReason);
            if (fault is null || !fault.Retryable
                || _hasAnswer || retries == limits.Retries || WaitFor(fault, retries, began) is not { } wait)
            {
                foreach (var piece in Finish())
                    yield return piece;
                yield return new ModelResult(fault, _finishReason, _usage, error);
                yield break;
            }
            yield return new Retrying(fault, wait);
            await Task.Delay(wait, clock.Provider, ct);
        }
    }

    IEnumerable<ModelUpdate> Take(ChatResponseUpdate update)
    {
        _finishReason ??= update.FinishReason?.Value;
        meter.Take(update);
        foreach (var content in update.Contents)
            switch (content)
            {
                case UsageContent { Details: var usage }:
                    if (usage is { InputTokenCount: > 0 } or { OutputTokenCount: > 0 } || _usage is null)
                        _usage = usage;
                    break;
                case TextReasoningContent thought:
                    foreach (var piece in Take([(true, thought.Text)]))
                        yield return piece;
                    if (thought.ProtectedData is { Length: > 0 } data)
                        yield return new SealedUpdate(data);
                    break;
                case FunctionCallContent call:
                    _hasAnswer = true;
                    yield return new ToolCallUpdate(call);
                    break;
                case TextContent text:
                    foreach (var piece in Take(_tags?.Next(text.Text) ?? [(false, text.Text)]))
                        yield return piece;
                    foreach (var citation in text.Annotations?.OfType<CitationAnnotation>() ?? [])
                        yield return Citation(citation);
                    break;
                case DataContent file when file.Data.Length > 0:
                    _hasAnswer = true;
                    yield return new FileUpdate(file.MediaType, file.Name, file.Data);
                    break;
            }
    }

    IEnumerable<ModelUpdate> Take(IReadOnlyList<(bool IsReasoning, string Text)> pieces)
    {
        foreach (var (isReasoning, text) in pieces)
            if (isReasoning)
            {
                if (_thought.Next(text) is { Length: > 0 } thought)
                    yield return new ThoughtUpdate(thought);
            }
            else if (_text.Next(text) is { Length: > 0 } answer)
            {
                _hasAnswer = true;
                yield return new TextUpdate(answer);
            }
    }

    // What was held back, at the end of the answer.
    IEnumerable<ModelUpdate> Finish()
    {
        foreach (var piece in Take(_tags?.Finish() ?? []))
            yield return piece;
        if (_thought.Finish() is { Length: > 0 } thought)
            yield return new ThoughtUpdate(thought);
        if (_text.Finish() is { Length: > 0 } rest)
            yield return new TextUpdate(rest);
    }

    static CitationUpdate Citation(CitationAnnotation citation)
    {
        var region = citation.AnnotatedRegions?.OfType<TextSpanAnnotatedRegion>().FirstOrDefault();
        return new(citation.Title ?? "", citation.Url, citation.Snippet, region?.StartIndex, region?.EndIndex);
    }

    // What the provider asks for, else twice as long each time; null where that is beyond the time for retries.
    TimeSpan? WaitFor(ModelFault fault, int retries, long began)
    {
        var wait = fault.WaitBefore(retries);
        return clock.Since(began) + wait <= limits.RetryWithin ? wait : null;
    }

    /// <summary>The stream of one call, with its silence timer.</summary>
    sealed class Stream(
        Func<IChatClient> open, IReadOnlyList<ChatMessage> prompt, ChatOptions options, ModelCallLimits limits,
        Clock clock, Activity? span,
        CancellationToken stop) : IAsyncDisposable
    {
        readonly CancellationTokenSource _silence = new(Timeout.InfiniteTimeSpan, clock.Provider);
        long _began = clock.Ticks;
        CancellationTokenSource? _either;
        IAsyncEnumerator<ChatResponseUpdate>? _updates;
        long? _finishedAt;
        bool _isOver;

        /// <summary>The next update, or a fault; neither at the end of the stream.</summary>
        public async ValueTask<(ChatResponseUpdate? Update, ModelFault? Fault, Exception? Error)> NextAsync(
            bool hasText, bool hasFinished)
        {
            if (span is not null)
                Activity.Current = span; // What the provider's client does is a part of it.
            if (hasFinished)
                _finishedAt ??= clock.Ticks;
            var allowed = _finishedAt is { } at ? limits.Usage - clock.Since(at)
                : hasText ? limits.Stall
                : limits.FirstToken - clock.Since(_began);
            _silence.CancelAfter(allowed > TimeSpan.Zero ? allowed : TimeSpan.Zero);
            try
            {
                _either ??= CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, stop);
                _updates ??= open().GetStreamingResponseAsync(prompt, options.Clone(), _either.Token)
                    .GetAsyncEnumerator(_either.Token);
                if (!await _updates.MoveNextAsync())
                {
                    _isOver = true;
                    return default;
                }
                // A model that thinks aloud is at work; chunks that carry nothing prove no more than a proxy does.
                if (_updates.Current.Contents.Any(x => x is ToolCallProgress
                    or TextReasoningContent { Text.Length: > 0 } or TextContent { Text.Length: > 0 }))
                    _began = clock.Ticks;
                return (_updates.Current, null, null);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Half a character that was held back is left out: the stop cut it off, the model did not break it.
                throw;
            }
            catch (OperationCanceledException) when (_silence.IsCancellationRequested)
            {
                return (null, hasText ? ModelFault.Stalled : ModelFault.NoFirstToken, null);
            }
#pragma warning disable CA1031 // A provider is foreign code: whatever it throws is a fault of the model.
            catch (Exception error)
#pragma warning restore CA1031
            {
                stop.ThrowIfCancellationRequested();
                return (null, ModelFault.Of(error), error);
            }
        }

        public async ValueTask DisposeAsync()
        {
            // The connection to the model closes, whatever the provider still reads from it.
            if (_either is not null && !_isOver)
                await _either.CancelAsync();
            try
            {
                await (_updates?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
#pragma warning disable CA1031 // A provider's clean-up can fail in any way, and the answer is decided by now.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
            _either?.Dispose();
            _silence.Dispose();
        }
    }
}
