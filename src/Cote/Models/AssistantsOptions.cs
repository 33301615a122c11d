using System.ComponentModel.DataAnnotations;
using Cote.Models;

namespace Cote;

/// <summary>Providers, models, and how long they may take.</summary>
public sealed class AssistantsOptions
{
    /// <summary>
    /// The model of a chat that names none, as <c>provider/model</c> or <c>provider</c>. Unset: the first of openai,
    /// anthropic, added providers and demo that is configured.
    /// </summary>
    public string? Default { get; set; }

    /// <summary>The system prompt of a chat that has none of its own.</summary>
    public string? SystemPrompt { get; set; }

    /// <summary>
    /// The most tokens of a reply, where neither the chat nor its provider says. Unset: the model's own limit; for
    /// Anthropic 8,192.
    /// </summary>
    [Range(1, 10_000_000)]
    public int? MaxTokens { get; set; }

    /// <summary>
    /// The sampling temperature, where neither the chat nor its provider says. Unset: the model's own.
    /// </summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; set; }

    /// <summary>
    /// The context window in tokens, where a provider says nothing: prompt and reply together must fit in it.
    /// </summary>
    [Range(256, 100_000_000)]
    public int ContextTokens { get; set; } = 32_768;

    /// <summary>How many replies this node makes at the same time; more wait in their chats' queues.</summary>
    [Range(1, 1_000_000)]
    public int MaxParallelReplies { get; set; } = 1_000;

    /// <summary>
    /// How many of them one user may have at the same time. Unset: a tenth of all, at least 4, and never all of them.
    /// </summary>
    [Range(1, 1_000_000)]
    public int? MaxParallelRepliesPerUser { get; set; }

    /// <summary>
    /// The longest reply, in UTF-16 units. A longer one ends <c>failed: too_long</c> with its text, and the model's
    /// connection is closed.
    /// </summary>
    [Range(1, 10_000_000)]
    public int MaxReplyLength { get; set; } = 1_000_000;

    /// <summary>
    /// The longest time that a model may take for a whole reply, in seconds; waiting in the queue does not count. Then
    /// it ends <c>failed: too_long</c> with its text.
    /// </summary>
    [Range(1, 604_800)]
    public int MaxReplySeconds { get; set; } = 3_600;

    /// <summary>How often a reply that a crash cut off is made again. 0 leaves it <c>interrupted</c>.</summary>
    [Range(0, 100)]
    public int MaxTakeovers { get; set; } = 3;

    /// <summary>
    /// How long a model may take to its first text, in seconds. Chunks without text and comments do not renew it;
    /// thoughts do.
    /// </summary>
    [Range(1, 86_400)]
    public int FirstTokenSeconds { get; set; } = 120;

    /// <summary>How long a model may be silent after its first text, in seconds.</summary>
    [Range(1, 86_400)]
    public int StallSeconds { get; set; } = 60;

    /// <summary>The most images of a prompt, newest first; of those beyond it the model gets the name.</summary>
    [Range(0, 100)]
    public int MaxImages { get; set; } = 8;

    /// <summary>The largest image that is sent to a model, in bytes; of a larger one it gets the name.</summary>
    [Range(0, 16_777_216)]
    public int MaxImageBytes { get; set; } = 3_932_160;

    internal ModelCallLimits CallLimits => new(
        TimeSpan.FromSeconds(FirstTokenSeconds), TimeSpan.FromSeconds(StallSeconds),
        Retries: 3, RetryWithin: TimeSpan.FromSeconds(30), Usage: TimeSpan.FromSeconds(2));

    /// <summary>Any OpenAI-compatible endpoint: OpenAI, Azure, DeepSeek, Ollama, vLLM, LM Studio…</summary>
    public OpenAIOptions OpenAI { get; set; } = new();

    /// <summary>Anthropic's models, or a gateway that speaks Anthropic's API.</summary>
    public AnthropicOptions Anthropic { get; set; } = new();
}

/// <summary>A provider that speaks OpenAI's chat completions.</summary>
public sealed class OpenAIOptions : ProviderOptions
{
    /// <summary>
    /// The API key; <c>OPENAI_API_KEY</c> is read too. The provider is used where its key or its base URL is set.
    /// </summary>
    public override Secret? ApiKey { get; set; }

    /// <summary>
    /// The base URL without <c>/chat/completions</c>, such as <c>http://localhost:11434/v1</c>; <c>OPENAI_BASE_URL</c>
    /// is read too. Unset: <c>https://api.openai.com/v1</c>.
    /// </summary>
    public override string? BaseUrl { get; set; }

    /// <summary>The provider's default model. Unset: <c>gpt-4.1-mini</c>.</summary>
    public override string? Model { get; set; }
}

/// <summary>A provider that speaks Anthropic's messages.</summary>
public sealed class AnthropicOptions : ProviderOptions
{
    /// <summary>
    /// The API key; <c>ANTHROPIC_API_KEY</c> is read too. The provider is used where its key or its base URL is set.
    /// </summary>
    public override Secret? ApiKey { get; set; }

    /// <summary>
    /// The base URL without <c>/v1/messages</c>; <c>ANTHROPIC_BASE_URL</c> is read too. Unset:
    /// <c>https://api.anthropic.com</c>.
    /// </summary>
    public override string? BaseUrl { get; set; }

    /// <summary>The provider's default model. Unset: <c>claude-sonnet-4-5</c>.</summary>
    public override string? Model { get; set; }
}

/// <summary>One provider of models.</summary>
public abstract class ProviderOptions : IValidatableObject
{
    // What people paste with the base URL: the client adds it.
    static readonly string[] Endpoints = ["/chat/completions", "/completions", "/messages", "/responses"];

    /// <summary>The API key.</summary>
    public abstract Secret? ApiKey { get; set; }

    /// <summary>The base URL.</summary>
    public abstract string? BaseUrl { get; set; }

    /// <summary>The default model.</summary>
    public abstract string? Model { get; set; }

    /// <summary>Further models that a chat may choose: a list (<c>…__Models__0</c>) or one text with commas.</summary>
    public IList<string> Models { get; } = [];

    /// <summary>The context window of this provider's models, in tokens.</summary>
    [Range(256, 100_000_000)]
    public int? ContextTokens { get; set; }

    /// <summary>The most tokens of a reply by this provider.</summary>
    [Range(1, 10_000_000)]
    public int? MaxTokens { get; set; }

    /// <summary>The sampling temperature for this provider. A model that takes none is called without it.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; set; }

    /// <summary>
    /// Whether this provider's models see images. False: they get the names of images only. A model that refuses images
    /// gets names from then on.
    /// </summary>
    public bool Vision { get; set; } = true;

    internal bool IsConfigured => ApiKey is not null || BaseUrl is not null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BaseUrl?.Trim() is { } text)
        {
            var isUrl = Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
            var path = isUrl ? url!.AbsolutePath.TrimEnd('/') : "";
            if (url is not null && !isUrl)
                yield return new("it must begin with http:// or https://.", [nameof(BaseUrl)]);
            else if (!isUrl)
                yield return new($"`{BaseUrl}` is not a URL that begins with http:// or https://.", [nameof(BaseUrl)]);
            else if (Array.Find(Endpoints, path.EndsWith) is { } endpoint)
                yield return new(
                    $"it ends in {endpoint}, which Cote adds itself; give the URL before it.", [nameof(BaseUrl)]);
        }
        if (ApiKey?.Reveal().Trim().Any(x => x is < ' ' or > '~') == true)
            yield return new(
                "it holds a character that cannot stand in an HTTP header: an API key is ASCII.", [nameof(ApiKey)]);
    }
}
