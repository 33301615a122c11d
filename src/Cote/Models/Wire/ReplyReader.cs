using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// Reads the events of one answer. Its rules, for both wires: what has come decides how a reply ends, so nothing behind
/// a finish reason or <c>[DONE]</c> can fail it; what carries nothing is passed over; and what is no reply is not asked
/// for again, because the model has run and is paid.
/// </summary>
sealed class ReplyReader
{
    const int MaxUnexplained = 4_096;

    readonly WireAnswer _answer;
    readonly UsageDetails _usage = new();
    ChatResponseUpdate _update = new();
    bool _isRecognized;
    bool _hasText;
    bool _hasDeltas;
    string? _unexplained;

    /// <summary>A reader of one answer.</summary>
    /// <param name="wire">The provider's API.</param>
    /// <param name="by">The wire, provider and model, as <see cref="SealedReasoning"/> names them.</param>
    public ReplyReader(Wire wire, string by)
    {
        By = by;
        _answer = wire.Open(this);
    }

    /// <summary>Who answers, as <see cref="SealedReasoning"/> names it.</summary>
    public string By { get; }

    /// <summary>How much text has come, in UTF-16 units.</summary>
    public int TextLength { get; private set; }

    /// <summary>Whether a finish reason has come: from here on nothing can fail the answer.</summary>
    public bool HasFinished { get; private set; }

    /// <summary>Whether the end of the answer has come: nothing more is read.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What the answer failed with; what the same event gave is shown before.</summary>
    public ModelFaultException? Failure { get; private set; }

    /// <summary>Takes an event; null where it carries nothing.</summary>
    public ChatResponseUpdate? Take(WireEvent e)
    {
        _update = new ChatResponseUpdate { Role = ChatRole.Assistant };
        var wasRecognized = _isRecognized;
        _isRecognized = false;
        var data = e.Data.Span.Trim(" \t\r\n"u8);
        if (IsDone(data))
            End();
        else if (data is [(byte)'{' or (byte)'[', ..])
            TakeJson(e);
        else if (e.Type == "error")
            Fail(data.IsEmpty
                ? new ModelFaultException(_hasText || wasRecognized ? ModelFault.Truncated : ModelFault.Broken)
                : Error(UpstreamError.Of(Encoding.UTF8.GetString(data)), isWhole: false));
        else
            Remember(data);
        var isNew = _isRecognized || _update.Contents.Count > 0 || _update.FinishReason is not null;
        _isRecognized |= wasRecognized;
        return isNew ? _update : null;
    }

    /// <summary>Judges the end of a body that did not say that it is over.</summary>
    /// <param name="events">The body that was read.</param>
    /// <param name="isWhole">Whether the transport tells a whole body from one that broke off.</param>
    public ModelFault? Close(EventReader events, bool isWhole) =>
        HasFinished || IsOver ? null
        : events.Break is InvalidDataException && !_hasText ? ModelFault.Unreadable
        : events.Break is not null ? _hasText ? ModelFault.Truncated : ModelFault.Broken
        : _isRecognized ? null // Without a finish reason, and so truncated.
        : (_unexplained ?? events.Stray) is { } text ? ErrorIn(text)
        : isWhole ? ModelFault.Unreadable : ModelFault.Broken;

    /// <summary>Marks the JSON as a part of an answer, even if it carries no text.</summary>
    public void Recognize() => _isRecognized = true;

    /// <summary>Adds text.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="isWhole">
    /// Whether it stands where whole answers stand. Some servers stream deltas and repeat the whole at the end.
    /// </param>
    public void AddText(string? text, bool isWhole)
    {
        if (string.IsNullOrEmpty(text) || (isWhole && _hasDeltas))
            return;
        _hasDeltas |= !isWhole;
        _hasText = true;
        TextLength += text.Length;
        _update.Contents.Add(new TextContent(text));
    }

    /// <summary>Adds what is neither text nor a thought: a call, a citation, a picture, a sign of life.</summary>
    public void Add(AIContent content) => _update.Contents.Add(content);

    /// <summary>Adds a thought of the model, which is no text of its answer.</summary>
    public void AddReasoning(string? text)
    {
        if (!string.IsNullOrEmpty(text))
            _update.Contents.Add(new TextReasoningContent(text));
    }

    /// <summary>Adds what the provider demands back of its thoughts.</summary>
    public void AddSealed(Action<Utf8JsonWriter> writeData)
    {
        if (SealedReasoning.Seal(By, writeData) is { } content)
            _update.Contents.Add(content);
    }

