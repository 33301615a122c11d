using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI;
using ChatClient = OpenAI.Chat.ChatClient;

namespace Cote.Assistants.Providers;

/// <summary>
/// Any OpenAI-compatible endpoint, through the official SDK's protocol methods: the SDK brings the transport, the headers
/// and the errors. The JSON is read and written here, because the SDK's own types take only what OpenAI itself sends:
/// they throw at a finish reason that is empty or new, at half a surrogate pair, at <c>"choices": null</c>, all of which
/// compatible servers send, and they pass over an error that arrives in the stream.
/// </summary>
sealed class OpenAiChatClient(ChatClient client, string model, Uri endpoint) : IChatClient
{
    static readonly JsonWriterOptions Plain = new() { SkipValidation = true };

    readonly ChatClientMetadata _metadata = new("openai", endpoint, model);

    // What this endpoint turned out to want; learned from its refusals, at most one extra call each.
    bool _newTokenLimit = IsOpenAi(endpoint);
    bool _withoutUsage;

    public static Func<string, IChatClient> Open(ProviderOptions options)
    {
        var endpoint = new Uri((options.BaseUrl ?? "https://api.openai.com/v1").TrimEnd('/'));
        var pipeline = new OpenAIClientOptions
        {
            Endpoint = endpoint,
            Transport = new HttpClientPipelineTransport(ModelHttp.Open()),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            // The SDK's default ends a stream that pauses for 100 seconds; the reply loop does the timing.
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        };
        var key = options.ApiKey?.Reveal().Trim();
#pragma warning disable OPENAI001 // The only way to send no Authorization header at all, which is what Ollama expects.
        AuthenticationPolicy identity = string.IsNullOrEmpty(key)
            ? new Anonymous()
            : ApiKeyAuthenticationPolicy.CreateBearerAuthorizationPolicy(new ApiKeyCredential(key));
        return model => new OpenAiChatClient(new ChatClient(model, identity, pipeline), model, endpoint);
#pragma warning restore OPENAI001
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var answer = await Send([.. messages], options, cancellationToken);
        // Leaving this block closes the connection: a response that is not read to its end is not pooled.
        await using var body = answer.ContentStream ?? Stream.Null;
        var events = 0;
        await foreach (var sse in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            events++;
            if (sse.Data == "[DONE]")
            {
                yield break;
            }
            // Every chunk is passed on, an empty one too: it tells the reply loop that the model is alive and thinking.
            yield return Read(sse.Data);
        }
        if (events == 0)
        {
            // A 200 without one event is a web page, plain JSON, or a proxy that gave up.
            throw new ModelFaultException(ModelFault.Broken);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(client) ? client
        : null;

    public void Dispose()
    {
        // The transport belongs to the provider and lives as long as the process.
    }

    async Task<PipelineResponse> Send(
        IReadOnlyList<ChatMessage> messages, ChatOptions? options, CancellationToken cancellation)
    {
        while (true)
        {
            var (newTokenLimit, withoutUsage) = (_newTokenLimit, _withoutUsage);
            try
            {
                using var content = BinaryContent.Create(Write(messages, options, newTokenLimit, withoutUsage));
                var call = new RequestOptions { BufferResponse = false, CancellationToken = cancellation };
                return (await client.CompleteChatAsync(content, call)).GetRawResponse();
            }
            catch (ClientResultException refused) when (refused.Status is 400 or 422)
            {
                // Asked again at once only if the refusal names a field that can be put otherwise: no model has run.
                var complaint = ModelFault.BodyOf(refused);
                if (!withoutUsage && complaint.Contains("stream_options", StringComparison.Ordinal))
                {
                    _withoutUsage = true;
                }
                else if (options?.MaxOutputTokens is not null && newTokenLimit == IsOpenAi(endpoint)
                    && complaint.Contains(newTokenLimit ? "max_completion_tokens" : "max_tokens", StringComparison.Ordinal)
                    && !ModelFault.Of(refused).Equals(ModelFault.ContextTooLong))
                {
                    _newTokenLimit = !newTokenLimit;
                }
                else
                {
                    throw;
                }
            }
        }
    }

    BinaryData Write(IReadOnlyList<ChatMessage> messages, ChatOptions? options, bool newTokenLimit, bool withoutUsage)
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
                // OpenAI's newer models refuse max_tokens; most other servers know nothing else, and some pass over
                // the new name in silence, which would make the limit void.
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

    static ChatResponseUpdate Read(string data)
    {
        using var json = JsonDocument.Parse(data);
        var chunk = json.RootElement;
        if (Member(chunk, "error", JsonValueKind.Object) is not null || Member(chunk, "error", JsonValueKind.String) is not null)
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

    static bool IsOpenAi(Uri endpoint) =>
        endpoint.Host.EndsWith(".openai.com", StringComparison.OrdinalIgnoreCase)
        || endpoint.Host.EndsWith(".openai.azure.com", StringComparison.OrdinalIgnoreCase);

    sealed class Anonymous : AuthenticationPolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            ProcessNext(message, pipeline, currentIndex);

        public override ValueTask ProcessAsync(
            PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            ProcessNextAsync(message, pipeline, currentIndex);
    }
}
