using System.Text.Json;
using Cote.Http;

namespace Cote.Dialects.OpenAI;

/// <summary>Writes a turn in the chunks of chat completions.</summary>
sealed class CompletionChunks(SseWriter sse, bool showsUsage)
{
    readonly Dictionary<string, int> _written = [];
    bool _hasBegun;
    bool _hasText;
    long? _attempt;

    /// <summary>Writes what is new. True where the answer has ended, or cannot go on.</summary>
    public bool Write(ResponseView view, ResponseJson response)
    {
        var items = view.Read(out _, out var isWhole);
        if (_attempt is { } attempt && attempt != view.Attempt)
        {
            WriteError(new(502, OpenAIError.Server, "stream_restarted",
                "What was shown of this answer was taken back: read the chat."));
            return true;
        }
        if (items.Count > 0)
            _attempt = view.Attempt;
        if (!_hasBegun)
        {
            _hasBegun = true;
            WriteDelta(view, response, json =>
            {
                json.WriteString("role"u8, "assistant");
                json.WriteString("content"u8, "");
            });
        }
        foreach (var item in items)
            Write(view, response, item);
        if (!isWhole)
            return false;
        if (CompletionFollower.ErrorOf(view, response) is { } error)
        {
            WriteError(error);
            return true;
        }
        if (view.EndsAt is not null)
            WriteDelta(view, response, json => CompletionFollower.WriteCalls(json, view, items, isChunk: true));
        WriteDelta(
            view, response, json => CompletionFollower.WriteCitations(json, [.. items.OfType<TextItem>()]),
            CompletionFollower.FinishOf(view));
        if (showsUsage)
            Write(view, response, json =>
            {
                json.WriteStartArray("choices"u8);
                json.WriteEndArray();
                response.WriteUsageOfCompletion(json);
            });
        sse.WriteData("[DONE]"u8);
        return true;
    }

    void Write(ResponseView view, ResponseJson response, ResponseItem item)
    {
        var text = (item as TextItem)?.Text ?? (item as ThoughtItem)?.Text;
        if (text is null)
            return;
        var isNew = !_written.TryGetValue(item.Id, out var known);
        if (known == text.Length)
            return;
        _written[item.Id] = text.Length;
        var piece = text[known..];
        if (item is TextItem)
        {
            // As in the content of the message: a blank line stands between two texts.
            if (isNew && _hasText)
                piece = "\n\n" + piece;
            _hasText = true;
        }
        WriteDelta(view, response, json =>
            json.WriteString(item is TextItem ? "content" : "reasoning_content", piece));
    }

    void WriteDelta(
        ResponseView view, ResponseJson response, Action<Utf8JsonWriter> delta, string? finish = null) =>
        Write(view, response, json =>
        {
            json.WriteStartArray("choices"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, 0);
            json.WriteStartObject("delta"u8);
            delta(json);
            json.WriteEndObject();
            json.WriteNull("logprobs"u8);
            json.WriteString("finish_reason"u8, finish);
            json.WriteEndObject();
            json.WriteEndArray();
            if (showsUsage)
                json.WriteNull("usage"u8);
        });

    void Write(ResponseView view, ResponseJson response, Action<Utf8JsonWriter> fields) =>
        sse.WriteData(ApiResults.Write(json =>
        {
            json.WriteStartObject();
            CompletionFollower.WriteHead(json, view, response, "chat.completion.chunk");
            fields(json);
            json.WriteEndObject();
        }));

    // The official clients throw it. Without [DONE] nobody takes the answer for whole.
    void WriteError(OpenAIError error) => sse.WriteData(error.ToJson());
}
