using System.Text;
using System.Text.Json;
using Cote.Models;

namespace Cote.Dialects.OpenAI;

/// <summary>A call of a provider that speaks another API; its answer is written as chat completions.</summary>
sealed class TranslatedCall(
    GatewayRequest request, ChatPrompt prompt, GatewayOutput output, CallMeter meter, ModelCallLimits limits,
    Clock clock) : GatewayCall
{
    readonly string _id = $"chatcmpl-{clock.NewId()}";
    readonly long _created = clock.Now.Milliseconds / 1_000;
    readonly StringBuilder _text = new();
    readonly StringBuilder _thought = new();
    readonly List<ToolCallUpdate> _calls = [];
    readonly List<CitationUpdate> _citations = [];
    readonly List<FileUpdate> _files = [];

    public override async Task<(ModelFault? Fault, Exception? Error)> TryAsync(long? most, CancellationToken ct)
    {
        var options = prompt.Options.Clone();
        var limit = Math.Min(
            request.Limits.Select(x => x.Tokens).DefaultIfEmpty(long.MaxValue).Min(),
            most ?? request.Provider.MaxTokensOf(request.Model) ?? long.MaxValue);
        options.MaxOutputTokens = limit < int.MaxValue ? (int)limit : null;
        var call = new ModelCall(
            request.Provider, request.Model, prompt.Messages, options, limits, clock, meter);
        await foreach (var update in call.RunAsync(ct))
            if (update is ModelResult result)
            {
                if (result.Fault is null)
                    await FinishAsync(result.FinishReason, ct);
                return (result.Fault, result.Error);
            }
            else if (request.IsStream)
                await SendAsync(update, ct);
            else
                Collect(update);
        return (ModelFault.Truncated, null);
    }

    async Task FinishAsync(string? reason, CancellationToken ct)
    {
        if (!request.IsStream)
        {
            await output.WriteAsync(Write("chat.completion", WriteMessage, reason ?? "stop", withUsage: true), 200, ct);
            return;
        }
        await BeginAsync(ct);
        await SendAsync(json => { }, reason ?? "stop", ct);
        if (request.WantsUsage)
            await output.WriteEventAsync(null, Write("chat.completion.chunk", null, null, withUsage: true), ct);
        await output.EndAsync(saysDone: true, ct);
    }

    void Collect(ModelUpdate update)
    {
        switch (update)
        {
            case TextUpdate text:
                _text.Append(text.Text);
                break;
            case ThoughtUpdate thought:
                _thought.Append(thought.Text);
                break;
            case ToolCallUpdate call:
                _calls.Add(call);
                break;
            case CitationUpdate citation:
                _citations.Add(citation);
                break;
            case FileUpdate file:
                _files.Add(file);
                break;
        }
    }

    async Task SendAsync(ModelUpdate update, CancellationToken ct)
    {
        if (update is Retrying or SealedUpdate)
            return;
        await BeginAsync(ct);
        await SendAsync(json =>
        {
            switch (update)
            {
                case TextUpdate text:
                    json.WriteString("content"u8, text.Text);
                    break;
                case ThoughtUpdate thought:
                    json.WriteString("reasoning_content"u8, thought.Text);
                    break;
                case ToolCallUpdate call:
                    _calls.Add(call);
                    WriteCalls(json, [call], _calls.Count - 1);
                    break;
                case CitationUpdate citation:
                    WriteCitations(json, [citation]);
                    break;
                case FileUpdate file:
                    WriteFiles(json, [file]);
                    break;
            }
        }, null, ct);
    }

    async Task BeginAsync(CancellationToken ct)
    {
        if (!output.HasBegun)
            await SendAsync(json =>
            {
                json.WriteString("role"u8, "assistant");
                json.WriteString("content"u8, "");
            }, null, ct);
    }

    Task SendAsync(Action<Utf8JsonWriter> delta, string? reason, CancellationToken ct) =>
        output.WriteEventAsync(null, Write("chat.completion.chunk", delta, reason, withUsage: false), ct);

    // Null in place of the turn is the chunk that tells the usage, which has no choice.
    byte[] Write(string kind, Action<Utf8JsonWriter>? turn, string? reason, bool withUsage) => ApiResults.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("id"u8, _id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, _created);
        json.WriteString("model"u8, request.Asked);
        json.WriteStartArray("choices"u8);
        if (turn is not null)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, 0);
            json.WriteStartObject(request.IsStream ? "delta"u8 : "message"u8);
            turn(json);
            json.WriteEndObject();
            json.WriteNull("logprobs"u8);
            json.WriteString("finish_reason"u8, reason);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (withUsage && meter.Read() is { } usage)
            OpenAIUsage.Write(json, usage);
        json.WriteEndObject();
    });

    void WriteMessage(Utf8JsonWriter json)
    {
        json.WriteString("role"u8, "assistant");
        json.WriteString("content"u8, _text.Length > 0 || _calls.Count == 0 ? _text.ToString() : null);
        json.WriteNull("refusal"u8);
        if (_thought.Length > 0)
            json.WriteString("reasoning_content"u8, _thought.ToString());
        if (_calls.Count > 0)
            WriteCalls(json, _calls, null);
        if (_citations.Count > 0)
            WriteCitations(json, _citations);
        if (_files.Count > 0)
            WriteFiles(json, _files);
    }

    static void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ToolCallUpdate> calls, int? index)
    {
        json.WriteStartArray("tool_calls"u8);
        foreach (var call in calls.Select(x => x.Call))
            CompletionJson.WriteCall(json, index, call.CallId, call.Name, ToolJson.ArgumentsOf(call));
        json.WriteEndArray();
    }

    static void WriteCitations(Utf8JsonWriter json, IReadOnlyList<CitationUpdate> citations)
    {
        json.WriteStartArray("annotations"u8);
        foreach (var citation in citations)
            CompletionJson.WriteCitation(
                json, citation.Url?.OriginalString ?? "", citation.Title, citation.Start ?? 0, citation.End ?? 0);
        json.WriteEndArray();
    }

    // A form of its own OpenAI's API has not; routers of many models write them so.
    static void WriteFiles(Utf8JsonWriter json, IReadOnlyList<FileUpdate> files)
    {
        json.WriteStartArray("images"u8);
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "image_url");
            json.WriteStartObject("image_url"u8);
            json.WriteString("url"u8, $"data:{file.ContentType};base64,{Convert.ToBase64String(file.Bytes.Span)}");
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
