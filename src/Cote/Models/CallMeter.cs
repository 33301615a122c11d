using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>What one call of a model used, in tokens.</summary>
/// <param name="Input">All of the input, what came from a cache included.</param>
/// <param name="Output">All of the output, thoughts included.</param>
/// <param name="Cached">What of the input came from a cache; null where the provider does not say.</param>
/// <param name="Reasoning">What of the output was thought; null where the provider does not say.</param>
/// <param name="IsEstimated">Whether the provider did not count it to the end.</param>
sealed record CallUsage(long Input, long Output, long? Cached = null, long? Reasoning = null, bool IsEstimated = false)
{
    /// <summary>The <see cref="TokenRatio"/> of the input, in thousandths; null where the provider does not
    /// say.</summary>
    public long? InputRatio { get; init; }
}

/// <summary>
/// Counts what a call uses, whatever ends it. What the provider counted holds where the answer came to its end;
/// otherwise the text that came is estimated, and a call that was refused before anything came used nothing.
/// </summary>
/// <param name="promptTokens">About how many tokens the prompt has.</param>
/// <param name="estimate">The same by <see cref="TokenEstimate"/> alone; 0 where nothing is to be learnt.</param>
sealed class CallMeter(long promptTokens, long estimate = 0)
{
    const long MostTokens = 100_000_000;

    UsageDetails? _counted;
    long _quarters;
    bool _isMade;
    bool _hasBegun;
    bool _hasFinished;
    bool _isRefused;

    /// <summary>A call begins; what was counted before belongs to another one.</summary>
    public void Begin() =>
        (_counted, _quarters, _isMade, _hasBegun, _hasFinished, _isRefused) = (null, 0, true, false, false, false);

    /// <summary>What it has counted is settled, and the next call has not begun.</summary>
    public void Settle() => _isMade = false;

    /// <summary>Counts an update.</summary>
    public void Take(ChatResponseUpdate update)
    {
        _hasBegun = true;
        _hasFinished |= update.FinishReason is not null;
        foreach (var content in update.Contents)
            if (content is UsageContent { Details: { InputTokenCount: > 0 } or { OutputTokenCount: > 0 } } usage)
                _counted = usage.Details;
            else if (content is TextContent text)
                _quarters += TokenEstimate.Quarters(text.Text);
            else if (content is TextReasoningContent thought)
                _quarters += TokenEstimate.Quarters(thought.Text);
            else if (content is FunctionCallContent call)
                _quarters += TokenEstimate.Quarters(call.Name) + TokenEstimate.Quarters(ToolJson.ArgumentsOf(call));
    }

    /// <summary>The call has ended.</summary>
    public void End(ModelFault? fault, Exception? error) =>
        _isRefused = !_hasBegun && fault is not null && IsRefusal(fault, error);

    /// <summary>What the call has used so far; null where none has begun.</summary>
    public CallUsage? Read()
    {
        if (!_isMade)
            return null;
        if (_isRefused)
            return new(0, 0);
        var isWhole = _hasFinished && _counted is { InputTokenCount: > 0, OutputTokenCount: not null };
        var output = _counted?.OutputTokenCount ?? 0;
        return new CallUsage(
            Bound(_counted?.InputTokenCount is { } input and > 0 ? input : Math.Max(1, promptTokens)),
            Bound(isWhole ? output : Math.Max(output, (_quarters + 3) / 4)),
            _counted?.CachedInputTokenCount is { } cached ? Bound(cached) : null,
            _counted?.ReasoningTokenCount is { } thought ? Bound(thought) : null,
            !isWhole)
        {
            InputRatio = _counted?.InputTokenCount is > 0 and var counted
                ? TokenRatio.Of(Bound(counted), estimate) : null,
        };
    }

    /// <summary>
    /// Whether a call that failed before anything came was refused, and costs nothing. One that broke off, or was met
    /// with silence, may have run all the same, and is paid.
    /// </summary>
    public static bool IsRefusal(ModelFault fault, Exception? error) => error is UpstreamErrorException
        || error is HttpRequestException { StatusCode: not null } or HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
        }
        || !(fault.Code == ModelFault.Broken.Code || fault.Code == ModelFault.Timeout.Code
            || fault.Code == ModelFault.Truncated.Code);

    static long Bound(long tokens) => Math.Clamp(tokens, 0, MostTokens);
}
