using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using OpenAI;
using ChatClient = OpenAI.Chat.ChatClient;

namespace Cote.Models;

/// <summary>
/// Any OpenAI-compatible endpoint, through the official SDK's protocol methods: the SDK brings the transport, the
/// headers and the errors, <see cref="OpenAiWire"/> the JSON.
/// </summary>
sealed class OpenAiChatClient(ChatClient client, string model, Uri endpoint) : IChatClient
{
    readonly ChatClientMetadata _metadata = new("openai", endpoint, model);

    // OpenAI's newer models refuse max_tokens. Most other servers know nothing else, and some pass over the new name in
    // silence, which would make the limit void: they get it only if they ask for it by name. What an endpoint wants is
    // learned from its refusals, at most one extra call each.
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
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
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
            yield return OpenAiWire.Read(sse.Data);
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
                using var content = BinaryContent.Create(
                    OpenAiWire.Write(model, messages, options, newTokenLimit, withoutUsage));
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
                else if (!newTokenLimit && complaint.Contains("max_completion_tokens", StringComparison.Ordinal))
                {
                    _newTokenLimit = true;
                }
                else
                {
                    throw;
                }
            }
        }
    }

    static bool IsOpenAi(Uri endpoint) =>
        endpoint.Host.EndsWith(".openai.com", StringComparison.OrdinalIgnoreCase)
        || endpoint.Host.EndsWith(".openai.azure.com", StringComparison.OrdinalIgnoreCase);

    sealed class Anonymous : AuthenticationPolicy
    {
        public override void Process(
            PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            ProcessNext(message, pipeline, currentIndex);

        public override ValueTask ProcessAsync(
            PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex) =>
            ProcessNextAsync(message, pipeline, currentIndex);
    }
}
