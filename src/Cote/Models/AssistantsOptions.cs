using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Cote.Models;
using Cote.Primitives;

namespace Cote;

/// <summary>Providers, models, and how long they may take.</summary>
public sealed class AssistantsOptions
{
    [Description("The model of a chat that names none, as `provider/model` or `provider`. Unset: the first of "
        + "openai, anthropic, added providers and demo that is configured.")]
    public string? Default { get; set; }

    [Description("The system prompt of a chat that has none of its own.")]
    public string? SystemPrompt { get; set; }

    [Description("The most tokens of a reply, where neither the chat nor its provider says. Unset: the model's own "
        + "limit; for Anthropic 8,192.")]
    [Range(1, 10_000_000)]
    public int? MaxTokens { get; set; }

    [Description("The sampling temperature, where neither the chat nor its provider says. Unset: the model's own.")]
    [Range(0.0, 2.0)]
    public double? Temperature { get; set; }

    [Description("The context window in tokens, where a provider says nothing: prompt and reply together must fit "
        + "in it.")]
    [Range(256, 100_000_000)]
    public int ContextTokens { get; set; } = 32_768;

    [Description("How many replies this node makes at the same time; more wait in their chats' queues.")]
    [Range(1, 1_000_000)]
    public int MaxParallelReplies { get; set; } = 1_000;

    [Description("How many of them one user may have at the same time. Unset: a tenth of all, at least 4, and never "
        + "all of them.")]
    [Range(1, 1_000_000)]
    public int? MaxParallelRepliesPerUser { get; set; }

    [Description("The longest reply, in UTF-16 units. A longer one ends `failed: too_long` with its text, and the "
        + "model's connection is closed.")]
    [Range(1, 10_000_000)]
    public int MaxReplyLength { get; set; } = 1_000_000;

    [Description("The longest time that a model may take for a whole reply, in seconds; waiting in the queue does "
        + "not count. Then it ends `failed: too_long` with its text.")]
    [Range(1, 604_800)]
    public int MaxReplySeconds { get; set; } = 3_600;

    [Description("How often a reply that a crash cut off is made again. 0 leaves it `interrupted`.")]
    [Range(0, 100)]
    public int MaxTakeovers { get; set; } = 3;

    [Description("How long a model may take to its first text, in seconds. Chunks without text do not renew it.")]
    [Range(1, 86_400)]
    public int FirstTokenSeconds { get; set; } = 120;

    [Description("How long a model may be silent after its first text, in seconds.")]
    [Range(1, 86_400)]
    public int StallSeconds { get; set; } = 60;

    [Description("The most images of a prompt, newest first; of those beyond it the model gets the name.")]
    [Range(0, 100)]
    public int MaxImages { get; set; } = 8;

    [Description("The largest image that is sent to a model, in bytes; of a larger one it gets the name.")]
    [Range(0, 16_777_216)]
    public int MaxImageBytes { get; set; } = 3_932_160;

    internal ModelCallLimits CallLimits => new(
        TimeSpan.FromSeconds(FirstTokenSeconds), TimeSpan.FromSeconds(StallSeconds),
        Retries: 3, RetryWithin: TimeSpan.FromSeconds(30), Usage: TimeSpan.FromSeconds(2));

    [Description("Any OpenAI-compatible endpoint: OpenAI, Azure, DeepSeek, Ollama, vLLM, LM Studio…")]
    public OpenAIOptions OpenAI { get; set; } = new();

    [Description("Anthropic's models, or a gateway that speaks Anthropic's API.")]
    public AnthropicOptions Anthropic { get; set; } = new();
}

/// <summary>A provider that speaks OpenAI's chat completions.</summary>
public sealed class OpenAIOptions : ProviderOptions
{
    [Description("The API key; `OPENAI_API_KEY` is read too. The provider is used where its key or its base URL is "
        + "set.")]
    public override Secret? ApiKey { get; set; }

    [Description("The base URL without `/chat/completions`, such as `http://localhost:11434/v1`; `OPENAI_BASE_URL` "
        + "is read too. Unset: `https://api.openai.com/v1`.")]
    public override string? BaseUrl { get; set; }

    [Description("The provider's default model. Unset: `gpt-4.1-mini`.")]
    public override string? Model { get; set; }
}

/// <summary>A provider that speaks Anthropic's messages.</summary>
public sealed class AnthropicOptions : ProviderOptions
{
    [Description("The API key; `ANTHROPIC_API_KEY` is read too. The provider is used where its key or its base URL "
        + "is set.")]
    public override Secret? ApiKey { get; set; }

    [Description("The base URL without `/v1/messages`; `ANTHROPIC_BASE_URL` is read too. Unset: "
        + "`https://api.anthropic.com`.")]
    public override string? BaseUrl { get; set; }

    [Description("The provider's default model. Unset: `claude-sonnet-4-5`.")]
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

    [Description("Further models that a chat may choose: a list (`…__Models__0`) or one text with commas.")]
    public IList<string> Models { get; } = [];

    [Description("The context window of this provider's models, in tokens.")]
    [Range(256, 100_000_000)]
    public int? ContextTokens { get; set; }

    [Description("The most tokens of a reply by this provider.")]
    [Range(1, 10_000_000)]
    public int? MaxTokens { get; set; }

    [Description("The sampling temperature for this provider. A model that takes none is called without it.")]
    [Range(0.0, 2.0)]
    public double? Temperature { get; set; }

    [Description("Whether this provider's models see images. False: they get the names of images only. A model that "
        + "refuses images gets names from then on.")]
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
