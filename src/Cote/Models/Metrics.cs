using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cote.Primitives;

namespace Cote.Models;

/// <summary>
/// Every instrument of this room, by the names of OpenTelemetry's conventions for generative AI where there is one.
/// Each stands in docs/operations.md.
/// </summary>
static class ModelMetrics
{
    public static readonly Histogram<double> Duration = Instruments.LongTimes(
        "gen_ai.client.operation.duration", "The time of a call of a model, from its request to its end.");

    public static readonly Histogram<double> FirstChunk = Instruments.LongTimes(
        "gen_ai.client.operation.time_to_first_chunk", "The time from a call's request to its first content.");

    public static readonly Histogram<long> Tokens = Instruments.Counts(
        "gen_ai.client.token.usage", "{token}", "Tokens of a call of a model, estimated where nobody counted them.",
        1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304);

    public static readonly Counter<long> Faults = Instruments.Meter.CreateCounter<long>(
        "cote.provider.faults", "{call}", "Calls of models that failed.");
}

/// <summary>
/// One request to a provider as it is measured, and as the span <c>chat model</c> of the trace that it belongs to. A
/// call that is made again is another one. Three records a call and none a chunk.
/// </summary>
sealed class MeasuredCall : IDisposable
{
    public const string Chat = "chat";

    const string Cancelled = "cancelled";

    readonly Clock _clock;
    readonly long _began;
    readonly string _operation;
    readonly string _provider;
    readonly string _model;
    readonly CallMeter? _meter;
    bool _hasContent;
    bool _hasEnded;

    MeasuredCall(string operation, Provider provider, string model, CallMeter? meter, Clock clock)
    {
        (_clock, _began, _operation, _provider, _meter) = (clock, clock.Ticks, operation, provider.Name, meter);
        // A chat may name any model of some providers: what nobody has configured is no label.
        _model = provider.IsConfigured(model) ? model : Instruments.Other;
        if (!Instruments.Source.HasListeners())
            return;
        // It is begun in an iterator, whose caller goes on with what was current before.
        var before = Activity.Current;
        Span = Instruments.Source.StartActivity($"{operation} {_model}", ActivityKind.Client, default(ActivityContext),
            [
                new("gen_ai.operation.name", operation), new("gen_ai.provider.name", _provider),
                new("gen_ai.request.model", _model),
            ]);
        Activity.Current = before;
    }

    /// <summary>The span; null where nobody wants it.</summary>
    public Activity? Span { get; }

    /// <summary>A request begins.</summary>
    /// <param name="operation">As the conventions name it, such as <see cref="Chat"/>.</param>
    /// <param name="provider">Whom it goes to.</param>
    /// <param name="model">The model, by the provider's name for it.</param>
    /// <param name="meter">Counts what it uses; null where nothing does.</param>
    /// <param name="clock">Measures its time.</param>
    public static MeasuredCall Begin(
        string operation, Provider provider, string model, CallMeter? meter, Clock clock) =>
        new(operation, provider, model, meter, clock);

    /// <summary>Content has come; only the first counts.</summary>
    public void OnContent()
    {
        if (_hasContent)
            return;
        _hasContent = true;
        var seconds = _clock.Since(_began).TotalSeconds;
        if (ModelMetrics.FirstChunk.Enabled)
            ModelMetrics.FirstChunk.Record(seconds, Tags());
        Span?.SetTag("gen_ai.response.time_to_first_chunk", seconds);
    }

    /// <summary>The request has ended; what comes after the first end does not count.</summary>
    public void End(ModelFault? fault, string? finishReason = null) => End(fault?.Code, finishReason);

    /// <summary>One that did not come to its end was cancelled: its reply was stopped, or its client left.</summary>
    public void Dispose() => End(Cancelled, null);

    void End(string? error, string? finishReason)
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        var used = Span is not null || ModelMetrics.Tokens.Enabled ? _meter?.Read() : null;
        if (ModelMetrics.Duration.Enabled)
        {
            var tags = Tags();
            if (error is not null)
                tags.Add("error.type", error);
            ModelMetrics.Duration.Record(_clock.Since(_began).TotalSeconds, tags);
        }
        if (error is not null and not Cancelled)
            ModelMetrics.Faults.Add(
                1, new("gen_ai.provider.name", _provider), new("gen_ai.request.model", _model),
                new("error.type", error));
        if (used is not null && ModelMetrics.Tokens.Enabled)
        {
            Count(used.Input, "input");
            Count(used.Output, "output");
        }
        EndSpan(error, finishReason, used);
    }

    void EndSpan(string? error, string? finishReason, CallUsage? used)
    {
        if (Span is null)
            return;
        if (finishReason is not null)
            Span.SetTag("gen_ai.response.finish_reasons", new[] { ReasonOf(finishReason) });
        if (used is not null)
        {
            Span.SetTag("gen_ai.usage.input_tokens", used.Input).SetTag("gen_ai.usage.output_tokens", used.Output);
            if (used.Cached is { } cached)
                Span.SetTag("gen_ai.usage.cache_read.input_tokens", cached);
            if (used.Reasoning is { } reasoning)
                Span.SetTag("gen_ai.usage.reasoning.output_tokens", reasoning);
        }
        if (error is not null)
            Span.SetTag("error.type", error);
        if (error is not null and not Cancelled)
            Span.SetStatus(ActivityStatusCode.Error);
        var before = Activity.Current;
        Span.Stop();
        Activity.Current = before;
    }

    // A provider may write whatever it likes there.
    static string ReasonOf(string reason) =>
        reason is "stop" or "length" or "tool_calls" or "content_filter" ? reason : Instruments.Other;

    void Count(long tokens, string type)
    {
        var tags = Tags();
        tags.Add("gen_ai.token.type", type);
        ModelMetrics.Tokens.Record(tokens, tags);
    }

    TagList Tags() => new()
    {
        { "gen_ai.operation.name", _operation }, { "gen_ai.provider.name", _provider },
        { "gen_ai.request.model", _model },
    };
}
