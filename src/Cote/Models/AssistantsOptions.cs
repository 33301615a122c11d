using System.ComponentModel.DataAnnotations;
using Cote.Models;

namespace Cote;

/// <summary>Providers, models, and how long they may take.</summary>
public sealed class AssistantsOptions : IValidatableObject
{
    /// <summary>
    /// The model of a chat that names none, as <c>provider/model</c> or <c>provider</c>. Unset: the first of openai,
    /// anthropic, the providers by name in their order, added providers and demo that is configured.
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

    /// <summary>
    /// Any number of further providers, each by a name of up to 32 of <c>a-z0-9-</c>: it stands before the slash in
    /// <c>provider/model</c>.
    /// </summary>
    public IDictionary<string, NamedProviderOptions> Providers { get; } =
        new Dictionary<string, NamedProviderOptions>(StringComparer.Ordinal);

    /// <summary>
    /// The models that answer, in this order, where the model of a chat cannot: ids as <c>provider/model</c>, or
    /// providers.
    /// </summary>
    public IList<string> Fallback { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in Providers.Keys)
        {
            var member = $"{nameof(Providers)}__{name}";
            if (name.Length > 32 || !name.All(x => x is >= 'a' and <= 'z' or >= '0' and <= '9' or '-'))
                yield return new("the name of a provider is 1 to 32 of a-z, 0-9 and -.", [member]);
            else if (name is "demo" || name is "openai" && OpenAI.IsConfigured
                || name is "anthropic" && Anthropic.IsConfigured)
                yield return new("a provider of that name is there already.", [member]);
        }
    }
}
