using System.Text.Json;
using Cote.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>
/// Writes a response as OpenAI's events: those that lead from what it wrote last to what the response is now. The
/// number of an event follows from the response alone, so a stream that goes on after one gets the same as the first
/// did.
/// </summary>
/// <param name="sse">Is written to.</param>
/// <param name="after">The last number that the client has; -1 for none.</param>
sealed class ResponseEventWriter(SseWriter sse, long after)
{
    long _written = after;
    long? _attempt = after >= 0 && ResponseView.AttemptOf(after) is > 0 and var known ? known : null;
    bool _hasBegun;

    /// <summary>
    /// Whether text that was shown, or that the client names, was taken back: it cannot go on.
    /// </summary>
    public bool IsTakenBack(ResponseView view) => _attempt is { } attempt && attempt != view.Attempt;

    /// <summary>Writes what is new. True where the response has ended.</summary>
    public bool Write(ResponseView view, ResponseJson response)
    {
        var items = view.Read(out var next, out var isWhole);
        if (!_hasBegun)
        {
            _hasBegun = true;
            WriteState(0, "response.created", response, "queued");
            WriteState(1, "response.queued", response, "queued");
            WriteState(2, "response.in_progress", response, "in_progress");
        }
        if (items.Count > 0)
            _attempt = view.Attempt;
        for (var place = 0; place < items.Count; place++)
            Write(view, place, items[place]);
        if (!isWhole)
            return false;
        var status = response.StatusOf(isWhole);
        var type = status switch
        {
            "completed" => "response.completed",
            "incomplete" or "cancelled" => "response.incomplete", // There is no event of its own that clients know.
            _ => "response.failed",
        };
        Write(view.NumberOf(next), type, json =>
        {
            json.WritePropertyName("response"u8);
            response.Write(json, status, items);
        });
        return true;
    }

    /// <summary>The one event that ends a stream which cannot go on.</summary>
    public void WriteError(string code, string message) => Write(_written + 1, "error", json =>
    {
        json.WriteString("code"u8, code);
        json.WriteString("message"u8, message);
        json.WriteNull("param"u8);
    });

    void WriteState(long number, string type, ResponseJson response, string status) => Write(number, type, json =>
    {
        json.WritePropertyName("response"u8);
        response.Write(json, status, []);
    });

    void Write(ResponseView view, int place, ResponseItem item)
    {
        var first = view.NumberOf(item.Base);
        if (item.IsDone && first + item.Numbers - 1 <= _written)
            return;
        Write(first, "response.output_item.added", json =>
        {
            json.WriteNumber("output_index"u8, place);
            json.WritePropertyName("item"u8);
            if (item is ApprovalItem)
                ItemJson.Write(json, item);
            else
                ItemJson.WriteEmpty(json, item);
        });
        var last = item switch
        {
            TextItem text => WriteText(first, place, text),
            ThoughtItem thought => WriteThought(first, place, thought),
            ClientCallItem call => WriteArguments(first, place, item.Id, call.Call.Input, "function_call_arguments"),
            ServerCallItem call => WriteServerCall(first, place, call),
            _ => first,
        };
        if (item.IsDone)
            Write(last + 1, "response.output_item.done", json =>
            {
                json.WriteNumber("output_index"u8, place);
                json.WritePropertyName("item"u8);
                ItemJson.Write(json, item);
            });
    }

    // Each of these returns the number of its last event.
    long WriteText(long first, int place, TextItem item)
    {
        WriteAt(first + 1, "response.content_part.added", item.Id, place, "content_index", json =>
        {
            json.WritePropertyName("part"u8);
            ItemJson.WriteText(json, "", null);
        });
        WriteDelta(first + 1, "response.output_text.delta", item.Id, place, "content_index", item.Text, isText: true);
        var number = first + 1 + item.Text.Length;
        if (!item.IsDone)
            return number;
        foreach (var (index, source) in item.Sources.Index())
            WriteAt(++number, "response.output_text.annotation.added", item.Id, place, "content_index", json =>
            {
                json.WriteNumber("annotation_index"u8, index);
                json.WritePropertyName("annotation"u8);
                ItemJson.WriteSource(json, source, item);
            });
        WriteAt(++number, "response.output_text.done", item.Id, place, "content_index", json =>
        {
            json.WriteString("text"u8, item.Text);
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        });
        WriteAt(++number, "response.content_part.done", item.Id, place, "content_index", json =>
        {
            json.WritePropertyName("part"u8);
            ItemJson.WriteText(json, item.Text, item);
        });
        return number;
    }

    long WriteThought(long first, int place, ThoughtItem item)
    {
        WriteAt(first + 1, "response.reasoning_summary_part.added", item.Id, place, "summary_index", json =>
        {
            json.WritePropertyName("part"u8);
            ItemJson.WriteSummary(json, "");
        });
        WriteDelta(
            first + 1, "response.reasoning_summary_text.delta", item.Id, place, "summary_index", item.Text,
            isText: false);
        var number = first + 1 + item.Text.Length;
        if (!item.IsDone)
            return number;
        WriteAt(++number, "response.reasoning_summary_text.done", item.Id, place, "summary_index",
            json => json.WriteString("text"u8, item.Text));
        WriteAt(++number, "response.reasoning_summary_part.done", item.Id, place, "summary_index", json =>
        {
            json.WritePropertyName("part"u8);
            ItemJson.WriteSummary(json, item.Text);
        });
        return number;
    }

    long WriteServerCall(long first, int place, ServerCallItem item)
    {
        WriteAt(first + 1, "response.mcp_call.in_progress", item.Id, place, null, _ => { });
        var number = WriteArguments(first + 1, place, item.Id, item.Call.Input, "mcp_call_arguments");
        if (item.IsDone)
            WriteAt(
                ++number, item.HasSucceeded ? "response.mcp_call.completed" : "response.mcp_call.failed", item.Id,
                place, null, _ => { });
        return number;
    }

    long WriteArguments(long before, int place, string id, JsonElement input, string name)
    {
        var arguments = input.GetRawText();
        WriteAt(before + 1, $"response.{name}.delta", id, place, null, json => json.WriteString("delta"u8, arguments));
        WriteAt(
            before + 2, $"response.{name}.done", id, place, null, json => json.WriteString("arguments"u8, arguments));
        return before + 2;
    }

    // The number of a piece of text is that of its last unit: what comes after a number is the rest of the text.
    void WriteDelta(long before, string type, string id, int place, string index, string text, bool isText)
    {
        var known = (int)Math.Clamp(_written - before, 0, text.Length);
        if (known < text.Length)
            WriteAt(before + text.Length, type, id, place, index, json =>
            {
                json.WriteString("delta"u8, text.AsSpan(known));
                if (!isText)
                    return;
                json.WriteStartArray("logprobs"u8);
                json.WriteEndArray();
            });
    }

    void WriteAt(long number, string type, string id, int place, string? index, Action<Utf8JsonWriter> fields) =>
        Write(number, type, json =>
        {
            json.WriteString("item_id"u8, id);
            json.WriteNumber("output_index"u8, place);
            if (index is not null)
                json.WriteNumber(index, 0);
            fields(json);
        });

    void Write(long number, string type, Action<Utf8JsonWriter> fields)
    {
        if (number <= _written)
            return;
        _written = number;
        sse.Write(type, ApiResults.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            json.WriteNumber("sequence_number"u8, number);
            fields(json);
            json.WriteEndObject();
        }));
    }
}
