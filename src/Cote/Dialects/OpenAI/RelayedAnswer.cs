using System.Text;
using System.Text.Json;
using Cote.Models;
using Microsoft.Extensions.AI;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// What the gateway reads of an answer that it hands on: its end, its usage, and whether it says anything.
/// </summary>
abstract class RelayedAnswer
{
    /// <summary>The answer of a route.</summary>
    public static RelayedAnswer Of(GatewayRequest request) =>
        request.Route == GatewayRoute.Chat ? new ChatChunks(request.WantsUsage)
        : request.Route == GatewayRoute.Responses ? new ResponseEvents()
        : request.Route == GatewayRoute.Transcriptions ? new TranscriptEvents() : new WholeAnswer("data");

    /// <summary>Whether anything came that the model has made.</summary>
    public bool HasContent { get; protected set; }

    /// <summary>Whether it came to its end.</summary>
    public bool IsComplete { get; protected set; }

    /// <summary>Whether the stream has a last event that says so.</summary>
    public virtual bool SaysDone => false;

    /// <summary>Whether an answer that is no JSON is one all the same.</summary>
    public virtual bool TakesText => false;

    /// <summary>Reads an answer that is text.</summary>
    public virtual void TakeText(ReadOnlySpan<byte> text, CallMeter meter) => throw new NotSupportedException();

    /// <summary>Reads one event of a stream; false where it is not the client's.</summary>
    public abstract bool Take(JsonElement json, CallMeter meter);

    /// <summary>Reads an answer that is no stream; false where it is none of this route.</summary>
    public abstract bool TakeWhole(JsonElement json, CallMeter meter);

    /// <summary>Tells the meter what came.</summary>
    protected static void Meter(CallMeter meter, JsonElement? usage, bool isFinished, params IEnumerable<string?> texts)
    {
        List<AIContent> contents = [.. texts.Where(x => x is { Length: > 0 }).Select(x => new TextContent(x))];
        if (OpenAIUsage.Of(usage) is { } counted)
            contents.Add(new UsageContent(counted));
        meter.Take(new ChatResponseUpdate
        {
            Contents = contents,
            FinishReason = isFinished ? ChatFinishReason.Stop : null,
        });
    }
}

/// <summary>Chat completions, whole or in chunks.</summary>
sealed class ChatChunks(bool wantsUsage) : RelayedAnswer
{
    readonly HashSet<long> _open = [];
    bool _hasFinished;

    public override bool SaysDone => true;

    public override bool Take(JsonElement json, CallMeter meter)
    {
        var choices = json.Member("choices", JsonValueKind.Array);
        var texts = new List<string?>();
        foreach (var choice in choices?.EnumerateArray() ?? default)
        {
            var index = choice.Count("index") ?? 0;
            _open.Add(index);
            AddTexts(choice.Member("delta") ?? default, texts);
            if (choice.String("finish_reason") is { Length: > 0 })
            {
                _hasFinished = true;
                _open.Remove(index);
            }
        }
        HasContent |= texts.Exists(x => x is { Length: > 0 });
        IsComplete = _hasFinished && _open.Count == 0;
        var usage = json.Member("usage", JsonValueKind.Object);
        Meter(meter, usage, IsComplete, texts);
        return wantsUsage || usage is null || choices?.GetArrayLength() > 0;
    }

    public override bool TakeWhole(JsonElement json, CallMeter meter)
    {
        if (json.Member("choices", JsonValueKind.Array) is not { } choices)
            return false;
        var texts = new List<string?>();
        foreach (var choice in choices.EnumerateArray())
            AddTexts(choice.Member("message") ?? default, texts);
        (HasContent, IsComplete) = (true, true);
        Meter(meter, json.Member("usage"), isFinished: true, texts);
        return true;
    }

    static void AddTexts(JsonElement turn, List<string?> texts)
    {
        texts.AddRange([turn.String("content"), turn.String("reasoning_content"), turn.String("reasoning"),
            turn.String("refusal"), turn.Member("audio")?.String("transcript")]);
        foreach (var call in turn.Member("tool_calls", JsonValueKind.Array)?.EnumerateArray() ?? default)
            texts.AddRange([call.Member("function")?.String("name"), call.Member("function")?.String("arguments"),
                call.Member("custom")?.String("input")]);
    }
}

/// <summary>Responses, whole or in events.</summary>
sealed class ResponseEvents : RelayedAnswer
{
    public override bool Take(JsonElement json, CallMeter meter)
    {
        var type = json.String("type");
        if (type == "response.failed")
        {
            var error = UpstreamError.Of(json.Member("response")?.Member("error") ?? json);
            throw new UpstreamErrorException(error, null, error.ToFault());
        }
        IsComplete |= type is "response.completed" or "response.incomplete";
        var delta = json.String("delta");
        HasContent |= delta is { Length: > 0 };
        Meter(meter, json.Member("response")?.Member("usage"), IsComplete, delta);
        return true;
    }

    public override bool TakeWhole(JsonElement json, CallMeter meter)
    {
        if (json.Member("output", JsonValueKind.Array) is not { } output)
            return false;
        if (json.String("status") == "failed")
        {
            var error = UpstreamError.Of(json);
            throw new UpstreamErrorException(error, null, error.ToFault());
        }
        (HasContent, IsComplete) = (true, true);
        Meter(meter, json.Member("usage"), isFinished: true, output.EnumerateArray()
            .SelectMany(x => x.Member("content", JsonValueKind.Array)?.EnumerateArray().Select(y => y.String("text"))
                ?? [x.String("arguments")]));
        return true;
    }
}

/// <summary>An answer that is never a stream.</summary>
/// <param name="member">What it must have.</param>
sealed class WholeAnswer(string member) : RelayedAnswer
{
    public override bool Take(JsonElement json, CallMeter meter) =>
        throw new ModelFaultException(ModelFault.Unreadable);

    public override bool TakeWhole(JsonElement json, CallMeter meter)
    {
        if (json.Member(member) is null)
            return false;
        (HasContent, IsComplete) = (true, true);
        Meter(meter, json.Member("usage"), isFinished: true);
        return true;
    }
}

/// <summary>Transcripts, whole, in events or as text.</summary>
sealed class TranscriptEvents : RelayedAnswer
{
    public override bool TakesText => true;

    public override void TakeText(ReadOnlySpan<byte> text, CallMeter meter) =>
        Take(null, Encoding.UTF8.GetString(text), meter);

    public override bool Take(JsonElement json, CallMeter meter)
    {
        var delta = json.String("delta");
        HasContent |= delta is { Length: > 0 };
        IsComplete |= json.String("type") == "transcript.text.done";
        Meter(meter, json.Member("usage"), IsComplete, delta);
        return true;
    }

    public override bool TakeWhole(JsonElement json, CallMeter meter)
    {
        if (json.String("text") is not { } text)
            return false;
        Take(json.Member("usage"), text, meter);
        return true;
    }

    void Take(JsonElement? usage, string text, CallMeter meter)
    {
        (HasContent, IsComplete) = (true, true);
        Meter(meter, usage, isFinished: true, text);
    }
}
