using System.ComponentModel.DataAnnotations;
using Cote.Models;
using Cote.Primitives;

namespace Cote;

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
    const string AllModels = "*";

    // What people paste with the base URL: the client adds it.
    static readonly string[] Endpoints = ["/chat/completions", "/completions", "/messages", "/responses"];

    /// <summary>The API key.</summary>
    public abstract Secret? ApiKey { get; set; }

    /// <summary>The base URL.</summary>
    public abstract string? BaseUrl { get; set; }

    /// <summary>The default model.</summary>
    public abstract string? Model { get; set; }

    /// <summary>
    /// Further models that a chat may choose: a list (<c>…__Models__0</c>) or one text with commas. <c>*</c> stands for
    /// all that the server lists itself.
    /// </summary>
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

    /// <summary>
    /// Whether this provider's models hear audio, as wav and mp3; other recordings, and models that hear none, get
    /// transcripts (<c>Cote__Transcription__Provider</c>) or names. Only for providers that speak OpenAI's API.
    /// </summary>
    public bool Audio { get; set; }

    /// <summary>
    /// Whether this provider's models call tools. A model that refuses tools gets none from then on.
    /// </summary>
    public bool Tools { get; set; } = true;

    /// <summary>
    /// Whether a <c>&lt;think&gt;</c> at the beginning of an answer is reasoning. Unset: true for OpenAI-compatible
    /// endpoints other than OpenAI itself.
    /// </summary>
    public bool? ThinkTags { get; set; }

    /// <summary>Headers that are sent with each request, by their names, such as <c>HTTP-Referer</c>.</summary>
    public IDictionary<string, Secret> Headers { get; } =
        new Dictionary<string, Secret>(StringComparer.OrdinalIgnoreCase);

    /// <summary>What differs for single models of this provider.</summary>
    public IList<ModelOptions> ModelSettings { get; } = [];

    internal bool IsConfigured => ApiKey is not null || BaseUrl is not null;

    /// <summary>The models that are named, trimmed, the default first.</summary>
    internal IEnumerable<string> ModelNames(string unset) => Models
        .SelectMany(x => x.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Where(x => x != AllModels).Prepend(string.IsNullOrWhiteSpace(Model) ? unset : Model.Trim())
        .Distinct(StringComparer.Ordinal);

    /// <summary>Whether the server is asked for its models.</summary>
    internal bool ListsModels => Models.Any(x => x.Split(',', StringSplitOptions.TrimEntries).Contains(AllModels));

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
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
        foreach (var (name, value) in Headers)
            if (ProviderHeaders.WhatIsWrong(name, value.Reveal()) is { } wrong)
                yield return new(wrong, [$"{nameof(Headers)}__{name}"]);
    }
}

/// <summary>A provider by a name of its own.</summary>
public sealed class NamedProviderOptions : ProviderOptions
{
    /// <summary>
    /// What the endpoint speaks: <c>openai</c> for OpenAI's chat completions, which most servers imitate,
    /// <c>anthropic</c> for Anthropic's messages.
    /// </summary>
    [OneOf("openai", "anthropic")]
    public string Kind { get; set; } = "openai";

    /// <summary>The API key. Unset: none is sent.</summary>
    public override Secret? ApiKey { get; set; }

    /// <summary>
    /// The base URL without <c>/chat/completions</c> or <c>/v1/messages</c>, such as <c>http://localhost:11434/v1</c>.
    /// Unset: OpenAI's or Anthropic's own.
    /// </summary>
    public override string? BaseUrl { get; set; }

    /// <summary>The provider's default model. Must be set.</summary>
    public override string? Model { get; set; }

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        string.IsNullOrWhiteSpace(Model)
            ? base.Validate(validationContext)
                .Append(new("it names the default model and must be set.", [nameof(Model)]))
            : base.Validate(validationContext);
}

/// <summary>What differs for one model of a provider.</summary>
public sealed class ModelOptions
{
    /// <summary>The name of the model.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "it names the model and must be set.")]
    public string Name { get; set; } = "";

    /// <summary>Its context window, in tokens.</summary>
    [Range(256, 100_000_000)]
    public int? ContextTokens { get; set; }

    /// <summary>The most tokens of a reply by it.</summary>
    [Range(1, 10_000_000)]
    public int? MaxTokens { get; set; }

    /// <summary>Its sampling temperature.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; set; }

    /// <summary>Whether it sees images.</summary>
    public bool? Vision { get; set; }

    /// <summary>Whether it hears audio.</summary>
    public bool? Audio { get; set; }

    /// <summary>Whether it calls tools.</summary>
    public bool? Tools { get; set; }
}
