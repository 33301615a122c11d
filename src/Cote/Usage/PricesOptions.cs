using System.ComponentModel.DataAnnotations;

namespace Cote;

/// <summary>Prices of models in USD for a million tokens. A model without one has no cost.</summary>
public sealed class PricesOptions
{
    /// <summary>The prices, in the environment by their number: <c>Cote__Prices__0__Model</c>.</summary>
    public IList<PriceOptions> Items { get; } = [];

    /// <summary>
    /// A file of prices in LiteLLM's form (<c>model_prices_and_context_window.json</c>), for models that the prices
    /// above do not name.
    /// </summary>
    public string? File { get; set; }
}

/// <summary>The price of a model.</summary>
public sealed class PriceOptions : IValidatableObject
{
    /// <summary>The model as <c>provider/model</c>, or <c>model</c> for that of every provider.</summary>
    [Required]
    public string? Model { get; set; }

    /// <summary>USD for a million tokens of input. Must be set.</summary>
    [Range(0.0, 10_000.0)]
    public decimal? Input { get; set; }

    /// <summary>USD for a million tokens of output. Must be set.</summary>
    [Range(0.0, 10_000.0)]
    public decimal? Output { get; set; }

    /// <summary>USD for a million tokens of input that came from the provider's cache. Unset: as other input.</summary>
    [Range(0.0, 10_000.0)]
    public decimal? CachedInput { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Input is null)
            yield return new("a price must be given.", [nameof(Input)]);
        if (Output is null)
            yield return new("a price must be given.", [nameof(Output)]);
    }
}
