using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Cote.Models;

/// <summary>
/// The JSON of OpenAI's chat completions, as the many servers that imitate it send it. The SDK's own types take only
/// what OpenAI itself sends: they throw at a finish reason that is empty or new, at half a surrogate pair, at
/// <c>"choices": null</c>, and pass over an error that arrives in the stream.
/// </summary>
static class OpenAiWire
{
    static readonly JsonWriterOptions Plain = new() { SkipValidation = true };

    public static BinaryData Write(
        string model, IReadOnlyList<ChatMessage> messages, ChatOptions? options, bool newTokenLimit, bool withoutUsage)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            json.WriteString("model", options?.ModelId ?? model);
            json.WriteBoolean("stream", true);
            if (!withoutUsage)
            {
                json.WriteStartObject("stream_options");
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }
            if (options?.MaxOutputTokens is { } most)
            {
                json.WriteNumber(newTokenLimit ? "max_completion_tokens" : "max_tokens", most);
            }
            if (options?.Temperature is { } temperature)
            {
                json.WriteNumber("temperature", temperature);
            }
            json.WriteStartArray("messages");
            foreach (var message in messages)
            {
                Write(json, message);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return BinaryData.FromBytes(buffer.ToArray());
    }

    static void Write(Utf8JsonWriter json, ChatMessage message)
    {
        json.WriteStartObject();
        json.WriteString("role", message.Role.Value);
        // One string wherever it can be: small servers do not know parts, least of all in system and assistant turns.
        if (message.Contents.All(content => content is TextContent))
        {
            json.WriteString("content", message.Text);
            json.WriteEndObject();
            return;
        }
        json.WriteStartArray("content");
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent { Text.Length: > 0 } text:
                    json.WriteStartObject();
                    json.WriteString("type", "text");
                    json.WriteString("text", text.Text);
                    json.WriteEndObject();
                    break;
                case DataContent image when image.HasTopLevelMediaType("image"):
                    WriteImage(json, image.Uri);
                    break;
                case UriContent image when image.HasTopLevelMediaType("image"):
                    WriteImage(json, image.Uri.AbsoluteUri);
                    break;
            }
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteImage(Utf8JsonWriter json, string url)
    {
        json.WriteStartObject();
        json.WriteString("type", "image_url");
        json.WriteStartObject("image_url");
        json.WriteString("url", url);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static ChatResponseUpdate Read(string data)
    {
        using var json = JsonDocument.Parse(data);
        var chunk = json.RootElement;
        if ((Member(chunk, "error", JsonValueKind.Object) ?? Member(chunk, "error", JsonValueKind.String)) is not null)
        {
            throw new ModelFaultException(ModelFault.OfStreamError(data));
        }
        var update = new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            ResponseId = Text(chunk, "id"),
            MessageId = Text(chunk, "id"),
            ModelId = Text(chunk, "model"),
        };
        if (Member(chunk, "choices", JsonValueKind.Array) is { } choices && choices.GetArrayLength() > 0)
        {
            var choice = choices[0];
            if (Text(choice, "finish_reason") is { Length: > 0 } reason)
            {
                update.FinishReason = new ChatFinishReason(reason);
            }
            if (Member(choice, "delta", JsonValueKind.Object) is { } delta)
            {
                // A refusal is what the model says to the user, in a field of its own.
                Add(update, Text(delta, "content"));
                Add(update, Text(delta, "refusal"));
            }
        }
        if (Member(chunk, "usage", JsonValueKind.Object) is { } usage)
        {
            update.Contents.Add(new UsageContent(new UsageDetails
            {
                InputTokenCount = Number(usage, "prompt_tokens"),
                OutputTokenCount = Number(usage, "completion_tokens"),
                TotalTokenCount = Number(usage, "total_tokens"),
            }));
        }
        return update;
    }

    static void Add(ChatResponseUpdate update, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            update.Contents.Add(new TextContent(text));
        }
    }

    static JsonElement? Member(JsonElement json, string name, JsonValueKind kind) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == kind
            ? value : null;

    static long? Number(JsonElement json, string name) =>
        Member(json, name, JsonValueKind.Number) is { } number && number.TryGetInt64(out var value) ? value : null;

    static string? Text(JsonElement json, string name)
    {
        if (Member(json, name, JsonValueKind.String) is not { } text)
        {
            return null;
        }
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, whose other half is in the next chunk; System.Text.Json will not have it.
            return Unescape(text.GetRawText().AsSpan()[1..^1]);
        }
    }

    /// <summary>Reads the escapes of a JSON string that was parsed before, and so is known to be one.</summary>
    static string Unescape(ReadOnlySpan<char> json)
    {
        var text = new StringBuilder(json.Length);
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
                continue;
            }
            switch (json[++i])
            {
                case 'u':
                    text.Append((char)Convert.ToUInt16(json.Slice(i + 1, 4).ToString(), 16));
                    i += 4;
                    break;
                case var c:
                    text.Append(c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', _ => c });
                    break;
            }
        }
        return text.ToString();
    }
}
