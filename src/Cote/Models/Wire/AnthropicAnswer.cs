using System.Text;
using System.Text.Json;

namespace Cote.Models;

/// <summary>An answer of Anthropic's messages: blocks, each begun, continued and stopped by events.</summary>
sealed class AnthropicAnswer(ReplyReader reply) : WireAnswer(reply)
{
    const int MaxThought = 512 * 1024;
    const int MaxCitations = 1_000;

    readonly Citations _citations = new(reply);
    readonly StringBuilder _thought = new();
    readonly StringBuilder _signature = new();
    readonly List<JsonElement> _cited = [];
    string? _block;
    int _blockStart;

    public override void Read(JsonElement json, bool isBody)
    {
        var type = json.String("type");
        if (type is "message" || type?.StartsWith("message_", StringComparison.Ordinal) == true
            || type?.StartsWith("content_block_", StringComparison.Ordinal) == true)
            Reply.Recognize();
        switch (type)
        {
            case "message_start" when json.Member("message") is { } message:
                ReadUsage(message);
                break;
            case "content_block_start" when json.Member("content_block") is { } begun:
                Begin(begun, json.Count("index"), isWhole: false);
                break;
            case "content_block_delta" when json.Member("delta") is { } delta:
                ReadDelta(delta, json.Count("index"));
                break;
            case "content_block_stop":
                EndBlock();
                break;
            case "message_delta":
                ReadUsage(json);
                ReadStop(json.Member("delta") ?? json);
                break;
            case "message_stop":
                Reply.End();
                break;
            case "message": // The whole answer, though a stream was asked for.
                ReadMessage(json);
                break;
        }
    }

    public override void Complete(bool isCut)
    {
        EndBlock(); // Gateways leave the event out.
        base.Complete(isCut);
    }

    void ReadMessage(JsonElement json)
    {
        if (json.Member("content", JsonValueKind.Array) is { } blocks)
            foreach (var (index, block) in blocks.EnumerateArray().Index())
                Begin(block, index, isWhole: true);
        ReadUsage(json);
        ReadStop(json);
        Reply.End();
    }

    void Begin(JsonElement block, long? index, bool isWhole)
    {
        EndBlock();
        _block = block.String("type");
        _blockStart = Reply.TextLength;
        switch (_block)
        {
            case null or "text":
                Reply.AddText(block.String("text"), isWhole: false);
                if (block.Member("citations", JsonValueKind.Array) is { } citations)
                    foreach (var citation in citations.EnumerateArray())
                        Cite(citation);
                break;
            case "thinking":
                AddThought(block.String("thinking"));
                _signature.Append(block.String("signature"));
                break;
            case "redacted_thinking" when block.String("data") is { Length: > 0 } data:
                Reply.AddSealed(json => WriteBlock(json, "redacted_thinking", ("data", data)));
                break;
            case "tool_use":
                var input = block.Member("input", JsonValueKind.Object);
                var hasInput = isWhole || input?.EnumerateObject().Any() == true;
                AddCall(new(index, block.String("id"), block.String("name"), hasInput ? input?.GetRawText() : null,
                    IsWhole: hasInput));
                break;
        }
    }

    void ReadDelta(JsonElement delta, long? index)
    {
        switch (delta.String("type"))
        {
            case null or "text" or "text_delta":
                Reply.AddText(delta.String("text"), isWhole: false);
                break;
            case "thinking" or "thinking_delta":
                AddThought(delta.String("thinking"));
                break;
            case "signature_delta":
                _signature.Append(delta.String("signature"));
                break;
            case "citations_delta" when delta.Member("citation", JsonValueKind.Object) is { } citation:
                Cite(citation);
                break;
            // The provider's own tools (`server_tool_use`) write their input in the same way.
            case "input_json_delta" when _block == "tool_use":
                AddCall(new(index, null, null, delta.String("partial_json"), IsWhole: false));
                break;
        }
    }

    void AddThought(string? text)
    {
        Reply.AddReasoning(text);
        if (_thought.Length <= MaxThought)
            _thought.Append(text);
    }

    void Cite(JsonElement citation)
    {
        if (_cited.Count < MaxCitations)
            _cited.Add(citation.Clone());
    }

    void EndBlock()
    {
        // What a citation speaks of is the text of its block, which is known when the block ends.
        foreach (var citation in _cited)
            _citations.Add(citation, _blockStart, Reply.TextLength);
        // The API demands a thought back to the letter; without a signature it refuses it.
        if (_signature.Length > 0 && _thought.Length <= MaxThought)
        {
            var (thought, signature) = (WellFormedText.Of(_thought.ToString()), _signature.ToString());
            Reply.AddSealed(json =>
                WriteBlock(json, "thinking", ("thinking", thought), ("signature", WellFormedText.Of(signature))));
        }
        _cited.Clear();
        _thought.Clear();
        _signature.Clear();
        _block = null;
    }

    static void WriteBlock(Utf8JsonWriter json, string type, params ReadOnlySpan<(string Name, string Value)> members)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        foreach (var (name, value) in members)
            json.WriteString(name, value);
        json.WriteEndObject();
    }

    void ReadStop(JsonElement json)
    {
        if (json.String("stop_reason") is { } reason && !string.IsNullOrWhiteSpace(reason))
            Reply.Finish(reason);
    }

    void ReadUsage(JsonElement json)
    {
        if (json.Member("usage", JsonValueKind.Object) is not { } usage)
            return;
        // What came from a cache, or was written to one, was in the prompt as well.
        var read = usage.Count("cache_read_input_tokens");
        var input = usage.Count("input_tokens") + (read ?? 0) + (usage.Count("cache_creation_input_tokens") ?? 0);
        Reply.AddUsage(input, usage.Count("output_tokens"), read);
    }
}
