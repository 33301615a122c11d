using System.Text.Json;

namespace Cote.Models;

/// <summary>An answer of chat completions, as the many servers that imitate OpenAI send it.</summary>
sealed class OpenAIAnswer(ReplyReader reply) : WireAnswer(reply)
{
    readonly Citations _citations = new(reply);
    readonly GeneratedImages _images = new(reply);
    readonly PastReasoning _past = new();
    bool _hasGivenPast;

    // What has come in deltas. Some servers repeat the whole at the end.
    bool _hasThought;
    bool _hasCalled;
    bool _hasDrawn;

    public override void Read(JsonElement json, bool isBody)
    {
        if (json.Member("choices"u8, JsonValueKind.Array) is { } choices)
        {
            Reply.Recognize();
            if (choices.GetArrayLength() > 0)
                ReadChoice(json, choices[0], isBody);
        }
        // Groq and Moonshot have places of their own for it.
        ReadUsage(json.Member("usage"u8) ?? json.Member("x_groq"u8)?.Member("usage"u8));
    }

    public override void Complete(bool isCut)
    {
        if (Calls.Any && _past.Any && !_hasGivenPast)
        {
            Reply.AddSealed(_past.WriteTo);
            _hasGivenPast = true;
        }
        base.Complete(isCut);
    }

    void ReadChoice(JsonElement json, JsonElement choice, bool isBody)
    {
        var message = choice.Member("message"u8, JsonValueKind.Object);
        if (choice.Member("delta"u8, JsonValueKind.Object) is { } delta)
            ReadTurn(delta, isWhole: false);
        if (message is { } whole)
            ReadTurn(whole, isWhole: true);
        if (choice.String("text"u8) is { Length: > 0 } text)
            Reply.AddText(text, isWhole: true);
        ReadUsage(choice.Member("usage"u8));
        if (choice.String("finish_reason"u8) is { } reason && !string.IsNullOrWhiteSpace(reason))
            Reply.Finish(reason);
        else if (message is not null && (isBody || json.String("object"u8) == "chat.completion"))
            Reply.Finish("stop"); // A whole body needs no word for its end.
    }

    void ReadTurn(JsonElement turn, bool isWhole)
    {
        if (!isWhole || !_hasThought)
            ReadReasoning(turn, isWhole);
        if (turn.Member("content"u8) is { } content)
            ReadContent(content, isWhole);
        // A refusal is what the model says to the user, in a field of its own.
        if (turn.String("refusal"u8) is { Length: > 0 } refusal)
            Reply.AddText(refusal, isWhole);
        if (turn.Member("audio"u8)?.String("transcript"u8) is { Length: > 0 } spoken)
            Reply.AddText(spoken, isWhole);
        _citations.AddAnnotations(turn.Member("annotations"u8));
        if (turn.Member("images"u8, JsonValueKind.Array) is { } images)
            Draw(images, isWhole);
        if (!isWhole || !_hasCalled)
            ReadCalls(turn, isWhole);
    }

    void ReadReasoning(JsonElement turn, bool isWhole)
    {
        var details = turn.Member("reasoning_details"u8, JsonValueKind.Array);
        var thought = turn.String("reasoning_content"u8);
        if (!string.IsNullOrEmpty(thought))
            _past.AddText(thought);
        else
            thought = turn.String("reasoning"u8);
        var isTold = !string.IsNullOrEmpty(thought);
        Reply.AddReasoning(thought);
        _hasThought |= !isWhole && (isTold || details?.GetArrayLength() > 0);
        if (details is not { } pieces)
            return;
        foreach (var piece in pieces.EnumerateArray())
        {
            _past.AddDetail(piece);
            if (!isTold) // OpenRouter says the same in `reasoning`.
                Reply.AddReasoning(piece.String("text"u8) ?? piece.String("summary"u8));
        }
    }

    void ReadCalls(JsonElement turn, bool isWhole)
    {
        if (turn.Member("tool_calls"u8, JsonValueKind.Array) is { } calls && calls.GetArrayLength() > 0)
            foreach (var call in calls.EnumerateArray())
                ReadCall(call.Count("index"u8), call.String("id"u8), call.Member("function"u8) ?? call, isWhole);
        else if (turn.Member("function_call"u8, JsonValueKind.Object) is { } legacy)
            ReadCall(0, null, legacy, isWhole);
    }

    void ReadCall(long? index, string? id, JsonElement function, bool isWhole)
    {
        var arguments = function.Member("arguments"u8);
        _hasCalled |= !isWhole;
        // Some servers send the object itself, which is whole of its nature.
        var isObject = arguments is { ValueKind: JsonValueKind.Object };
        AddCall(new(
            index, id, function.String("name"u8),
            isObject ? arguments!.Value.GetRawText() : arguments?.String(), isWhole || isObject));
    }

    // A string, a part, or a list of both. Parts of types that are not known are passed over.
    void ReadContent(JsonElement content, bool isWhole)
    {
        switch (content.ValueKind)
        {
            case JsonValueKind.String:
                Reply.AddText(content.String(), isWhole);
                break;
            case JsonValueKind.Array:
                foreach (var part in content.EnumerateArray())
                    ReadContent(part, isWhole);
                break;
            case JsonValueKind.Object:
                ReadPart(content, isWhole);
                break;
        }
    }

    void ReadPart(JsonElement part, bool isWhole)
    {
        switch (part.String("type"u8))
        {
            case null or "text" or "output_text":
                Reply.AddText(part.String("text"u8) ?? part.Member("text"u8)?.String("value"u8), isWhole);
                _citations.AddAnnotations(part.Member("annotations"u8));
                break;
            case "refusal":
                Reply.AddText(part.String("refusal"u8), isWhole);
                break;
            case "thinking" or "reasoning" when !isWhole || !_hasThought:
                _hasThought |= !isWhole;
                ReadThought(part.Member("thinking"u8) ?? part.Member("text"u8) ?? part.Member("summary"u8));
                break;
            case "image" or "image_url" or "output_image":
                Draw(part, isWhole);
                break;
        }
    }

    void Draw(JsonElement images, bool isWhole)
    {
        if (isWhole && _hasDrawn)
            return;
        _hasDrawn |= !isWhole;
        _images.Add(images);
    }

    // A text, or a list of texts (Mistral) and summaries.
    void ReadThought(JsonElement? thought)
    {
        if (thought is { ValueKind: JsonValueKind.Array } list)
            foreach (var part in list.EnumerateArray())
                Reply.AddReasoning(part.String() ?? part.String("text"u8));
        else
            Reply.AddReasoning(thought?.String());
    }

    void ReadUsage(JsonElement? usage)
    {
        if (usage is not { ValueKind: JsonValueKind.Object } x)
            return;
        var input = x.Member("prompt_tokens_details"u8) ?? x.Member("input_tokens_details"u8);
        var output = x.Member("completion_tokens_details"u8) ?? x.Member("output_tokens_details"u8);
        Reply.AddUsage(x.Count("prompt_tokens"u8) ?? x.Count("input_tokens"u8),
            x.Count("completion_tokens"u8) ?? x.Count("output_tokens"u8),
            // DeepSeek and Moonshot have names of their own.
            input?.Count("cached_tokens"u8) ?? x.Count("prompt_cache_hit_tokens"u8) ?? x.Count("cached_tokens"u8),
            output?.Count("reasoning_tokens"u8) ?? x.Count("reasoning_tokens"u8));
    }
}