    /// <summary>Adds what the provider counted. Servers repeat it, send it in halves, and send zeros at last.</summary>
    public void AddUsage(long? input, long? output, long? cached = null, long? reasoning = null)
    {
        if (input is not > 0 && output is not > 0)
            return;
        _usage.InputTokenCount = input is > 0 ? input : _usage.InputTokenCount;
        _usage.OutputTokenCount = output is > 0 ? output : _usage.OutputTokenCount;
        _usage.TotalTokenCount = (_usage.InputTokenCount ?? 0) + (_usage.OutputTokenCount ?? 0);
        _usage.CachedInputTokenCount = cached is > 0 ? cached : _usage.CachedInputTokenCount;
        _usage.ReasoningTokenCount = reasoning is > 0 ? reasoning : _usage.ReasoningTokenCount;
        _update.Contents.Add(new UsageContent(new UsageDetails
        {
            InputTokenCount = _usage.InputTokenCount,
            OutputTokenCount = _usage.OutputTokenCount,
            TotalTokenCount = _usage.TotalTokenCount,
            CachedInputTokenCount = _usage.CachedInputTokenCount,
            ReasoningTokenCount = _usage.ReasoningTokenCount,
        }));
    }

    /// <summary>Takes the finish reason; the first one counts.</summary>
    public void Finish(string word)
    {
        if (HasFinished)
            return;
        var (reason, fault) = FinishReasons.Of(word);
        if (fault is not null)
        {
            Fail(new ModelFaultException(fault));
            return;
        }
        _answer.Complete(isCut: reason == ChatFinishReason.Length);
        // Servers that call tools and say `stop` mean the calls.
        var calls = reason == ChatFinishReason.Stop && _update.Contents.Any(x => x is FunctionCallContent);
        (_update.FinishReason, HasFinished) = (calls ? ChatFinishReason.ToolCalls : reason, true);
    }

    /// <summary>Takes the mark behind the answer, which is a finish reason where there was none.</summary>
    public void End()
    {
        if (Failure is null)
            Finish("stop");
        if (HasFinished)
            _answer.Complete(isCut: false);
        IsOver = true;
    }

    void TakeJson(WireEvent e)
    {
        try
        {
            using var json = JsonDocument.Parse(e.Data);
            // Gemini sends its errors, and some servers all their chunks, in an array.
            if (json.RootElement.ValueKind == JsonValueKind.Array)
                foreach (var element in json.RootElement.EnumerateArray())
                    TakeObject(element, e);
            else
                TakeObject(json.RootElement, e);
        }
        catch (JsonException)
        {
            // A chunk that is broken is a fault; a line in brackets, and one that the end of the body cut, is none.
            if (e.IsUnfinished || e.IsBare || e.Data.Span.TrimStart(" \t\r\n"u8)[0] != (byte)'{')
                Remember(e.Data.Span);
            else
                Fail(new ModelFaultException(ModelFault.Unreadable));
        }
    }

    void TakeObject(JsonElement json, WireEvent e)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return;
        var error = UpstreamError.Find(json, e.Type == "error");
        var known = _isRecognized;
        // First what stands beside the error, so that a reply keeps its text.
        _answer.Read(json, e.IsBare);
        if (error is not null)
            Fail(Error(error, e.IsBare));
        else if (_isRecognized == known && _update.Contents.Count == 0)
            Remember(e.Data.Span);
    }

    void Fail(ModelFaultException failure)
    {
        if (!HasFinished)
            Failure = failure;
    }

    // A body that is nothing but an error is the same at every call.
    static UpstreamErrorException Error(UpstreamError error, bool isWhole)
    {
        var fault = error.ToFault();
        return new(error, null, isWhole ? fault with { Retryable = false } : fault);
    }

    void Remember(ReadOnlySpan<byte> data)
    {
        if (_unexplained is null && !data.IsEmpty)
            _unexplained = Encoding.UTF8.GetString(data[..Math.Min(data.Length, MaxUnexplained)]);
    }

    // Text that is all that came may still say what is wrong.
    static ModelFault ErrorIn(string text)
    {
        var fault = UpstreamError.Of(text).ToFault();
        return fault.Code == ModelFault.Unreadable.Code ? ModelFault.Unreadable : fault with { Retryable = false };
    }

    static bool IsDone(ReadOnlySpan<byte> data)
    {
        data = data.Trim("\"' \t[]"u8);
        return Ascii.EqualsIgnoreCase(data, "DONE"u8);
    }
}
